import path from "node:path";
import type { Logger } from "pino";
import { CatalogDatabase } from "#app/server/catalog/database.ts";
import { openEmbeddedPostgres } from "#app/server/catalog/embedded-postgres.ts";
import { migrateDatabase } from "#app/server/catalog/migrate-database.ts";
import type { Env } from "#app/server/env.ts";

/** Beyond what a server waits: a command has nobody who waits for its answer. */
const QUERY_TIMEOUT_MS = 120_000;

/** openIndex opens the database of a server that is not running, as a command needs it; `closers` grows by what is to be closed, last first. */
export async function openIndex(
  { databaseUrl, dataDir }: Pick<Env, "databaseUrl" | "dataDir">,
  logger: Logger,
  closers: (() => Promise<void>)[],
): Promise<CatalogDatabase> {
  let url = databaseUrl;
  if (url === null) {
    const embedded = await openEmbeddedPostgres({ dataDir: path.resolve(dataDir), logger });
    closers.push(() => embedded.close());
    ({ url } = embedded);
  }
  await migrateDatabase({ url, migrationsFolder: path.resolve("drizzle"), logger });
  const database = new CatalogDatabase({ url, logger, queryTimeoutMs: QUERY_TIMEOUT_MS });
  closers.push(() => database.close());
  return database;
}
