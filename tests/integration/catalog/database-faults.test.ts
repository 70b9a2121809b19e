import { afterAll, beforeAll, expect, test } from "vitest";
import { setTimeout as sleep } from "node:timers/promises";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import { createPostgresBatchCatalog } from "#app/server/catalog/postgres-batch-catalog.ts";
import { createProject } from "#app/server/catalog/projects.ts";
import { buildTier0 } from "#app/server/ingest/build-tier0.ts";
import { Ingester } from "#app/server/ingest/ingester.ts";
import { mergeParts } from "#app/server/ingest/merge-parts.ts";
import { systemClock, type Clock } from "#app/server/system/clock.ts";
import { silentLogger } from "#app/server/system/logger.ts";
import { createOutsideWorld, emptyOutside } from "#tests/support/crash-fakes.ts";
import { acceptWithoutKey, blockOf, messagesOfObject } from "#tests/support/crash-model.ts";
import { MemoryFileSystem } from "#tests/support/memory-file-system.ts";
import { openTestDatabase, type TestDatabase } from "#tests/support/postgres.ts";
import { startTcpProxy, type TcpProxy } from "#tests/support/tcp-proxy.ts";

/** `DATABASE_FAULTS=300` in the long tier. */
const FAULTS = Number(process.env["DATABASE_FAULTS"] ?? 5);
const LASTS_MS = 300;
const BETWEEN_MS = 100;
const QUERY_TIMEOUT_MS = 200;
const LINE_EVERY_MS = 4;
const HASTE = 20;
const startedMs = Date.now();
const hastyClock: Clock = {
  nowMs: () => startedMs + (Date.now() - startedMs) * HASTE,
  sleep: (ms, stop) => systemClock.sleep(ms / HASTE, stop),
};

let database: TestDatabase;
let proxy: TcpProxy;
let pool: CatalogDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
  const url = new URL(database.url);
  proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
  url.hostname = "127.0.0.1";
  url.port = String(proxy.port);
  pool = database.connect({ url: url.href, maxConnections: 4, queryTimeoutMs: QUERY_TIMEOUT_MS });
});

afterAll(async () => {
  await proxy.close();
  await database.drop();
});

async function through(state: "away" | "silent" | "deaf"): Promise<void> {
  await proxy.setState(state);
  await sleep(LASTS_MS);
  await proxy.setState("open");
}

/** What can become of a database; `deaf` commits and cannot say so. */
const KINDS: readonly (() => Promise<unknown>)[] = [
  () => through("deaf"),
  () => through("away"),
  () => through("silent"),
  () =>
    database.sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`.catch(() => undefined),
  () => through("deaf"),
];

test(
  `${FAULTS} faults of the database while lines come in: they go on being acknowledged, and each is stored once`,
  { timeout: 60_000 + FAULTS * 2_000 },
  async () => {
    const project = await createProject(database.database, { name: "faults", retentionDays: 30 });
    const fileSystem = new MemoryFileSystem({ syncsNewDirectories: true });
    const outside = createOutsideWorld(emptyOutside(), () => undefined);
    const ingester = new Ingester({
      dataDir: "/data",
      walId: "00000000-0000-7000-8000-000000000001",
      limits: { maxEntries: 5, maxBytes: 1024 * 1024, maxAgeMs: 1_000 },
      bufferMaxBytes: 1024 * 1024,
      walMaxBytes: 1024 * 1024 * 1024,
      fileSystem,
      store: outside.store,
      verifyPuts: "read-back",
      catalog: createPostgresBatchCatalog(pool),
      idempotency: outside.idempotency,
      buildObject: (batch) => Promise.resolve(buildTier0(mergeParts(batch))),
      keepCommitted: (_, spoolPath) => fileSystem.remove(spoolPath),
      clock: hastyClock,
      random: Math.random,
      logger: silentLogger,
      onFailure: (error) => expect(error).toBeNull(),
    });
    await ingester.start();

    const sent: string[] = [];
    const committed = new Set<Promise<string>>();
    const stop = new AbortController();
    const sending = (async () => {
      for (let i = 0; !stop.signal.aborted; i++) {
        const block = blockOf([`line ${i}`], Date.now());
        const request = { projectId: project.id, block, receivedAtMs: Date.now() };
        for (const batch of await acceptWithoutKey(ingester, request)) committed.add(batch.committed);
        sent.push(`line ${i}`);
        await sleep(LINE_EVERY_MS);
      }
    })();
    for (let fault = 0; fault < FAULTS; fault++) {
      await sleep(BETWEEN_MS);
      const before = sent.length;
      await KINDS[fault % KINDS.length]?.();
      if (KINDS[fault % KINDS.length] !== KINDS[3]) expect(sent.length).toBeGreaterThan(before);
    }
    stop.abort();
    await sending;
    await Promise.all(committed);
    await ingester.close(1_000);

    const rows = await database.sql<{ key: string; entries: string }[]>`
      select o3_object_key as key, entries from log_batches where project_id = ${project.id}`;
    const found = rows.flatMap(({ key }) => messagesOfObject(outside.now.objects.get(key) as Buffer));
    expect(found.sort()).toEqual([...sent].sort());
    const [counted] = await database.sql<{ sum: string }[]>`
      select coalesce(sum(count), 0) as sum from log_counts
      join log_batches on id = batch_id where project_id = ${project.id}`;
    expect(Number(counted?.sum)).toBe(sent.length);
    expect(sent.length).toBeGreaterThan(FAULTS * 5);
  },
);
