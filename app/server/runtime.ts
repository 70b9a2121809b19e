import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { AkavelogError, reasonOf } from "#app/core/errors.ts";
import { createUuidV7 } from "#app/core/uuid-v7.ts";
import { readOperatorToken } from "#app/server/auth/operator-token.ts";
import { KeyAuthenticator } from "#app/server/auth/key-authenticator.ts";
import { CatalogDatabase } from "#app/server/catalog/database.ts";
import { startHeartbeat } from "#app/server/catalog/heartbeat.ts";
import { openEmbeddedPostgres, type EmbeddedPostgres } from "#app/server/catalog/embedded-postgres.ts";
import { migrateDatabase } from "#app/server/catalog/migrate-database.ts";
import { createPostgresCountCatalog } from "#app/server/catalog/count-minutes.ts";
import { createPostgresBatchCatalog } from "#app/server/catalog/postgres-batch-catalog.ts";
import { createPostgresIdempotencyCatalog } from "#app/server/catalog/postgres-idempotency-catalog.ts";
import { createPostgresProjectRecords } from "#app/server/catalog/postgres-project-records.ts";
import { createPostgresRetentionCatalog } from "#app/server/catalog/postgres-retention-catalog.ts";
import type { Env } from "#app/server/env.ts";
import type { BatchCatalog } from "#app/server/ingest/batch-catalog.ts";
import { CatalogError } from "#app/server/ingest/batch-catalog.ts";
import type { IdempotencyCatalog } from "#app/server/ingest/idempotency-catalog.ts";
import { Ingester } from "#app/server/ingest/ingester.ts";
import { SealPool } from "#app/server/ingest/seal-pool.ts";
import type { WalFailedError } from "#app/server/ingest/wal.ts";
import { createMetrics, type Metrics } from "#app/server/http/metrics.ts";
import { encodeTailEntry } from "#app/server/http/tail-answer.ts";
import { openFileSystemObjectStore } from "#app/server/o3/file-system-object-store.ts";
import type { ObjectStore } from "#app/server/o3/object-store.ts";
import { backoffMs } from "#app/server/o3/retry-backoff.ts";
import { openS3ObjectStore } from "#app/server/o3/s3-object-store.ts";
import { MemoryBudget } from "#app/server/protocols/memory-budget.ts";
import { RateLimiter } from "#app/server/protocols/rate-limiter.ts";
import { openSyslogListener } from "#app/server/protocols/syslog/syslog-listener.ts";
import { ProjectRecorder } from "#app/server/retention/project-recorder.ts";
import { RetentionWorker } from "#app/server/retention/retention-worker.ts";
import type { CountOptions } from "#app/server/search/count-matches.ts";
import { ObjectCache } from "#app/server/search/object-cache.ts";
import { QuerySlots } from "#app/server/search/query-slots.ts";
import type { SearchOptions } from "#app/server/search/search-page.ts";
import { TailHub } from "#app/server/search/tail-hub.ts";
import { systemClock, type Clock } from "#app/server/system/clock.ts";
import { lockDataDir } from "#app/server/system/data-dir-lock.ts";
import type { FileSystem } from "#app/server/system/file-system.ts";
import { nodeFileSystem } from "#app/server/system/node-file-system.ts";

/** Runtime is everything that lives as long as the process. */
export interface Runtime {
  env: Env;
  /** Whether this process can take logs, and what else is wrong. */
  ready(): Readiness;
  /** Throws NotStartedError before everything is open. */
  services(): Services;
  close(): Promise<void>;
}

export interface Readiness {
  ok: boolean;
  /** Why logs are not taken. */
  reason: string | null;
  /** What is away or refuses while logs are taken. */
  degraded: string[];
}

/** Services is what routes call. */
export interface Services {
  env: Env;
  walId: string;
  clock: Clock;
  database: CatalogDatabase;
  store: ObjectStore;
  authenticator: KeyAuthenticator;
  /** Null when the operator API is off. */
  adminToken: string | null;
  ingester: Ingester;
  idempotency: IdempotencyCatalog;
  memory: MemoryBudget;
  search: SearchOptions & CountOptions;
  querySlots: QuerySlots;
  tail: TailHub;
  projectRecorder: ProjectRecorder;
  metrics: Metrics;
  rates: RateLimiter;
}

export class NotStartedError extends AkavelogError {
  constructor(reason: string) {
    super("NOT_STARTED", `cannot answer yet: ${reason}`);
  }
}

/** World is what the process touches outside itself; crash tests wrap it to die between any two steps. */
export interface World {
  fileSystem: FileSystem;
  wrapStore: (store: ObjectStore) => ObjectStore;
  wrapCatalog: (catalog: BatchCatalog) => BatchCatalog;
}

export const realWorld: World = {
  fileSystem: nodeFileSystem,
  wrapStore: (store) => store,
  wrapCatalog: (catalog) => catalog,
};

export interface RuntimeOptions {
  env: Env;
  logger: RuntimeLogger;
  /** The bundled thread that builds objects. */
  sealWorkerUrl: URL;
  migrationsFolder: string;
  world?: World;
  /** Ends the process after something that must not be survived. */
  onFatal: (error: unknown) => void;
}

type RuntimeLogger = ConstructorParameters<typeof CatalogDatabase>[0]["logger"];

/** Of the ten seconds a stopping process has, the rest is for answers in flight and the database. */
const FLUSH_GRACE_MS = 3_000;

/** startRuntime returns at once; `ready()` tells when the process can take logs. */
export function startRuntime(options: RuntimeOptions): Runtime {
  const { logger } = options;
  const stopping = new AbortController();
  const closers: (() => Promise<void>)[] = [];
  let services: Services | null = null;
  let step = "the server is starting";

  const starting = start(options, {
    stopping: stopping.signal,
    onClose: (close) => closers.push(close),
    onStep: (name) => (step = name),
  }).then(
    (started) => {
      services = started;
      logger.info("ready for logs");
    },
    (error: unknown) => {
      if (stopping.signal.aborted) return;
      step = reasonOf(error);
      options.onFatal(error);
    },
  );

  async function close(): Promise<void> {
    stopping.abort(new Error("the server stops"));
    await starting;
    services = null;
    step = "the server is stopping";
    // In the opposite order of opening; the database is stopped last.
    for (let next = closers.pop(); next !== undefined; next = closers.pop()) {
      await next().catch((error: unknown) => logger.error({ err: error }, "cannot close cleanly"));
    }
  }

  let closing: Promise<void> | null = null;
  return {
    env: options.env,
    ready: () => (services === null ? { ok: false, reason: step, degraded: [] } : readinessOf(services)),
    services() {
      if (services === null) throw new NotStartedError(step);
      return services;
    },
    close: () => (closing ??= close()),
  };
}

function readinessOf({ ingester }: Services): Readiness {
  const { store, catalog } = ingester.trouble;
  const degraded: string[] = [];
  if (store !== null) degraded.push(`object store: ${store}`);
  if (catalog !== null) degraded.push(`database: ${catalog}`);
  const reason = ingester.reasonToRefuse;
  return { ok: reason === null, reason, degraded };
}

interface Starting {
  stopping: AbortSignal;
  onClose: (close: () => Promise<void>) => void;
  onStep: (name: string) => void;
}

async function start(options: RuntimeOptions, { stopping, onClose, onStep }: Starting): Promise<Services> {
  const { env, logger } = options;
  const world = options.world ?? realWorld;
  const clock = systemClock;
  const { fileSystem } = world;
  const dataDir = path.resolve(env.dataDir);

  onStep("locking the data folder");
  await mkdir(dataDir, { recursive: true });
  onClose(await lockDataDir(dataDir));
  const adminToken = await readOperatorToken(env);

  onStep("opening the object store");
  const store = world.wrapStore(
    env.o3 === null
      ? await openFileSystemObjectStore({ root: path.join(dataDir, "objects"), fileSystem })
      : openS3ObjectStore(env.o3),
  );
  onClose(() => store.close());

  onStep("opening the database");
  const embedded = env.databaseUrl === null ? await openEmbeddedPostgres({ dataDir, logger }) : null;
  if (embedded !== null) onClose(() => embedded.close());
  const database = await openDatabase(options, embedded, stopping);
  onClose(() => database.close());

  const walId = createUuidV7(clock.nowMs(), randomBytes(10));
  const catalog = world.wrapCatalog(createPostgresBatchCatalog(database));
  const idempotency = createPostgresIdempotencyCatalog(database);
  const cache =
    env.o3 === null
      ? null
      : new ObjectCache({ fileSystem, directory: path.join(dataDir, "cache"), maxBytes: env.cacheMaxBytes });
  await cache?.open();
  const sealPool = new SealPool(options.sealWorkerUrl);
  onClose(() => sealPool.close());
  await sealPool.start();

  const tail = new TailHub({ encode: encodeTailEntry });
  const metrics = createMetrics();

  onStep("replaying the WAL");
  const ingester = new Ingester({
    dataDir,
    walId,
    limits: env.batch,
    bufferMaxBytes: env.bufferMaxBytes,
    walMaxBytes: env.walMaxBytes,
    fileSystem,
    store,
    // The file-system store hashes what it is given and syncs it; of others only their own word is known.
    verifyPuts: env.o3 === null ? "trust-store" : "read-back",
    catalog,
    idempotency,
    buildObject: (batch) => sealPool.build(batch),
    onAccepted: (durable) => {
      metrics.countAccepted(durable);
      tail.publish(durable);
    },
    keepCommitted: async ({ sealed }, spoolPath) => {
      if (cache === null || sealed === null) await fileSystem.remove(spoolPath);
      else await cache.adopt(sealed.sha256, spoolPath, sealed.bytes);
    },
    clock,
    random: Math.random,
    logger,
    onFailure: (error: WalFailedError) => options.onFatal(error),
  });
  onClose(() => ingester.close(FLUSH_GRACE_MS));
  await ingester.start();
  metrics.watch({ ingester, tail });

  const projectRecorder = new ProjectRecorder({
    catalog: createPostgresProjectRecords(database),
    store,
    clock,
    logger,
  });
  projectRecorder.start();
  onClose(() => projectRecorder.stop());
  const retention = new RetentionWorker({
    catalog: createPostgresRetentionCatalog(database),
    store,
    cache,
    clock,
    logger,
    ...env.retention,
  });
  retention.start();
  onClose(() => retention.stop());

  const authenticator = new KeyAuthenticator({ database, logger });
  onClose(() => authenticator.close());
  onClose(startHeartbeat(idempotency, walId, clock, logger));
  const services: Services = {
    env,
    walId,
    clock,
    database,
    store,
    authenticator,
    adminToken,
    ingester,
    idempotency,
    memory: new MemoryBudget(env.ingest.memoryMaxBytes),
    rates: new RateLimiter(env.rateLimit, clock),
    search: {
      store,
      cache,
      catalog,
      counts: createPostgresCountCatalog(database),
      local: ingester.local,
      readSpool: (spoolPath, sha256) => ingester.readSpool(spoolPath, sha256),
      clock,
      logger,
      maxQueryMs: env.maxQueryMs,
    },
    querySlots: new QuerySlots({ maxRunning: env.maxProjectQueries, maxWaitMs: env.maxQueryMs, clock }),
    tail,
    projectRecorder,
    metrics,
  };
  onStep("opening the syslog listeners");
  for (const listener of env.syslog) onClose(await openSyslogListener({ listener, services, logger }));
  return services;
}

/** A database of one's own is started by others, so it may come later than this process. */
async function openDatabase(
  { env, logger, migrationsFolder }: RuntimeOptions,
  embedded: EmbeddedPostgres | null,
  stopping: AbortSignal,
): Promise<CatalogDatabase> {
  const url = embedded?.url ?? env.databaseUrl ?? "";
  for (let attempts = 0; ; attempts++) {
    try {
      await migrateDatabase({ url, migrationsFolder, logger });
      return new CatalogDatabase({ url, logger });
    } catch (error) {
      if (embedded !== null || !(error instanceof CatalogError) || error.kind === "data") throw error;
      logger.warn({ err: error }, "the database does not answer yet");
      await systemClock.sleep(500 + backoffMs(attempts, Math.random), stopping);
    }
  }
}
