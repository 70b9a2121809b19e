import type { StoredBatch } from "#app/server/ingest/batch-catalog.ts";
import type { SqlValue } from "#app/server/search/compile-sql.ts";
import { quoted } from "#app/server/search/sql-names.ts";
import type { SearchEngine, StatementOptions } from "#app/server/search/search-engine.ts";
import { openSortedLines, type SortedLines } from "#app/server/search/sorted-lines.ts";
import type { RowGroup } from "#app/server/search/tier1-format.ts";
import type { Tier1Object, Tier1Objects } from "#app/server/search/tier1-objects.ts";
import type { FileSystem } from "#app/server/system/file-system.ts";

/** Tier1Statement is SQL over `rows`, the rows of the asked row groups, with its values as `$1`, `$2`, … */
export interface Tier1Statement {
  sql: string;
  values: SqlValue[];
}

/** Tier1Search runs statements over parts of compacted objects. */
export class Tier1Search {
  readonly #objects: Tier1Objects;
  readonly #engine: SearchEngine;
  readonly #fileSystem: FileSystem;

  constructor(objects: Tier1Objects, engine: SearchEngine, fileSystem: FileSystem) {
    this.#objects = objects;
    this.#engine = engine;
    this.#fileSystem = fileSystem;
  }

  /** Has the engine ready for the first statement. */
  prepare(): void {
    this.#engine.prepare();
  }

  /** Throws CorruptBatchError or ObjectStoreError. */
  async open(batch: StoredBatch, signal: AbortSignal): Promise<Tier1Object> {
    this.prepare();
    return await this.#objects.open(batch, signal);
  }

  /** Throws as `open` does, and EngineFailedError. */
  async rows(
    object: Tier1Object,
    rowGroups: readonly RowGroup[],
    { sql, values }: Tier1Statement,
    options: StatementOptions,
  ): Promise<unknown[][]> {
    return await this.#objects.use(object, rowGroups, options.signal, (path) =>
      this.#engine.rows(overRows(sql, path, object, rowGroups), values, options),
    );
  }

  /** Throws as `rows` does. */
  async lines(
    object: Tier1Object,
    rowGroups: readonly RowGroup[],
    { sql, values }: Tier1Statement,
    options: StatementOptions,
  ): Promise<Buffer> {
    const { promotedKeys } = object.description;
    return await this.#objects.use(object, rowGroups, options.signal, (path) =>
      this.#engine.lines(overRows(sql, path, object, rowGroups), values, promotedKeys, options),
    );
  }

  /** The same lines in a file of their own, which is there for as long as it is open. Throws as `rows` does. */
  async sortedLines(
    object: Tier1Object,
    rowGroups: readonly RowGroup[],
    { sql, values }: Tier1Statement,
    options: StatementOptions,
  ): Promise<SortedLines> {
    const { promotedKeys } = object.description;
    const { filePath, count } = await this.#objects.use(object, rowGroups, options.signal, (path) =>
      this.#engine.linesToFile(overRows(sql, path, object, rowGroups), values, promotedKeys, options),
    );
    return await openSortedLines(this.#fileSystem, filePath, count);
  }
}

/** The engine opens no row group of which no row number is asked, so the others need not even be in the file. */
function overRows(sql: string, path: string, object: Tier1Object, rowGroups: readonly RowGroup[]): string {
  const isWhole = rowGroups.length === object.description.rowGroups.length;
  const source = `read_parquet(${quoted(path)}${isWhole ? "" : ", file_row_number = true"})`;
  const asked = runsOf(rowGroups).map(([first, last]) => `file_row_number between ${first} and ${last}`);
  return `with rows as not materialized (from ${source}${isWhole ? "" : ` where ${asked.join(" or ")}`}) ${sql}`;
}

/** Row groups that follow each other are one range. */
function runsOf(rowGroups: readonly RowGroup[]): [first: number, last: number][] {
  const runs: [number, number][] = [];
  for (const { firstRow, rows } of [...rowGroups].sort((a, b) => a.firstRow - b.firstRow)) {
    const before = runs.at(-1);
    if (before !== undefined && before[1] + 1 === firstRow) before[1] = firstRow + rows - 1;
    else runs.push([firstRow, firstRow + rows - 1]);
  }
  return runs;
}
