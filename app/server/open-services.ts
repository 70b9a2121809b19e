import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { createUuidV7 } from "#app/core/uuid-v7.ts";
import { openAlerts } from "#app/server/alerts/open-alerts.ts";
import { readLocalSecret } from "#app/server/auth/local-secret.ts";
import { readOperatorToken } from "#app/server/auth/operator-token.ts";
import { KeyAuthenticator } from "#app/server/auth/key-authenticator.ts";
import type { OidcClient } from "#app/server/auth/oidc-client.ts";
import { createConfiguredUser } from "#app/server/auth/configured-user.ts";
import { SignInThrottle } from "#app/server/auth/sign-in-throttle.ts";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import { startHeartbeat } from "#app/server/catalog/heartbeat.ts";
import { openEmbeddedPostgres } from "#app/server/catalog/embedded-postgres.ts";
import { openDatabase } from "#app/server/catalog/open-database.ts";
import { createPostgresCountCatalog } from "#app/server/catalog/count-minutes.ts";
import { createPostgresBatchCatalog } from "#app/server/catalog/postgres-batch-catalog.ts";
import { createPostgresIdempotencyCatalog } from "#app/server/catalog/postgres-idempotency-catalog.ts";
import { createPostgresTailCatalog } from "#app/server/catalog/postgres-tail-catalog.ts";
import { hasCompactedObjects } from "#app/server/catalog/stored-objects.ts";
import type { Env } from "#app/server/env.ts";
import { Canary } from "#app/server/canary/canary.ts";
import { CANARY_PROJECT_ID } from "#app/server/catalog/canary-project.ts";
import { Ingester } from "#app/server/ingest/ingester.ts";
import { measureCatalog } from "#app/server/ingest/measured-batch-catalog.ts";
import { SealPool } from "#app/server/ingest/seal-pool.ts";
import type { WalFailedError } from "#app/server/ingest/wal.ts";
import type { Metrics } from "#app/server/http/metrics.ts";
import { encodeTailEntry } from "#app/server/http/tail-answer.ts";
import { openFileSystemObjectStore } from "#app/server/o3/file-system-object-store.ts";
import { measureStore } from "#app/server/o3/measured-object-store.ts";
import type { ObjectStore } from "#app/server/o3/object-store.ts";
import { MemoryBudget } from "#app/server/protocols/memory-budget.ts";
import { RateLimiter } from "#app/server/protocols/rate-limiter.ts";
import { RateSettler } from "#app/server/protocols/rate-settler.ts";
import { openSyslogListener } from "#app/server/protocols/syslog/syslog-listener.ts";
import { findStoreTrouble } from "#app/server/store-trouble.ts";
import { LineScanner } from "#app/server/search/line-scanner.ts";
import { ObjectCache } from "#app/server/search/object-cache.ts";
import { openTier1Search } from "#app/server/search/open-tier1-search.ts";
import { QuerySlots } from "#app/server/search/query-slots.ts";
import { TailFeed } from "#app/server/search/tail-feed.ts";
import { TailHub } from "#app/server/search/tail-hub.ts";
import { startUpkeep } from "#app/server/start-upkeep.ts";
import { systemClock } from "#app/server/system/clock.ts";
import { lockDataDir } from "#app/server/system/data-dir-lock.ts";
import { noTracer, type Tracer } from "#app/server/system/tracer.ts";
import type { Services } from "#app/server/services.ts";
import { realWorld, type World } from "#app/server/world.ts";

export interface OpenOptions {
  env: Env;
  logger: RuntimeLogger;
  /** The bundled modules that run beside: in threads what builds batches and what looks through them, in processes what compacts and what searches. */
  workers: { seal: URL; compaction: URL; engine: URL; scan: URL };
  migrationsFolder: string;
  world?: World;
  tracer?: Tracer;
  /** Ends the process after something that must not be survived. */
  onFatal: (error: unknown) => void;
}

type RuntimeLogger = ConstructorParameters<typeof CatalogDatabase>[0]["logger"];

/** Of the ten seconds a stopping process has, the rest is for answers in flight and the database. */
const FLUSH_GRACE_MS = 3_000;

/** Opening is how far it is, and what is to be closed again. */
export interface Opening {
  stopping: AbortSignal;
  onClose: (close: () => Promise<void>) => void;
  onStep: (name: string) => void;
  metrics: Metrics;
}

/** openServices opens everything in order; what it has opened, `onClose` is told how to close. */
export async function openServices(
  options: OpenOptions,
  { stopping, onClose, onStep, metrics }: Opening,
): Promise<Services> {
  const { env, logger } = options;
  const world = options.world ?? realWorld;
  const tracer = options.tracer ?? noTracer;
  const clock = systemClock;
  const { fileSystem } = world;
  const dataDir = path.resolve(env.dataDir);

  onStep("locking the data folder");
  await mkdir(dataDir, { recursive: true });
  onClose(await lockDataDir(dataDir));
  const adminToken = await readOperatorToken(env);
  const sessionSecret = env.sessionSecret ?? (await readLocalSecret(dataDir, "session-secret"));

  onStep("opening the object store");
  const objectsRoot = path.join(dataDir, "objects");
  const bareStore = await openStore(options, objectsRoot);
  onClose(() => bareStore.close());
  if (env.o3 !== null) {
    // Not waited for: logs are taken in without the store, and safe below DATA_DIR until somebody has mended it.
    void findStoreTrouble(bareStore).then((trouble) => {
      if (trouble !== null && !stopping.aborted)
        logger.error(
          `the object store does not do what it should, and what it does not take waits below DATA_DIR: ${trouble}`,
        );
    });
  }
  const store = measureStore(world.wrapStore(bareStore), (call) => {
    metrics.observeStore(call);
    tracer.record(`object store ${call.operation}`, call.elapsedMs, call.outcome === "failed");
  });

  stopping.throwIfAborted();
  onStep("opening the database");
  const embedded = env.databaseUrl === null ? await openEmbeddedPostgres({ dataDir, logger }) : null;
  if (embedded !== null) onClose(() => embedded.close());
  const databaseOptions = {
    url: embedded?.url ?? env.databaseUrl ?? "",
    isOwn: embedded !== null,
    migrationsFolder: options.migrationsFolder,
    logger,
  };
  const database = world.wrapDatabase(await openDatabase(databaseOptions, stopping));
  onClose(() => database.close());
  stopping.throwIfAborted();
  await createConfiguredUser(env.firstUser, database);

  // The file-system store hashes what it is given and syncs it; of others only their own word is known.
  const verifyPuts = env.o3 === null ? "trust-store" : "read-back";
  const newId = () => createUuidV7(clock.nowMs(), randomBytes(10));
  const walId = newId();
  const catalog = measureCatalog(world.wrapCatalog(createPostgresBatchCatalog(database)), metrics.batches);
  const idempotency = createPostgresIdempotencyCatalog(database);
  // Half of the budget each: objects of tier 0 are kept whole, of those of tier 1 only what is asked of them.
  const maxBytes = Math.ceil(env.cacheMaxBytes / 2);
  const cache =
    env.o3 === null ? null : new ObjectCache({ fileSystem, directory: path.join(dataDir, "cache"), maxBytes });
  await cache?.open();
  const tier1 = await openTier1Search({
    store,
    fileSystem,
    dataDir,
    storeDirectory: env.o3 === null ? objectsRoot : null,
    maxCacheBytes: maxBytes,
    engineWorkerUrl: options.workers.engine,
  });
  onClose(() => tier1.close());
  // Its process takes half a second to start, for which the first question after a restart does not wait. A head start is
  // all that is lost where the database does not say.
  if (await hasCompactedObjects(database).catch(() => false)) tier1.search.prepare();
  const sealPool = new SealPool(options.workers.seal);
  onClose(() => sealPool.close());
  await sealPool.start();

  const scanner = new LineScanner(options.workers.scan);
  onClose(() => scanner.close());
  scanner.start();

  const tail = new TailHub({ encode: encodeTailEntry });

  onStep("replaying the WAL");
  const ingester = new Ingester({
    dataDir,
    walId,
    limits: env.batch,
    bufferMaxBytes: env.bufferMaxBytes,
    walMaxBytes: env.walMaxBytes,
    fileSystem,
    store,
    verifyPuts,
    catalog,
    idempotency,
    buildObject: (batch) => sealPool.build(batch),
    onSynced: metrics.observeSync,
    onAccepted: (durable) => {
      if (durable.projectId !== CANARY_PROJECT_ID) metrics.countAccepted(durable);
      tail.publish(durable);
    },
    keepCommitted: async ({ sealed }, spoolPath) => {
      if (cache === null || sealed === null) await fileSystem.remove(spoolPath);
      else await cache.adopt(sealed.sha256, spoolPath, sealed.bytes);
    },
    clock,
    random: Math.random,
    logger,
    tracer,
    onFailure: (error: WalFailedError) => options.onFatal(error),
  });
  onClose(() => ingester.close(FLUSH_GRACE_MS));
  await ingester.start();

  const upkeep = startUpkeep({
    env,
    database,
    store,
    verifyPuts,
    fileSystem,
    dataDir,
    cache,
    keep: (built) => tier1.keep(built),
    compactionWorkerUrl: options.workers.compaction,
    newId,
    clock,
    logger,
    tracer,
  });
  onClose(() => upkeep.stop());

  const authenticator = new KeyAuthenticator({ database, logger });
  onClose(() => authenticator.close());
  onClose(startHeartbeat(idempotency, walId, clock, logger));
  const search: Services["search"] = {
    store,
    cache,
    catalog,
    counts: createPostgresCountCatalog(database),
    tier1: tier1.search,
    scanner,
    local: ingester.local,
    readSpool: (spoolPath, sha256) => ingester.readSpool(spoolPath, sha256),
    clock,
    logger,
    maxQueryMs: env.maxQueryMs,
  };
  // The embedded database serves this process alone.
  if (embedded === null) {
    const feed = new TailFeed({
      hub: tail,
      catalog: createPostgresTailCatalog(database),
      walId,
      walIds: () => ingester.walIds,
      seal: (projectId) => ingester.sealSoon(projectId),
      store,
      cache,
      clock,
      logger,
    });
    feed.start();
    onClose(() => feed.stop());
  }
  const alerts = await openAlerts({ env, sessionSecret, database, ingester, walId, search, clock, logger });
  onClose(() => alerts.stop());
  const canary = new Canary({
    services: { database, ingester, idempotency, clock, env, store, search, walId },
    intervalMs: env.canaryIntervalMs,
    logger,
    onFound: metrics.observeCanary,
  });
  canary.start();
  onClose(() => canary.stop());
  const rates = new RateLimiter(env.rateLimits, clock);
  const settler = new RateSettler({ database, rates, walId, clock, logger });
  settler.start();
  onClose(() => settler.stop());
  const services: Services = {
    env,
    walId,
    clock,
    database,
    store,
    authenticator,
    adminToken,
    sessionSecret,
    tracer,
    signIns: new SignInThrottle(clock),
    oidc: await openOidc(env),
    ingester,
    idempotency,
    memory: new MemoryBudget(env.ingest.memoryMaxBytes),
    rates,
    search,
    querySlots: new QuerySlots({
      maxRunning: env.maxProjectQueries,
      maxTotal: env.maxQueries,
      maxWaitMs: env.maxQueryMs,
      clock,
    }),
    tail,
    projectRecorder: upkeep.projectRecorder,
    alerts,
    canary,
  };
  metrics.watch({
    ...services,
    caches: { tier0: cache, tier1: tier1.cache },
    compactor: upkeep.compactor,
    retention: upkeep.retention,
  });
  onStep("opening the syslog listeners");
  for (const listener of env.syslog) onClose(await openSyslogListener({ listener, services, logger }));
  return services;
}

/** What is not configured is not loaded: the S3 client alone would take 20 MB of every embedded server. */
async function openStore({ env, world = realWorld }: OpenOptions, objectsRoot: string): Promise<ObjectStore> {
  if (env.o3 === null) return await openFileSystemObjectStore({ root: objectsRoot, fileSystem: world.fileSystem });
  const { openS3ObjectStore } = await import("#app/server/o3/s3-object-store.ts");
  return openS3ObjectStore(env.o3);
}

async function openOidc({ oidc }: Env): Promise<OidcClient | null> {
  if (oidc === null) return null;
  const { OidcClient } = await import("#app/server/auth/oidc-client.ts");
  return new OidcClient(oidc);
}
