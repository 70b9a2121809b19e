import { afterAll, beforeAll, expect, it } from "vitest";
import { setTimeout as sleep } from "node:timers/promises";
import { createPostgresBatchCatalog } from "#app/server/catalog/postgres-batch-catalog.ts";
import { createPostgresRetentionCatalog } from "#app/server/catalog/postgres-retention-catalog.ts";
import { createProject } from "#app/server/catalog/projects.ts";
import { buildTier0 } from "#app/server/ingest/build-tier0.ts";
import { Ingester } from "#app/server/ingest/ingester.ts";
import { mergeParts } from "#app/server/ingest/merge-parts.ts";
import type { ObjectStore } from "#app/server/o3/object-store.ts";
import { openS3ObjectStore } from "#app/server/o3/s3-object-store.ts";
import { expireBatches } from "#app/server/retention/expire-batches.ts";
import { sweepObjects } from "#app/server/retention/sweep-objects.ts";
import { systemClock, type Clock } from "#app/server/system/clock.ts";
import { silentLogger } from "#app/server/system/logger.ts";
import { sha256Hex } from "#tests/integration/o3/object-store-cases.ts";
import { createOutsideWorld, emptyOutside } from "#tests/support/crash-fakes.ts";
import { acceptWithoutKey, blockOf, messagesOfObject } from "#tests/support/crash-model.ts";
import { seededRandom, seedOf } from "#tests/support/seeded-random.ts";
import { MemoryFileSystem } from "#tests/support/memory-file-system.ts";
import { openTestDatabase, type TestDatabase } from "#tests/support/postgres.ts";
import { S3_FAULTS, startS3FaultProxy, type S3Fault, type S3FaultProxy } from "#tests/support/s3-fault-proxy.ts";
import { startStrictS3Server, type StrictS3Server } from "#tests/support/s3-strict-server.ts";

/** `STORE_FAULTS=50000` in the long tier: objects, each with faults of its own; `STORE_SEED` repeats a run. */
const OBJECTS = Number(process.env["STORE_FAULTS"] ?? 300);
const SEED = seedOf("STORE_SEED");
/** Short, because every `hang` and `trickle` costs this much; a false timeout on a busy machine is one more retry. */
const REQUEST_TIMEOUT_MS = 150;
const MOST_FAULTS = 3;
const FAULTS = S3_FAULTS.filter((fault) => fault !== "pass");
const DAY_MS = 86_400_000;
const signal = new AbortController().signal;

/** Waiting out a failure takes a moment here; what is asked of the network is as slow as ever. */
const HASTE = 40;
const startedMs = Date.now();
const hastyClock: Clock = {
  nowMs: () => startedMs + (Date.now() - startedMs) * HASTE,
  sleep: (ms, stop) => systemClock.sleep(ms / HASTE, stop),
};

let server: StrictS3Server;
let proxy: S3FaultProxy;
let store: ObjectStore;
let database: TestDatabase;
const locked = new Set<string>();

beforeAll(async () => {
  server = await startStrictS3Server({ isLocked: (key) => locked.has(key) });
  proxy = await startS3FaultProxy(server.endpoint);
  const options = { ...server, endpoint: proxy.endpoint };
  store = openS3ObjectStore({ ...options, requestTimeoutMs: REQUEST_TIMEOUT_MS, minBytesPerSecond: 1e9 });
  database = await openTestDatabase();
});

afterAll(async () => {
  await store.close();
  await proxy.close();
  await server.close();
  await database.drop();
});

/** Each address of the store meets some faults of its own and is sound afterwards, whoever asks for it and when. */
function injectFaults(random: () => number, share: number): void {
  const left = new Map<string, S3Fault[]>();
  proxy.setFaults(({ path }) => {
    let faults = left.get(path);
    if (faults === undefined) {
      const count = random() < share ? Math.floor(random() * (MOST_FAULTS + 1)) : 0;
      faults = Array.from({ length: count }, () => FAULTS[Math.floor(random() * FAULTS.length)] as S3Fault);
      left.set(path, faults);
    }
    return faults.shift() ?? "pass";
  });
}

/** What the last round ended with. */
let whyNot = "";

/** Again while something fails, as the worker does in its rounds. */
async function untilDone(work: () => Promise<boolean>): Promise<void> {
  for (let round = 0; round < 20 + OBJECTS * MOST_FAULTS; round++) {
    try {
      if (await work()) return;
    } catch (error) {
      whyNot = String(error);
    }
  }
  throw new Error(`it does not come to an end: ${whyNot}`);
}

it(
  `${FAULTS.length} kinds of faults over ${OBJECTS} objects lose nothing, double nothing and leave nothing over`,
  { timeout: 180_000 + OBJECTS * 400 },
  async ({ annotate }) => {
    const random = seededRandom(SEED);
    const project = await createProject(database.database, { name: "faults", retentionDays: 30 });
    const fileSystem = new MemoryFileSystem({ syncsNewDirectories: true });
    const ingester = new Ingester({
      dataDir: "/data",
      walId: "00000000-0000-7000-8000-000000000001",
      limits: { maxEntries: 2, maxBytes: 1024 * 1024, maxAgeMs: 1_000 },
      bufferMaxBytes: 1024 * 1024,
      walMaxBytes: 1024 * 1024 * 1024,
      fileSystem,
      store,
      verifyPuts: "read-back",
      catalog: createPostgresBatchCatalog(database.database),
      idempotency: createOutsideWorld(emptyOutside(), () => undefined).idempotency,
      buildObject: (batch) => Promise.resolve(buildTier0(mergeParts(batch))),
      keepCommitted: (_, spoolPath) => fileSystem.remove(spoolPath),
      clock: hastyClock,
      random,
      logger: silentLogger,
      onFailure: (error) => expect(error).toBeNull(),
    });
    await ingester.start();

    injectFaults(random, 1);
    const sent: string[] = [];
    const committed: Promise<string>[] = [];
    for (let i = 0; i < OBJECTS; i++) {
      const messages = [`${i} a`, `${i} b`];
      const block = blockOf(messages, Date.now() - 40 * DAY_MS);
      const request = { projectId: project.id, block, receivedAtMs: Date.now() };
      for (const batch of await acceptWithoutKey(ingester, request)) committed.push(batch.committed);
      sent.push(...messages);
    }
    await Promise.all(committed);

    const stored = await rowsOf(database);
    expect(stored).toHaveLength(OBJECTS);
    for (const { key, sha256 } of stored)
      expect([key, sha256Hex(server.bytesOf(key) as Buffer)]).toEqual([key, sha256]);
    const found = stored.flatMap(({ key }) => messagesOfObject(server.bytesOf(key) as Buffer));
    expect(found.sort()).toEqual(sent.sort());

    // A third expires, and of that some objects are locked for a day.
    const expired = stored.filter((_, i) => i % 3 === 0).map(({ key }) => key);
    for (const key of expired) if (random() < 0.1) locked.add(key);
    await database.sql`
      update log_batches set received_at = now() - interval '31 days' where o3_object_key in ${database.sql(expired)}`;
    injectFaults(random, 0.4);
    const retention = createPostgresRetentionCatalog(database.database);
    const options = { catalog: retention, store, cache: null, graceMs: 0, logger: silentLogger };
    const isExpired = async () => {
      await expireBatches(options, signal);
      return (await retention.findDeletable(0)).length === 0;
    };
    await untilDone(isExpired);
    // A page in the place of an answer may have passed for a deletion; no other object keeps its row.
    const refused = (await rowsOf(database)).map(({ key }) => key).filter((key) => expired.includes(key));
    expect(refused.filter((key) => !locked.has(key))).toEqual([]);
    locked.clear();
    await database.sql`update log_batches set state_since = now() where state = 'locked'`;
    await untilDone(isExpired);

    // What a late reply or a page that was no answer left behind goes with the sweep.
    await sleep(200);
    await untilDone(async () => {
      const { kept } = await sweepObjects(options, signal);
      whyNot = JSON.stringify(kept);
      return kept.length === 0;
    });
    const kept = (await rowsOf(database)).map(({ key }) => key);
    expect(kept).toHaveLength(OBJECTS - expired.length);
    expect(server.keys().filter((key) => !kept.includes(key))).toEqual([]);
    expect(kept.filter((key) => server.bytesOf(key) === undefined)).toEqual([]);
    // Only now, since the ledger of a process that ends goes, and with it the sweep's proof that a line was stored.
    await ingester.close(0);

    await annotate(JSON.stringify({ seed: SEED, objects: OBJECTS, faults: proxy.counts }));
    for (const fault of FAULTS) expect([fault, proxy.counts[fault]]).not.toEqual([fault, 0]);
  },
);

async function rowsOf({ sql }: TestDatabase): Promise<{ key: string; sha256: string }[]> {
  return await sql`select o3_object_key as key, sha256 from log_batches order by 1`;
}
