import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import type { Logger } from "pino";
import postgres from "postgres";
import { toCatalogError } from "#app/server/catalog/catalog-failure.ts";

export interface MigrateDatabaseOptions {
  url: string;
  /** The folder with drizzle-kit's SQL files. */
  migrationsFolder: string;
  logger: Logger;
}

/** Any number will do as long as every version of Akavelog takes the same: it spells `akavelog`. */
const MIGRATION_LOCK = "7019811605322690407";

/** Another process may be in the middle of a long migration; after this something is wrong with it. */
const LOCK_TIMEOUT_MS = 60_000;

/**
 * migrateDatabase brings the tables up to this version, inside an advisory lock: processes that start together wait
 * for the first one and then find nothing to do. Throws CatalogError.
 */
export async function migrateDatabase({ url, migrationsFolder, logger }: MigrateDatabaseOptions): Promise<void> {
  const sql = postgres(url, {
    // The lock belongs to a session: every statement has to go through the one that holds it.
    max: 1,
    connect_timeout: 5,
    idle_timeout: 0,
    max_lifetime: null,
    onnotice: (notice) => logger.debug({ notice: notice["message"] }, "database notice"),
    connection: { application_name: "akavelog-migrate", lock_timeout: LOCK_TIMEOUT_MS },
  });
  try {
    await sql`select pg_advisory_lock(${MIGRATION_LOCK}::bigint)`;
    await migrate(drizzle(sql), { migrationsFolder });
  } catch (error) {
    throw toCatalogError("migrate the database", error);
  } finally {
    // The server gives the lock up with the session.
    await sql.end({ timeout: 1 });
  }
}
