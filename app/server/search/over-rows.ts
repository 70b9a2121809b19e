import type { SqlValue } from "#app/server/search/compile-sql.ts";
import { quoted } from "#app/server/search/sql-names.ts";
import type { RowGroup } from "#app/server/search/tier1-format.ts";

/** Tier1Statement is SQL over the rows of some row groups that meet all conditions, with its values as `$1`, `$2`, … */
export interface Tier1Statement {
  conditions: string[];
  /** Of `matching`, which is a `from` with its `where`. */
  sql: (matching: string) => string;
  values: SqlValue[];
}

type Rows = Pick<RowGroup, "firstRow" | "rows">;

/**
 * overRows is the SQL of a statement over some of an object's row groups. The engine opens none of which no row number is
 * asked, so the others need not even be in the file. All conditions stand in one `where`: DuckDB takes no regex out of a
 * query around a subquery into the scan, and would read all columns of what the regex then leaves out.
 */
export function overRows(
  { conditions, sql }: Tier1Statement,
  path: string,
  all: readonly Rows[],
  asked: readonly Rows[],
): string {
  const isWhole = asked.length === all.length;
  const ranges = runsOf(asked).map(([first, last]) => `file_row_number between ${first} and ${last}`);
  const where = isWhole ? conditions : [`(${ranges.join(" or ")})`, ...conditions];
  const source = `read_parquet(${quoted(path)}${isWhole ? "" : ", file_row_number = true"})`;
  return sql(`from ${source}${where.length === 0 ? "" : ` where ${where.join(" and ")}`}`);
}

/** Row groups that follow each other are one range. */
function runsOf(rowGroups: readonly Rows[]): [first: number, last: number][] {
  const runs: [number, number][] = [];
  for (const { firstRow, rows } of [...rowGroups].sort((a, b) => a.firstRow - b.firstRow)) {
    const before = runs.at(-1);
    if (before !== undefined && before[1] + 1 === firstRow) before[1] = firstRow + rows - 1;
    else runs.push([firstRow, firstRow + rows - 1]);
  }
  return runs;
}
