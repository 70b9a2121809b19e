/** `npm run doctor`: tries out the configured object store and database, and says in one table what they can do. */
import { randomBytes } from "node:crypto";
import path from "node:path";
import { pino } from "pino";
import { reasonOf } from "#app/core/errors.ts";
import { CatalogDatabase } from "#app/server/catalog/database.ts";
import { migrateDatabase } from "#app/server/catalog/migrate-database.ts";
import { openEmbeddedPostgres } from "#app/server/catalog/embedded-postgres.ts";
import { pingDatabase } from "#app/server/catalog/ping-database.ts";
import type { Env } from "#app/server/env.ts";
import { openFileSystemObjectStore } from "#app/server/o3/file-system-object-store.ts";
import { probeStore } from "#app/server/o3/probe-store.ts";
import { openS3ObjectStore } from "#app/server/o3/s3-object-store.ts";
import { toStartError } from "#app/server/start-error.ts";
import { lockDataDir } from "#app/server/system/data-dir-lock.ts";
import { nodeFileSystem } from "#app/server/system/node-file-system.ts";
import { runCommand } from "#scripts/run-command.ts";

interface Row {
  what: string;
  check: string;
  ok: boolean;
  detail: string;
  ms: number;
}

/** Without these a store or a database is of no use; the others only change how Akavelog works. */
const NEEDED = new Set(["put", "head", "get", "list", "delete", "connect", "migrate"]);
const PINGS = 20;

await runCommand(async (env) => {
  const rows = [...(await storeRows(env)), ...(await databaseRows(env))];
  printTable(rows);
  process.exitCode = rows.some(({ check, ok }) => !ok && NEEDED.has(check)) ? 1 : 0;
});

/** What cannot even be opened is a line of the table too. */
function closedRow(what: string, check: string, error: unknown, dataDir: string): Row {
  return { what, check, ok: false, detail: reasonOf(toStartError(error, dataDir)), ms: 0 };
}

async function storeRows({ o3, dataDir }: Env): Promise<Row[]> {
  const probe = { runId: randomBytes(8).toString("hex"), nowMs: () => performance.now() };
  if (o3 === null) {
    const root = path.resolve(dataDir, "objects");
    try {
      const store = await openFileSystemObjectStore({ root, fileSystem: nodeFileSystem });
      return (await probeStore(store, probe)).map((result) => ({ what: "folder", ...result }));
    } catch (error) {
      return [closedRow("folder", "put", error, dataDir)];
    }
  }
  const store = openS3ObjectStore(o3);
  const { countVersions, answersRanges } = store;
  const results = await probeStore(store, { ...probe, countVersions, answersRanges });
  await store.close();
  return results.map((result) => ({ what: "bucket", ...result }));
}

async function databaseRows({ databaseUrl, dataDir }: Env): Promise<Row[]> {
  const logger = pino({ level: "error" });
  const closers: (() => Promise<void>)[] = [];
  const found: Row[] = [];
  const what = databaseUrl === null ? "embedded database" : "database";
  try {
    const url = databaseUrl ?? (await openEmbedded());
    const migrationsFolder = path.resolve("drizzle");
    await check("migrate", async () => {
      await migrateDatabase({ url, migrationsFolder, logger });
      return "the tables are those of this version";
    });
    const database = new CatalogDatabase({ url, logger });
    closers.push(() => database.close());
    await check("connect", async () => {
      await pingDatabase(database);
      return "answers";
    });
    await check("latency", async () => {
      const startedMs = performance.now();
      for (let i = 0; i < PINGS; i++) await pingDatabase(database);
      return `${((performance.now() - startedMs) / PINGS).toFixed(1)} ms a round trip`;
    });
  } catch (error) {
    found.push(closedRow(what, "connect", error, dataDir));
  } finally {
    for (const close of closers.reverse()) await close();
  }
  return found;

  async function openEmbedded(): Promise<string> {
    closers.push(await lockDataDir(path.resolve(dataDir)));
    const embedded = await openEmbeddedPostgres({ dataDir: path.resolve(dataDir), logger });
    closers.push(() => embedded.close());
    return embedded.url;
  }

  async function check(name: string, work: () => Promise<string>): Promise<void> {
    const startedMs = performance.now();
    const outcome = await work().then(
      (detail) => ({ ok: true, detail }),
      (error: unknown) => ({ ok: false, detail: reasonOf(error) }),
    );
    found.push({ what, check: name, ...outcome, ms: performance.now() - startedMs });
  }
}

function printTable(table: readonly Row[]): void {
  const cells = table.map(({ what, check, ok, detail, ms }) => [
    what,
    check,
    ok ? "yes" : NEEDED.has(check) ? "NO" : "no",
    `${ms.toFixed(0)} ms`,
    detail,
  ]);
  const lines = [["of", "check", "ok", "took", "detail"], ...cells];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...lines.map((line) => (line[column] ?? "").length)));
  for (const line of lines) console.log(line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  "));
}
