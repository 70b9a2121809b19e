import { reasonOf } from "#app/core/errors.ts";
import { CatalogDatabase, type CatalogDatabaseOptions } from "#app/server/catalog/database.ts";
import { inspectDatabase, toRefusal } from "#app/server/catalog/inspect-database.ts";
import { migrateDatabase } from "#app/server/catalog/migrate-database.ts";
import { CatalogError } from "#app/server/ingest/batch-catalog.ts";
import { backoffMs } from "#app/server/o3/retry-backoff.ts";
import { systemClock } from "#app/server/system/clock.ts";

export interface OpenDatabaseOptions extends Pick<CatalogDatabaseOptions, "url" | "logger"> {
  /** Whether this process started the database itself; then it must answer. */
  isOwn: boolean;
  migrationsFolder: string;
}

/**
 * openDatabase brings the tables up to date. A database that others start may come later than this process; one that
 * answers and is of no use is an UnusableDatabaseError at once.
 */
export async function openDatabase(
  { url, logger, isOwn, migrationsFolder }: OpenDatabaseOptions,
  stopping: AbortSignal,
): Promise<CatalogDatabase> {
  for (let attempts = 0; ; attempts++) {
    try {
      if (!isOwn) await inspectDatabase(url, stopping);
      await migrateDatabase({ url, migrationsFolder, logger });
      return new CatalogDatabase({ url, logger });
    } catch (error) {
      stopping.throwIfAborted();
      if (isOwn || !(error instanceof CatalogError) || error.kind === "data") throw error;
      const failure = toRefusal(error);
      if (failure !== error) throw failure;
      logger.warn(`waiting for the database that DATABASE_URL names: ${reasonOf(error)}`);
      await systemClock.sleep(500 + backoffMs(attempts, Math.random), stopping);
    }
  }
}
