import { randomBytes } from "node:crypto";
import pino from "pino";
import postgres from "postgres";
import { inject } from "vitest";
import { CatalogDatabase, type CatalogDatabaseOptions } from "#app/server/catalog/database.ts";
import { TEMPLATE_DATABASE, withDatabaseName } from "#tests/support/postgres-names.ts";

/** TestDatabase is a migrated database of one test file's own. */
export interface TestDatabase {
  url: string;
  database: CatalogDatabase;
  /** Another process's pool on the same database; closed with the rest. */
  connect(options?: Partial<CatalogDatabaseOptions>): CatalogDatabase;
  /** For looking at and preparing rows. */
  sql: postgres.Sql;
  drop(): Promise<void>;
}

/** openTestDatabase copies the migrated template; the vitest project needs `postgres-global-setup.ts` as globalSetup. */
export async function openTestDatabase(): Promise<TestDatabase> {
  const serverUrl = inject("postgresUrl");
  const name = `test_${randomBytes(8).toString("hex")}`;
  await administer(serverUrl, `create database ${name} template ${TEMPLATE_DATABASE} strategy file_copy`);
  const url = withDatabaseName(serverUrl, name);
  const pools: CatalogDatabase[] = [];
  const connect = (options: Partial<CatalogDatabaseOptions> = {}) => {
    const pool = new CatalogDatabase({ url, logger: pino({ level: "silent" }), ...options });
    pools.push(pool);
    return pool;
  };
  const sql = postgres(url, { max: 4, onnotice: () => undefined });
  return {
    url,
    database: connect({ maxConnections: 4 }),
    connect,
    sql,
    async drop() {
      await Promise.all([...pools.map((pool) => pool.close()), sql.end({ timeout: 1 })]);
      await administer(serverUrl, `drop database ${name} with (force)`);
    },
  };
}

async function administer(serverUrl: string, statement: string): Promise<void> {
  const sql = postgres(serverUrl, { max: 1, onnotice: () => undefined });
  try {
    await sql.unsafe(statement);
  } finally {
    await sql.end({ timeout: 1 });
  }
}
