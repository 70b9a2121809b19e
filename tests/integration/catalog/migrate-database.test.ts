import { randomBytes } from "node:crypto";
import path from "node:path";
import pino from "pino";
import postgres from "postgres";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { migrateDatabase } from "#app/server/catalog/migrate-database.ts";
import { withDatabaseName } from "#tests/support/postgres-names.ts";

const logger = pino({ level: "silent" });
const migrationsFolder = path.join(import.meta.dirname, "../../../drizzle");
const name = `migrate_${randomBytes(6).toString("hex")}`;
const url = withDatabaseName(inject("postgresUrl"), name);
const admin = postgres(inject("postgresUrl"), { max: 1, onnotice: () => undefined });

beforeAll(() => admin.unsafe(`create database ${name}`));
afterAll(async () => {
  await admin.unsafe(`drop database ${name} with (force)`);
  await admin.end();
});

test("five processes that start together on an empty database all succeed, and each migration runs once", async () => {
  await Promise.all(Array.from({ length: 5 }, () => migrateDatabase({ url, migrationsFolder, logger })));
  await migrateDatabase({ url, migrationsFolder, logger });
  const sql = postgres(url, { max: 1 });
  const applied = await sql`select hash from drizzle.__drizzle_migrations`;
  expect(applied.length).toBeGreaterThan(0);
  expect(new Set(applied.map((row) => row["hash"] as string)).size).toBe(applied.length);
  const tables = await sql<
    { table_name: string }[]
  >`select table_name from information_schema.tables where table_schema = 'public'`;
  expect(tables.map((row) => row.table_name)).toEqual(
    expect.arrayContaining([
      "projects",
      "api_keys",
      "log_batches",
      "log_counts",
      "wal_commits",
      "idempotency_keys",
      "processes",
    ]),
  );
  await sql.end();
});

test("a database that is away is a CatalogError that can be tried again", async () => {
  const away = new URL(url);
  away.port = "1";
  await expect(migrateDatabase({ url: away.href, migrationsFolder, logger })).rejects.toMatchObject({
    kind: "unavailable",
    message: expect.stringMatching(/^cannot migrate the database: /) as string,
  });
});
