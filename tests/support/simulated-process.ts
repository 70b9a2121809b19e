import { startHeartbeat } from "#app/server/catalog/heartbeat.ts";
import { Compactor } from "#app/server/compaction/compactor.ts";
import { buildTier0 } from "#app/server/ingest/build-tier0.ts";
import { CatalogError } from "#app/server/ingest/batch-catalog.ts";
import type { IdempotencyCatalog } from "#app/server/ingest/idempotency-catalog.ts";
import { Ingester } from "#app/server/ingest/ingester.ts";
import { mergeParts } from "#app/server/ingest/merge-parts.ts";
import { RetentionWorker } from "#app/server/retention/retention-worker.ts";
import { silentLogger } from "#app/server/system/logger.ts";
import type { SimulatedClock } from "#tests/support/simulated-clock.ts";
import { simulatedStore, type SimulatedBucket, type StoreFault } from "#tests/support/simulated-store.ts";
import {
  simulatedBatchCatalog,
  simulatedCompactionCatalog,
  simulatedRetentionCatalog,
  type Reach,
  type SimulatedTables,
} from "#tests/support/simulated-tables.ts";
import { simulatedIdempotencyCatalog } from "#tests/support/simulated-keys.ts";
import { buildSimulatedTier1 } from "#tests/support/simulated-tier1.ts";
import type { MemoryFileSystem } from "#tests/support/memory-file-system.ts";

/** SimulatedWorld is what processes share. */
export interface SimulatedWorld {
  clock: SimulatedClock;
  bucket: SimulatedBucket;
  tables: SimulatedTables;
  random: () => number;
  /** How often a request to store or database fails in some way, in [0, 1). */
  faultShare: number;
}

/** SimulatedProcess is one life of one of the processes. */
export interface SimulatedProcess {
  walId: string;
  ingester: Ingester;
  idempotency: IdempotencyCatalog;
  isDead: boolean;
  /** It reaches everything but the database. */
  isCutOff: boolean;
  isReady: boolean;
  /** Resolves when it can take requests, or rejects when it gave up. */
  started: Promise<void>;
  failures: Error[];
  stop(): Promise<void>;
}

const MAX_TRAVEL_MS = 8;
const MAX_LATE_MS = 3_000;
const GRACE_MS = 2_000;

/** startProcess starts the parts of a server that store, compact and expire, over its own disk and the shared world. */
export function startProcess(world: SimulatedWorld, fileSystem: MemoryFileSystem, walId: string): SimulatedProcess {
  const { clock: worldClock, bucket, tables, random } = world;
  const life = { isDead: false, isCutOff: false };
  const clock = worldClock.of(life);
  const travel = () => clock.sleep(Math.floor(random() * MAX_TRAVEL_MS));
  const reach: Reach = async (operation, statement) => {
    const fault = random() < world.faultShare ? random() : 1;
    await travel();
    if (fault < 0.5 || life.isCutOff) throw new CatalogError(operation, "unavailable", "injected");
    const result = statement();
    await travel();
    if (fault < 1) throw new CatalogError(operation, "unavailable", "injected after it happened");
    return result;
  };
  const store = simulatedStore(bucket, {
    travel,
    chooseFault: (among) =>
      random() < world.faultShare ? (among[Math.floor(random() * among.length)] as StoreFault) : "none",
    later: (effect) => worldClock.after(random() * MAX_LATE_MS, effect),
  });
  const idempotency = simulatedIdempotencyCatalog(tables, reach);
  const failures: Error[] = [];
  const common = { store, cache: null, clock, logger: silentLogger };
  const ingester = new Ingester({
    ...common,
    dataDir: "/data",
    walId,
    limits: { maxEntries: 4, maxBytes: 1024 * 1024, maxAgeMs: 1_000 },
    bufferMaxBytes: 1024 * 1024,
    walMaxBytes: 1024 * 1024 * 1024,
    walFileMaxBytes: 700,
    fileSystem,
    verifyPuts: "read-back",
    catalog: simulatedBatchCatalog(tables, reach),
    idempotency,
    buildObject: (batch) => Promise.resolve(buildTier0(mergeParts(batch))),
    keepCommitted: (_, spoolPath) => fileSystem.remove(spoolPath),
    random,
    onFailure: (error) => failures.push(error),
  });
  let ids = 0;
  const compactor = new Compactor({
    ...common,
    catalog: simulatedCompactionCatalog(tables, reach),
    builder: { build: (input) => buildSimulatedTier1(fileSystem, input), end: () => undefined },
    keep: () => Promise.resolve(),
    verifyPuts: "read-back",
    fileSystem,
    directory: "/data/compaction",
    newId: () => `${walId}-${ids++}`,
    intervalMs: 2_000,
    minAgeMs: 1_000,
    graceMs: GRACE_MS,
  });
  const retention = new RetentionWorker({
    ...common,
    catalog: simulatedRetentionCatalog(tables, reach),
    graceMs: GRACE_MS,
    intervalMs: 4_000,
    sweepIntervalMs: 12_000,
  });
  let stopHeartbeat: (() => Promise<void>) | null = null;
  const process: SimulatedProcess = Object.assign(life, {
    walId,
    ingester,
    idempotency,
    isReady: false,
    failures,
    started: start(),
    async stop() {
      process.isReady = false;
      await stopHeartbeat?.();
      await Promise.all([compactor.stop(), retention.stop()]);
      await ingester.close(3_000);
    },
  });
  return process;

  /** As the server does: it is ready once the WALs of its earlier lives are replayed. */
  async function start(): Promise<void> {
    await ingester.start();
    compactor.start();
    retention.start();
    stopHeartbeat = startHeartbeat(idempotency, walId, clock, silentLogger);
    process.isReady = true;
  }
}
