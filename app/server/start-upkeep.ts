import path from "node:path";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import { createPostgresCompactionCatalog } from "#app/server/catalog/postgres-compaction-catalog.ts";
import { createPostgresProjectRecords } from "#app/server/catalog/postgres-project-records.ts";
import { createPostgresRetentionCatalog } from "#app/server/catalog/postgres-retention-catalog.ts";
import { Compactor, type CompactorOptions } from "#app/server/compaction/compactor.ts";
import { BuildProcess } from "#app/server/compaction/build-process.ts";
import type { Env } from "#app/server/env.ts";
import { ProjectRecorder } from "#app/server/retention/project-recorder.ts";
import { RetentionWorker } from "#app/server/retention/retention-worker.ts";
import type { ObjectCache } from "#app/server/search/object-cache.ts";

export interface UpkeepOptions extends Pick<
  CompactorOptions,
  "store" | "verifyPuts" | "fileSystem" | "keep" | "newId" | "clock" | "logger" | "tracer"
> {
  env: Pick<Env, "retention" | "compaction">;
  database: CatalogDatabase;
  cache: ObjectCache | null;
  dataDir: string;
  /** The bundled process that builds objects of tier 1. */
  compactionWorkerUrl: URL;
}

/** Upkeep is the work on what is stored already. */
export interface Upkeep {
  projectRecorder: ProjectRecorder;
  compactor: Compactor;
  retention: RetentionWorker;
  stop(): Promise<void>;
}

/** startUpkeep starts what records projects in the bucket, expires and compacts. */
export function startUpkeep(options: UpkeepOptions): Upkeep {
  const { env, database, store, cache, dataDir, clock, logger } = options;
  const projectRecorder = new ProjectRecorder({
    catalog: createPostgresProjectRecords(database),
    store,
    clock,
    logger,
  });
  const retention = new RetentionWorker({
    catalog: createPostgresRetentionCatalog(database),
    store,
    cache,
    clock,
    logger,
    ...env.retention,
  });
  const compactor = new Compactor({
    store,
    cache,
    catalog: createPostgresCompactionCatalog(database),
    builder: new BuildProcess(options.compactionWorkerUrl),
    keep: options.keep,
    verifyPuts: options.verifyPuts,
    fileSystem: options.fileSystem,
    directory: path.join(dataDir, "compaction"),
    newId: options.newId,
    clock,
    logger,
    tracer: options.tracer,
    ...env.compaction,
  });
  projectRecorder.start();
  retention.start();
  compactor.start();
  return {
    projectRecorder,
    compactor,
    retention,
    async stop() {
      await Promise.all([compactor.stop(), retention.stop(), projectRecorder.stop()]);
    },
  };
}
