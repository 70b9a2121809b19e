import { createHash, randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openS3ObjectStore, type S3ObjectStore } from "#app/server/o3/s3-object-store.ts";
import { until, type TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { startS3FaultProxy, type S3FaultProxy } from "#tests/support/s3-fault-proxy.ts";
import { startStrictS3Server, type StrictS3Server } from "#tests/support/s3-strict-server.ts";

const DAY_MS = 86_400_000;

let bucket: StrictS3Server;
let proxy: S3FaultProxy;
let store: S3ObjectStore;
let server: ApiServer;
const lockedKeys = new Set<string>();

beforeAll(async () => {
  bucket = await startStrictS3Server({ isLocked: (key) => lockedKeys.has(key) });
  proxy = await startS3FaultProxy(bucket.endpoint);
  store = openS3ObjectStore(bucket);
  server = await startApiServer({
    store: { ...bucket, endpoint: proxy.endpoint },
    env: { RETENTION_INTERVAL_MS: "200", SWEEP_INTERVAL_MS: "400", COMPACT_GRACE_MS: "0", LOG_LEVEL: "info" },
  });
});

afterAll(async () => {
  await server.close();
  await store.close();
  await proxy.close();
  await bucket.close();
});

function recordOf({ id }: TestProject): Record<string, unknown> | null {
  const bytes = bucket.bytesOf(`v1/${id}/project.json`);
  return bytes === undefined ? null : (JSON.parse(bytes.toString()) as Record<string, unknown>);
}

function objectsOf({ id }: TestProject): string[] {
  return bucket.keys().filter((key) => key.startsWith(`v1/${id}/`) && !key.endsWith("project.json"));
}

async function commitAt(project: TestProject, ms: number, message: string): Promise<string> {
  const line = JSON.stringify({ timestamp: new Date(ms).toISOString(), message });
  return (await server.api.commit(project.key, line)).batches?.[0] ?? "";
}

/** Has a batch received long ago. */
async function backdate(objectKey: string, days: number): Promise<void> {
  await server.database.sql`
    update log_batches set received_at = now() - ${days} * interval '1 day' where o3_object_key = ${objectKey}`;
}

async function messagesOf(project: TestProject): Promise<string[]> {
  return (await server.api.queryAll(project.key, { order: "asc" })).entries.map(({ message }) => message);
}

test("project.json follows each change, also one made while the store is away", async () => {
  const project = await server.api.createProject("Shop");
  await until("it is written", () => recordOf(project) !== null);
  expect(recordOf(project)).toEqual({
    format: 1,
    id: project.id,
    name: "Shop",
    slug: project.slug,
    retentionDays: 30,
    createdAt: expect.stringMatching(/Z$/) as string,
    deletedAt: null,
  });
  await proxy.setAway(true);
  await server.api.operator("PATCH", `/projects/${project.id}`, { name: "Store", retentionDays: 7 });
  await proxy.setAway(false);
  await until("the change is written", () => recordOf(project)?.["name"] === "Store", 20_000);
  expect(recordOf(project)?.["retentionDays"]).toBe(7);
  await server.api.operator("DELETE", `/projects/${project.id}`);
  await until("the end is written", () => recordOf(project)?.["deletedAt"] !== null);
});

test("an entry expires by the later of its time and its receipt, in every version", async () => {
  const project = await server.api.createProject("expiry");
  await server.api.operator("PATCH", `/projects/${project.id}`, { retentionDays: 10 });
  const nowMs = Date.now();
  const old = await commitAt(project, nowMs - 20 * DAY_MS, "old, received long ago");
  const late = await commitAt(project, nowMs - 20 * DAY_MS, "old, received now");
  const early = await commitAt(project, nowMs, "new, received long ago");
  const young = await commitAt(project, nowMs - 20 * DAY_MS, "old, received nine days ago");
  // A second version, as a repeated put leaves one.
  await store.put(old, bucket.bytesOf(old) as Buffer, {
    sha256: createHash("sha256")
      .update(bucket.bytesOf(old) as Buffer)
      .digest("hex"),
  });
  expect(bucket.versionCount(old)).toBe(2);
  await backdate(early, 20);
  await backdate(young, 9.9);
  await backdate(old, 10.1);
  await until("it is gone", () => bucket.versionCount(old) === 0);
  expect(await messagesOf(project)).toEqual([
    "old, received now",
    "old, received nine days ago",
    "new, received long ago",
  ]);
  expect(objectsOf(project).sort()).toEqual([late, early, young].sort());
  await until("it says what it freed", () => server.process().output().includes('"msg":"expired: objects deleted"'));
  const said =
    server
      .process()
      .output()
      .split("\n")
      .find((line) => line.includes('"expired: objects deleted"')) ?? "";
  expect(JSON.parse(said)).toMatchObject({ projectId: project.id, objects: 1, entries: 1 });
  const rows = await server.database.sql`select 1 from log_batches where o3_object_key = ${old}`;
  const ledger = await server.database.sql`select 1 from wal_commits where project_id = ${project.id}`;
  expect([rows.length, ledger.length]).toEqual([0, 4]);
});

test("a locked object is hidden at once and goes once the store lets it", async () => {
  const project = await server.api.createProject("locked");
  const locked = await commitAt(project, Date.now() - 50 * DAY_MS, "held");
  const free = await commitAt(project, Date.now() - 50 * DAY_MS, "free");
  lockedKeys.add(locked);
  await backdate(locked, 40);
  await backdate(free, 40);
  await until("the free one is gone", () => bucket.versionCount(free) === 0);
  expect(await messagesOf(project)).toEqual([]);
  expect(bucket.bytesOf(locked)).toBeDefined();
  const attempts = () => server.process().output().split("the store does not let go").length - 1;
  await until("it was tried", () => attempts() > 0);
  const tried = attempts();
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect(attempts()).toBe(tried);
  lockedKeys.delete(locked);
  await server.database.sql`
    update log_batches set state_since = now() - interval '1 second' where o3_object_key = ${locked}`;
  await until("it is gone a day later", () => bucket.versionCount(locked) === 0);
});

test("a deleted project's objects go, and nobody else's", async () => {
  const [gone, stays] = [await server.api.createProject("gone"), await server.api.createProject("stays")];
  for (const project of [gone, stays]) await commitAt(project, Date.now(), "line");
  expect(objectsOf(gone)).toHaveLength(1);
  await server.api.operator("DELETE", `/projects/${gone.id}`);
  await until("they are gone", () => objectsOf(gone).length === 0);
  expect(recordOf(gone)?.["deletedAt"]).not.toBeNull();
  expect(await messagesOf(stays)).toEqual(["line"]);
});

test("the sweep deletes what the ledger has elsewhere or expired, and nothing else", async () => {
  const project = await server.api.createProject("sweep");
  const { sql } = server.database;
  const put = async (key: string) => {
    const bytes = Buffer.from(key);
    await store.put(key, bytes, { sha256: createHash("sha256").update(bytes).digest("hex") });
    return key;
  };
  const named = await commitAt(project, Date.now(), "named");
  const expired = await commitAt(project, Date.now(), "its row is gone");
  const replaced = await commitAt(project, Date.now(), "a row for its batch names another object");
  const moved = await commitAt(project, Date.now(), "a row for its batch names an object that is not there");
  const unproven = await put(`v1/${project.id}/2026/01/01/00/${randomUUID()}-7-${"0".repeat(16)}.ndjson.zst`);
  const strange = await put(`v1/${project.id}/notes.txt`);
  const other = await put(`v1/${project.id}/2026/01/01/00/other-object.ndjson.zst`);
  // The strict order keeps the sweep from seeing the middle of it.
  await sql.begin(async (tx) => {
    await tx`update log_batches set o3_object_key = ${other} where o3_object_key = ${replaced}`;
    await tx`update log_batches set o3_object_key = ${`${moved}-elsewhere`} where o3_object_key = ${moved}`;
    await tx`delete from log_batches where o3_object_key = ${expired}`;
  });
  await until("the two are gone", () => [expired, replaced].every((key) => bucket.bytesOf(key) === undefined), 20_000);
  await until("the rest is reported", () =>
    [moved, unproven, strange].every((key) => server.process().output().includes(`"objectKey":"${key}"`)),
  );
  expect([named, moved, unproven, strange, other].filter((key) => bucket.bytesOf(key) === undefined)).toEqual([]);
});
