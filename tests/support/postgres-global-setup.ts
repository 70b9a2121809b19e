import { chmod, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import pino from "pino";
import postgres from "postgres";
import type { TestProject } from "vitest/node";
import { migrateDatabase } from "#app/server/catalog/migrate-database.ts";
import { openEmbeddedPostgres } from "#app/server/catalog/embedded-postgres.ts";
import { TEMPLATE_DATABASE, withDatabaseName } from "#tests/support/postgres-names.ts";

declare module "vitest" {
  export interface ProvidedContext {
    postgresUrl: string;
  }
}

/** One real PostgreSQL for the whole run, with a migrated database that every test file copies. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const logger = pino({ level: "warn" });
  const dataDir = await mkdtemp(path.join(os.tmpdir(), "akavelog-postgres-"));
  // As root PostgreSQL runs as another user, and mkdtemp keeps everybody else out.
  await chmod(dataDir, 0o755);
  const server = await openEmbeddedPostgres({ dataDir, logger, sharedRoot: path.join(dataDir, "shared") });
  const sql = postgres(server.url, { max: 1, onnotice: () => undefined });
  await sql.unsafe(`create database ${TEMPLATE_DATABASE}`);
  await sql.end();
  await migrateDatabase({
    url: withDatabaseName(server.url, TEMPLATE_DATABASE),
    migrationsFolder: path.join(import.meta.dirname, "../../drizzle"),
    logger,
  });
  project.provide("postgresUrl", server.url);
  return async () => {
    await server.close();
    await rm(dataDir, { recursive: true, force: true });
  };
}
