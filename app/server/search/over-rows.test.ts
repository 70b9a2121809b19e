import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDuckDb } from "#app/server/search/open-duckdb.ts";
import { overRows } from "#app/server/search/over-rows.ts";

const ROWS = 3 * 2_048;

let directory: string;
let instance: DuckDBInstance;
let connection: DuckDBConnection;
let file: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "akavelog-rows-"));
  file = path.join(directory, "rows.parquet");
  instance = await openDuckDb({
    directories: [directory],
    temporaryDirectory: directory,
    memoryLimitMb: 256,
    threads: 1,
  });
  connection = await instance.connect();
  await connection.run(
    `copy (select range as n, 'message ' || range as message from range(${ROWS})) to '${file}' (row_group_size 2048)`,
  );
});

afterAll(async () => {
  connection.disconnectSync();
  instance.closeSync();
  await rm(directory, { recursive: true, force: true });
});

const groups = [0, 1, 2].map((i) => ({ firstRow: i * 2_048, rows: 2_048 }));

function over(asked: readonly number[], conditions: string[], select: string): string {
  const statement = { conditions, sql: (matching: string) => `${select} ${matching}`, values: [] };
  return overRows(
    statement,
    file,
    groups,
    asked.map((i) => groups[i] as (typeof groups)[number]),
  );
}

test("a statement sees the rows of the asked row groups that meet all conditions", async () => {
  async function count(asked: number[], conditions: string[]): Promise<unknown> {
    const [row] = (await connection.runAndReadAll(over(asked, conditions, "select count(*)"))).getRows();
    return Number(row?.[0]);
  }
  expect(await count([0, 1, 2], [])).toBe(ROWS);
  expect(await count([1], [])).toBe(2_048);
  expect(await count([2, 0], [])).toBe(4_096);
  expect(await count([2, 0], ["n >= 1", "n < 2049"])).toBe(2_047);
  expect(await count([0, 1, 2], ["n >= 1", "n < 2049"])).toBe(2_048);
});

test.each([[[0, 1, 2]], [[1]], [[0, 2]]])("a regex over row groups %j is asked in the scan itself", async (asked) => {
  const sql = over(asked, ["n > 0", "regexp_matches(message, '1[0-9]+7', 's')"], "explain select n");
  const [row] = (await connection.runAndReadAll(sql)).getRows();
  expect(row?.[1]).toMatch(/Filters:[^]*regexp_matches/);
  expect(row?.[1]).not.toMatch(/\bFILTER\b/);
});
