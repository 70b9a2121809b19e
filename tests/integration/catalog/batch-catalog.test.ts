import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Project } from "#app/core/project.ts";
import { createPostgresBatchCatalog } from "#app/server/catalog/postgres-batch-catalog.ts";
import { createProject, deleteProject } from "#app/server/catalog/projects.ts";
import type { BatchCatalog, BatchFilter, CommittedBatch, StoredBatch } from "#app/server/ingest/batch-catalog.ts";
import { openTestDatabase, type TestDatabase } from "#tests/support/postgres.ts";
import { TIMED } from "#tests/support/timed.ts";

const HOUR_NS = 3_600_000_000_000n;
const START_NS = 1_760_000_000_123_456_789n;

let db: TestDatabase;
let catalog: BatchCatalog;
let project: Project;

beforeAll(async () => {
  db = await openTestDatabase();
  catalog = createPostgresBatchCatalog(db.database);
  project = await createProject(db.database, { name: "Shop", retentionDays: 30 });
});
afterAll(() => db.drop());

let lastBatchNo = 0;

function someBatch(changes: Partial<CommittedBatch> = {}): CommittedBatch {
  const batchNo = ++lastBatchNo;
  return {
    projectId: project.id,
    walId: "wal-a",
    batchNo,
    objectKey: `v1/${randomUUID()}.ndjson.zst`,
    sha256: "ab".repeat(32),
    entries: 3,
    bytes: 100,
    rawBytes: 400,
    tsStartNs: START_NS,
    tsEndNs: START_NS + HOUR_NS,
    services: ["api", "web"],
    levels: ["error", "info"],
    tags: { complete: true, keys: {} },
    counts: [
      { minute: 29_333_333, service: "api", level: "info", count: 2 },
      { minute: 29_333_333, service: "web", level: "error", count: 1 },
    ],
    receivedAtMs: 1_760_000_000_000,
    ...changes,
  };
}

async function newProject(): Promise<Project> {
  return createProject(db.database, { name: "Other", retentionDays: 30 });
}

function everything(changes: Partial<BatchFilter> = {}): BatchFilter {
  return { projectId: project.id, fromNs: 0n, toNs: 2n ** 62n, ...changes };
}

async function batchesFound(filter: Partial<BatchFilter>): Promise<StoredBatch[]> {
  return (await catalog.findBatches(everything(filter), [])).batches;
}

async function keysFound(filter: Partial<BatchFilter>): Promise<string[]> {
  return (await batchesFound(filter)).map((batch) => batch.objectKey);
}

test("a committed batch is found again with every field, to the nanosecond", async () => {
  const projectId = (await newProject()).id;
  const batch = someBatch({ projectId });
  expect(await catalog.commitBatch(batch)).toBe("committed");
  const [found, ...others] = await batchesFound({ projectId });
  expect(others).toEqual([]);
  expect(found).toEqual({
    id: expect.any(String) as string,
    walId: "wal-a",
    batchNo: batch.batchNo,
    objectKey: batch.objectKey,
    sha256: batch.sha256,
    tier: 0,
    generation: 0,
    entries: 3,
    bytes: 100,
    rawBytes: 400,
    tsStartNs: batch.tsStartNs,
    tsEndNs: batch.tsEndNs,
    state: "stored",
    promotedKeys: [],
    tailStart: null,
    tailSha256: null,
    tokeniser: null,
  });
  const counts =
    await db.sql`select minute, service, level, count::int from log_counts where batch_id = ${found?.id ?? ""} order by service`;
  expect([...counts]).toEqual(batch.counts);
});

test("ten commits of one batch at once store one row, one ledger entry and its counts once", async () => {
  const projectId = (await newProject()).id;
  const batch = someBatch({ projectId, walId: "wal-race" });
  const results = await Promise.all(Array.from({ length: 10 }, () => catalog.commitBatch(batch)));
  expect(results.filter((result) => result === "committed")).toHaveLength(1);
  expect(results.filter((result) => result === "already-committed")).toHaveLength(9);
  expect(await batchesFound({ projectId })).toHaveLength(1);
  expect(await catalog.committedBatchNumbers("wal-race")).toEqual([batch.batchNo]);
});

test("what the ledger has above the floors is told with the batches, whether or not a row is there", async () => {
  const projectId = (await newProject()).id;
  for (const batchNo of [4, 5, 6]) await catalog.commitBatch(someBatch({ projectId, walId: "wal-floor", batchNo }));
  await catalog.commitBatch(someBatch({ projectId, walId: "wal-other", batchNo: 9 }));
  await db.sql`delete from log_batches where project_id = ${projectId} and batch_no <> 4`;
  const floors = [{ walId: "wal-floor", batchNo: 5 }];
  const { batches, inLedger } = await catalog.findBatches(everything({ projectId }), floors);
  expect(batches.map((batch) => batch.batchNo)).toEqual([4]);
  expect([...inLedger].sort()).toEqual(["wal-floor 5", "wal-floor 6"]);
  await db.sql`delete from log_batches where project_id = ${projectId}`;
  expect((await catalog.findBatches(everything({ projectId }), floors)).inLedger.size).toBe(2);
});

test("the ledger decides: a batch stays committed after its row is gone", async () => {
  const batch = someBatch();
  await catalog.commitBatch(batch);
  await db.sql`delete from log_batches where o3_object_key = ${batch.objectKey}`;
  expect(await catalog.commitBatch(batch)).toBe("already-committed");
  expect(await keysFound({})).not.toContain(batch.objectKey);
});

test("a commit that fails leaves nothing, not even its ledger entry", async () => {
  const taken = someBatch();
  await catalog.commitBatch(taken);
  const batch = someBatch({ walId: "wal-failing", objectKey: taken.objectKey });
  await expect(catalog.commitBatch(batch)).rejects.toMatchObject({ kind: "data", code: "CATALOG_DATA" });
  expect(await catalog.committedBatchNumbers("wal-failing")).toEqual([]);

  const badCounts = someBatch({
    walId: "wal-failing",
    counts: [{ minute: 1, service: "nul\0", level: "info", count: 1 }],
  });
  await expect(catalog.commitBatch(badCounts)).rejects.toMatchObject({ kind: "data" });
  expect(await keysFound({})).not.toContain(badCounts.objectKey);
  expect(await catalog.committedBatchNumbers("wal-failing")).toEqual([]);
});

test("the ledger lists the batches of one WAL only and is trimmed by WAL", async () => {
  const first = someBatch({ walId: "wal-x" });
  const second = someBatch({ walId: "wal-x" });
  const other = someBatch({ walId: "wal-y" });
  for (const batch of [second, first, other]) await catalog.commitBatch(batch);
  expect(await catalog.committedBatchNumbers("wal-x")).toEqual([first.batchNo, second.batchNo]);
  await catalog.trimLedger("wal-x");
  expect(await catalog.committedBatchNumbers("wal-x")).toEqual([]);
  expect(await catalog.committedBatchNumbers("wal-y")).toEqual([other.batchNo]);
});

test("the range takes its first nanosecond and leaves its last, and batches come newest first", async () => {
  const projectId = (await newProject()).id;
  const early = someBatch({ projectId, tsStartNs: 1_000n, tsEndNs: 2_000n });
  const late = someBatch({ projectId, tsStartNs: 3_000n, tsEndNs: 4_000n });
  await catalog.commitBatch(early);
  await catalog.commitBatch(late);
  expect(await keysFound({ projectId })).toEqual([late.objectKey, early.objectKey]);
  expect(await keysFound({ projectId, fromNs: 2_000n, toNs: 3_000n })).toEqual([early.objectKey]);
  expect(await keysFound({ projectId, fromNs: 2_001n, toNs: 3_001n })).toEqual([late.objectKey]);
  expect(await keysFound({ projectId, fromNs: 2_001n, toNs: 3_000n })).toEqual([]);
});

test("services and levels prune, and a batch with too many services to list may hold any", async () => {
  const projectId = (await newProject()).id;
  const listed = someBatch({ projectId, services: ["api", 'we"ird,{}\\'], levels: ["info"], tsEndNs: START_NS + 3n });
  const many = someBatch({ projectId, services: null, levels: ["error"], tsEndNs: START_NS + 2n });
  await catalog.commitBatch(listed);
  await catalog.commitBatch(many);
  const [a, b] = [listed.objectKey, many.objectKey];
  expect(await keysFound({ projectId, services: ["api", "x"] })).toEqual([a, b]);
  expect(await keysFound({ projectId, services: ['we"ird,{}\\'] })).toEqual([a, b]);
  expect(await keysFound({ projectId, services: ["API"] })).toEqual([b]);
  expect(await keysFound({ projectId, levels: ["info", "warn"] })).toEqual([a]);
  expect(await keysFound({ projectId, levels: ["fatal"] })).toEqual([]);
  expect(await keysFound({ projectId, services: ["api"], levels: ["error"] })).toEqual([b]);
  expect(await keysFound({ projectId, services: [], levels: [], tags: {} })).toEqual([a, b]);
});

test("tags prune only by what the summary proves", async () => {
  const projectId = (await newProject()).id;
  const keys = JSON.parse(
    '{"host":["n1","n2"],"trace":null,"__proto__":["p"],"constructor":["c"],"empty":[]}',
  ) as Record<string, string[] | null>;
  const whole = someBatch({ projectId, tags: { complete: true, keys } });
  const partial = someBatch({ projectId, tags: { complete: false, keys }, tsEndNs: START_NS });
  await catalog.commitBatch(whole);
  await catalog.commitBatch(partial);
  const both = [whole.objectKey, partial.objectKey];
  const tagged = (text: string) => keysFound({ projectId, tags: JSON.parse(text) as Record<string, string> });
  expect(await tagged('{"host":"n1"}')).toEqual(both);
  expect(await tagged('{"host":"n3"}')).toEqual([]);
  expect(await tagged('{"host":"n1","trace":"whatever"}')).toEqual(both);
  expect(await tagged('{"empty":"x"}')).toEqual([]);
  expect(await tagged('{"missing":"x"}')).toEqual([partial.objectKey]);
  expect(await tagged('{"__proto__":"p"}')).toEqual(both);
  expect(await tagged('{"__proto__":"q"}')).toEqual([]);
  expect(await tagged('{"constructor":"c"}')).toEqual(both);
  expect(await tagged('{"toString":"x"}')).toEqual([partial.objectKey]);
});

test("a missing object's batch is still found, and says so", async () => {
  const projectId = (await newProject()).id;
  await catalog.commitBatch(someBatch({ projectId }));
  const id = (await batchesFound({ projectId }))[0]?.id ?? "";
  await catalog.markMissing(id);
  expect((await batchesFound({ projectId }))[0]?.state).toBe("missing");
});

test("no project sees another's batches, and a deleted project sees none", async () => {
  const [one, two] = [await newProject(), await newProject()];
  const batch = someBatch({ projectId: one.id });
  await catalog.commitBatch(batch);
  expect(await keysFound({ projectId: two.id })).toEqual([]);
  expect(await keysFound({ projectId: "' or true --" })).toEqual([]);
  await deleteProject(db.database, one.id);
  expect(await keysFound({ projectId: one.id })).toEqual([]);
  expect(await catalog.commitBatch(someBatch({ projectId: one.id }))).toBe("committed");
});

test("a search among 100,000 batches takes milliseconds", TIMED, async () => {
  const projectId = (await newProject()).id;
  await db.sql`
    insert into log_batches (project_id, wal_id, batch_no, o3_object_key, sha256, entries, bytes, raw_bytes, ts_start, ts_end, services, levels, tags)
    select ${projectId}, ${projectId}, n, ${projectId} || '/' || n, repeat('0', 64), 1, 1, 1, n::bigint * 1000, n::bigint * 1000 + 1500,
      array['svc-' || n % 50], array['info'],
      jsonb_build_object('complete', true, 'keys', jsonb_build_object(
        'host', jsonb_build_array('host-' || n % 1000, md5(n::text), md5(n || 'a'), md5(n || 'b')), 'pod', null))
    from generate_series(1, 100000) n`;
  await db.sql`analyze log_batches`;
  async function timed(filter: Partial<BatchFilter>): Promise<{ found: number; ms: number }> {
    const startedMs = performance.now();
    const { length } = await batchesFound({ projectId, ...filter });
    return { found: length, ms: performance.now() - startedMs };
  }
  await timed({ toNs: 0n });
  const recent = await timed({ fromNs: 99_900_000n });
  const old = await timed({ fromNs: 100_000n, toNs: 200_000n });
  const service = await timed({ services: ["svc-7"], fromNs: 50_000_000n });
  const tag = await timed({ tags: { host: "host-7" } });
  const all = await timed({});
  expect([recent.found, old.found, service.found, tag.found, all.found]).toEqual([102, 101, 1_000, 100, 100_000]);
  // Ten times what an idle machine takes, because this one may be busy.
  expect(recent.ms).toBeLessThan(100);
  expect(old.ms).toBeLessThan(300);
  expect(service.ms).toBeLessThan(1_000);
  expect(tag.ms).toBeLessThan(4_000);
  expect(all.ms).toBeLessThan(8_000);
});

test("a connection prepares what every search asks once, and not what may be worded in any number of ways", async () => {
  const database = db.connect({ maxConnections: 1 });
  const { findBatches } = createPostgresBatchCatalog(database);
  const { id: projectId } = await newProject();
  const prepared = async () => {
    const rows = await database.run("look", (one) =>
      one.execute<{ statement: string }>(sql`select statement from pg_prepared_statements`),
    );
    return rows.length;
  };
  for (let tags = 0; tags < 4; tags++) {
    const keys = Array.from({ length: tags }, (_, i) => [`key-${i}`, "value"] as const);
    for (let again = 0; again < 3; again++)
      expect(await findBatches(everything({ projectId, tags: Object.fromEntries(keys) }), [])).toMatchObject({
        batches: [],
      });
  }
  expect(await prepared()).toBe(2);
});
