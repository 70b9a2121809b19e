import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  ADMIN_TOKEN,
  API_ENV,
  apiClient,
  until,
  type FoundEntry,
  type TestProject,
} from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { COMPACT_AT_ONCE, COMPACT_NEVER, untilCompacted } from "#tests/support/compaction.ts";
import { openTestDatabase, type TestDatabase } from "#tests/support/postgres.ts";
import { generateRecords } from "#tests/support/sample-lines.ts";
import { seededRandom } from "#tests/support/seeded-random.ts";
import { startServer, type TestServer } from "#tests/support/server.ts";

const run = promisify(execFile);
const FIRST_MS = Date.now() - 7_200_000;
const SECRET = "0123456789abcdef".repeat(4);

let server: ApiServer;
let project: TestProject;
let empty: TestDatabase;
let second: TestServer | null = null;

beforeAll(async () => {
  server = await startApiServer({ env: { BATCH_MAX_ENTRIES: "300", ...COMPACT_NEVER } });
  empty = await openTestDatabase();
  project = await server.api.createProject("Kept");
  await server.api.operator("PATCH", `/projects/${project.id}`, { retentionDays: 12 });
  const lines = generateRecords(2_000, { firstMs: FIRST_MS, spanMs: 7_000_000 }).map((record) =>
    JSON.stringify(record),
  );
  for (let from = 0; from < 2_000; from += 500)
    await server.api.commit(project.key, lines.slice(from, from + 500).join("\n"));
});

afterAll(async () => {
  await second?.stop();
  await server.close();
  await empty.drop();
});

async function reindex(databaseUrl: string): Promise<{ code: number; output: string }> {
  const env = {
    PATH: process.env["PATH"] ?? "",
    DATA_DIR: server.dataDirectory,
    DATABASE_URL: databaseUrl,
    SESSION_SECRET: SECRET,
    LOG_LEVEL: "warn",
  };
  try {
    const { stdout } = await run("npx", ["tsx", "scripts/reindex.ts"], { env });
    return { code: 0, output: stdout };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, output: stdout + stderr };
  }
}

const random = seededRandom(7);
const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;

/** The same hundred every time. */
const QUERIES: [path: string, body: object][] = Array.from({ length: 100 }, (_, i) => {
  const from = FIRST_MS + Math.floor(random() * 3_000_000);
  const body = {
    from,
    to: from + pick([60_000, 1_234_567, 7_000_000]),
    ...(random() < 0.5
      ? { query: pick(["failed", "level:>=warn", "-service:shop", "host:n1 OR 99.5%", "seq:>1000"]) }
      : {}),
    ...(random() < 0.3 ? { service: pick(["shop", "pay"]) } : {}),
  };
  if (i % 4 === 1) return ["/histogram", body];
  if (i % 4 === 2) return ["/facets", { ...body, fields: ["service", "level", "host"] }];
  return ["/query", { ...body, limit: pick([10, 10_000]), order: pick(["asc", "desc"]) }];
});

/** Without places: what an entry says, and no object's key. */
type Answers = { placed: unknown[]; placeless: unknown[] };

async function answers(api: ApiServer["api"], key: string): Promise<Answers> {
  const placed: unknown[] = [];
  const placeless: unknown[] = [];
  for (const [path, body] of QUERIES) {
    if (path === "/query") {
      const { entries, end } = await api.query(key, body);
      expect(end.complete).toBe(true);
      // A row's id is the index's own; the object's key is not.
      placed.push(
        entries.map(({ ref: { id, key: objectKey }, ...entry }: FoundEntry) => ({ ...entry, id, objectKey })),
      );
      placeless.push(entries.map(({ ref: { id }, ...entry }: FoundEntry) => ({ ...entry, id })));
      continue;
    }
    const answer = await api.call(path, { method: "POST", key, body: JSON.stringify(body) });
    const counts: unknown = await answer.json();
    placed.push(counts);
    placeless.push(counts);
  }
  return { placed, placeless };
}

test(
  "compaction changes none of 100 answers, nor does filling an empty database from the bucket",
  { timeout: 120_000 },
  async () => {
    const flushed = await answers(server.api, project.key);
    expect(flushed.placed.filter((one) => Array.isArray(one) && one.length > 0).length).toBeGreaterThan(25);
    await server.restart({ env: COMPACT_AT_ONCE });
    await untilCompacted(server, project.id);
    const before = await answers(server.api, project.key);
    expect(before.placeless).toEqual(flushed.placeless);
    await server.restart({ env: COMPACT_NEVER });
    const young = await server.api.createProject("Young");
    await server.api.commit(young.key, '{"message":"not compacted"}');
    const { sql } = server.database;
    const columns = sql`wal_id, batch_no, o3_object_key, sha256, tier, generation, entries, bytes, raw_bytes, ts_start,
    ts_end, services, levels, tags, promoted_keys, lineage, tail_start, tail_sha256, tokeniser, received_at`;
    const rows = await sql`select ${columns} from log_batches order by o3_object_key`;
    const ledger = await sql`select wal_id, batch_no from wal_commits order by 1, 2`;
    const counts =
      await sql`select minute, service, level, sum(count) from log_counts group by 1, 2, 3 order by 1, 2, 3`;
    const deleted = await server.api.createProject("Deleted");
    await server.api.operator("DELETE", `/projects/${deleted.id}`);
    await until("both projects are recorded", async () => {
      const unrecorded = await sql`select 1 from projects where version <> recorded_version`;
      return unrecorded.length === 0;
    });
    await server.process().stop();

    expect(await reindex(server.database.url)).toMatchObject({
      code: 1,
      output: expect.stringContaining("the database is not empty") as string,
    });
    const { code, output } = await reindex(empty.url);
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output).toContain(`indexed ${rows.length} objects with 2001 entries; 0 are replaced`);
    const key = new RegExp(`^Kept \\(${project.id}\\): (akl_\\w+)$`, "m").exec(output)?.[1] ?? "";
    expect(output).not.toContain("Deleted (");

    const inNew = empty.sql;
    expect(await inNew`select ${columns} from log_batches order by o3_object_key`).toEqual(rows);
    expect(await inNew`select wal_id, batch_no from wal_commits order by 1, 2`).toEqual(
      expect.arrayContaining([...ledger]),
    );
    expect(
      await inNew`select minute, service, level, sum(count) from log_counts group by 1, 2, 3 order by 1, 2, 3`,
    ).toEqual(counts);
    expect(await inNew`select name, retention_days from projects where deleted_at is null order by 1`).toEqual([
      { name: "Kept", retention_days: 12 },
      { name: "Young", retention_days: 30 },
    ]);

    second = await startServer({
      dataDirectory: server.dataDirectory,
      env: { ...API_ENV, AKAVELOG_ADMIN_TOKEN: ADMIN_TOKEN, DATABASE_URL: empty.url, SESSION_SECRET: SECRET },
    });
    const started = second;
    expect(
      await answers(
        apiClient(() => started),
        key,
      ),
    ).toEqual(before);
  },
);
