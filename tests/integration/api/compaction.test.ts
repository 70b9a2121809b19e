import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fold } from "#app/core/fold.ts";
import { until, type FoundEntry, type TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { COMPACT_AT_ONCE, COMPACT_NEVER, untilCompacted } from "#tests/support/compaction.ts";
import { generateRecords } from "#tests/support/sample-lines.ts";

const FIRST_MS = Math.floor(Date.now() / 86_400_000) * 86_400_000 - 3_600_000;
const LINES = 3_000;

let server: ApiServer;
let project: TestProject;
/** All lines before and after compaction. */
let before: FoundEntry[];
let after: FoundEntry[];

beforeAll(async () => {
  server = await startApiServer({ env: { BATCH_MAX_ENTRIES: "300", ...COMPACT_NEVER } });
  project = await server.api.createProject("compacted");
  const lines = generateRecords(LINES, { firstMs: FIRST_MS, spanMs: 7_000_000 }).map((record) =>
    JSON.stringify(record),
  );
  for (let from = 0; from < LINES; from += 500)
    await server.api.commit(project.key, lines.slice(from, from + 500).join("\n"));
  ({ entries: before } = await server.api.queryAll(project.key));
  await server.restart({ env: COMPACT_AT_ONCE });
  await untilCompacted(server, project.id);
  ({ entries: after } = await server.api.queryAll(project.key));
});

afterAll(async () => {
  await server.close();
});

const placeless = ({ ref: { id }, ...entry }: FoundEntry) => ({ ...entry, id });

test("every line is found as it was, in the same order, in an object of tier 1", () => {
  expect(before).toHaveLength(LINES);
  expect(after.map(placeless)).toEqual(before.map(placeless));
  expect(new Set(after.map(({ ref }) => path.extname(ref.key ?? "")))).toEqual(new Set([".parquet"]));
});

test("the small objects are gone from the store, and one for each day is left", async () => {
  const objects = await readdir(path.join(server.dataDirectory, "objects"), { recursive: true });
  const names = objects.filter((name) => /\.(zst|parquet)$/.test(name));
  expect(names.sort()).toEqual([...new Set(after.map(({ ref }) => ref.key ?? ""))].sort());
  expect(names.length).toBeLessThanOrEqual(2);
});

test("DuckDB reads the bucket with the query of docs/object-format.md", async () => {
  const docs = await readFile("docs/object-format.md", "utf8");
  const sql = /```sql\n(select service, level[^`]*)```/.exec(docs)?.[1] ?? "";
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const objects = path.join(server.dataDirectory, "objects");
  const reader = await connection.runAndReadAll(sql.replace("data/objects", objects));
  const found = reader
    .getRows()
    .map(([service, level, entries]) => `${String(service)} ${String(level)} ${String(entries)}`);
  connection.disconnectSync();
  instance.closeSync();
  const counts = new Map<string, number>();
  for (const { service, level, message } of after) {
    if ((level !== "error" && level !== "fatal") || !fold(message).includes("failed")) continue;
    counts.set(`${service} ${level}`, (counts.get(`${service} ${level}`) ?? 0) + 1);
  }
  expect(found.sort(inOrder)).toEqual([...counts].map(([key, count]) => `${key} ${count}`).sort(inOrder));
  expect(counts.size).toBeGreaterThan(3);
});

test("a reader that shares no code with DuckDB finds the same entries", async () => {
  const found = new Map<string, object>();
  const objects = path.join(server.dataDirectory, "objects");
  for (const key of new Set(after.map(({ ref }) => ref.key ?? ""))) {
    const file = await asyncBufferFromFile(path.join(objects, key));
    for (const row of await parquetReadObjects({ file, compressors })) {
      const promoted = Object.entries(row).flatMap(([name, value]) =>
        name.startsWith("tags.") && value !== null ? [[name.slice("tags.".length), value] as const] : [],
      );
      const rest = row["tags"] === null ? {} : (JSON.parse(String(row["tags"])) as object);
      const tags = { ...Object.fromEntries(promoted), ...rest };
      const { service, level, message } = row;
      found.set(`${String(row["id_request"])}-${String(row["id_index"])}`, { service, level, message, tags });
    }
  }
  const expected = after.map(({ ref, service, level, message, tags }) => [ref.id, { service, level, message, tags }]);
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
});

test(
  "a page is the first entries in its order, whether they come evenly or in bursts",
  { timeout: 60_000 },
  async () => {
    const bursts = await server.api.createProject("bursts");
    const atMs = (i: number) => (i < 20 || i >= 980 ? i * 1_000 : 500_000 + i);
    const lines = Array.from({ length: 1_000 }, (_, i) =>
      JSON.stringify({ timestamp: FIRST_MS + atMs(i), message: `${i}` }),
    );
    await server.api.commit(bursts.key, lines.join("\n"));
    await untilCompacted(server, bursts.id);
    for (const { key } of [project, bursts]) {
      const { entries: all } = await server.api.queryAll(key);
      expect(all.every(({ ref }) => ref.key?.endsWith(".parquet"))).toBe(true);
      for (const order of ["desc", "asc"] as const) {
        const ordered = order === "desc" ? all : all.toReversed();
        const { entries, end } = await server.api.query(key, { from: FIRST_MS - 1, order, limit: 60 });
        expect(entries).toEqual(ordered.slice(0, 60));
        const next = await server.api.query(key, { from: FIRST_MS - 1, order, limit: 60, cursor: end.cursor });
        expect(next.entries).toEqual(ordered.slice(60, 120));
      }
    }
  },
);

test(
  "an export that was begun before goes on in what the objects were compacted into",
  { timeout: 240_000 },
  async () => {
    await server.restart({ env: { ...COMPACT_NEVER, COMPACT_INTERVAL_MS: "3000", COMPACT_MIN_AGE_MS: "0" } });
    const long = await server.api.createProject("long");
    const filling = "x".repeat(800);
    const lines = Array.from({ length: 30_000 }, (_, i) => {
      return JSON.stringify({ timestamp: FIRST_MS + i, message: `line ${i} ${filling}` });
    });
    for (let from = 0; from < lines.length; from += 5_000)
      await server.api.ingest(long.key, lines.slice(from, from + 5_000).join("\n"));
    await server.api.commit(long.key, "{}");
    const answer = await server.api.call("/export?from=0", {
      key: long.key,
      // Compressed, all of it would fit into what a connection holds.
      headers: { "accept-encoding": "identity" },
    });
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    let text = Buffer.from((await reader.read()).value ?? []).toString("latin1");
    const keysBefore = new Set(text.match(/"key":"[^"]*"/g));
    await untilCompacted(server, long.id);
    for (let piece = await reader.read(); !piece.done; piece = await reader.read())
      text += Buffer.from(piece.value).toString("latin1");

    const records = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { entry?: FoundEntry; end?: { complete: boolean; matched: number } });
    expect(records.pop()?.end).toMatchObject({ complete: true, matched: lines.length + 1 });
    const found = records.map(({ entry }) => /^line (\d+)/.exec(entry?.message ?? "")?.[1] ?? "last");
    expect(found).toEqual(["last", ...Array.from({ length: lines.length }, (_, i) => String(lines.length - 1 - i))]);
    expect([...keysBefore].every((key) => key.includes(".ndjson.zst"))).toBe(true);
    expect(records.at(-1)?.entry?.ref.key).toMatch(/\.parquet$/);
  },
);

test("a compacted object expires as a whole, and nothing of it is left", { timeout: 240_000 }, async () => {
  const old = await server.api.createProject("old");
  await server.restart({ env: { BATCH_MAX_ENTRIES: "10", ...COMPACT_AT_ONCE } });
  const lines = Array.from({ length: 50 }, (_, i) => `{"timestamp":"2026-01-02T03:04:05Z","message":"line ${i}"}`);
  await server.api.commit(old.key, lines.join("\n"));
  await untilCompacted(server, old.id);
  const { sql } = server.database;
  await sql`update log_batches set received_at = now() - interval '31 days' where project_id = ${old.id}`;
  await server.restart({ env: { ...COMPACT_NEVER, RETENTION_INTERVAL_MS: "100" } });
  await until("it has expired", async () => {
    const rows = await sql`select 1 from log_batches where project_id = ${old.id}`;
    return rows.length === 0;
  });
  expect(await server.api.query(old.key)).toMatchObject({ entries: [], end: { complete: true, cursor: null } });
  const objects = await readdir(path.join(server.dataDirectory, "objects", "v1", old.id), { recursive: true });
  expect(objects.filter((name) => /\.(zst|parquet)$/.test(name))).toEqual([]);
});

function inOrder(a: string, b: string): number {
  return a < b ? -1 : 1;
}
