import { spawn, type ChildProcess } from "node:child_process";
import { open, rename, stat, type FileHandle } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import postgres from "postgres";
import { reasonOf } from "#app/core/errors.ts";
import { EmbeddedPostgresError } from "#app/server/catalog/embedded-postgres-error.ts";
import { POSTGRES_ENVIRONMENT } from "#app/server/catalog/postgres-cluster.ts";
import type { PostgresPlace } from "#app/server/catalog/postgres-place.ts";
import type { Clock } from "#app/server/system/clock.ts";

/** PostgresServer is one run of the `postgres` program. */
export interface PostgresServer {
  /** Resolves with a description when the program has ended, however that came. */
  ended: Promise<string>;
  /** Fast shutdown, then harder; resolves when the program has ended. */
  stop(): Promise<void>;
}

export interface StartServerOptions {
  place: PostgresPlace;
  binaries: string;
  port: number;
  url: string;
  clock: Clock;
}

/** Metadata is small and this shares a machine with everything else. Durability (fsync, full_page_writes) stays as it is. */
const SETTINGS: Record<string, string> = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "50",
  shared_buffers: "32MB",
  fsync: "on",
  // io workers and parallel plans are for large data.
  io_method: "sync",
  max_parallel_workers_per_gather: "0",
  jit: "off",
  // Nothing replicates from here.
  wal_level: "minimal",
  max_wal_senders: "0",
  max_logical_replication_workers: "0",
  min_wal_size: "32MB",
  max_wal_size: "256MB",
  timezone: "UTC",
  log_timezone: "UTC",
  log_checkpoints: "off",
  // Failed statements are reported by whoever ran them.
  log_min_error_statement: "panic",
};

const LOG_FILE = "postgres.log";
const MAX_LOG_BYTES = 5 * 1024 * 1024;
const POLL_MS = 25;
/** Crash recovery replays at most max_wal_size, which a slow disk may take this long for. */
const READY_TIMEOUT_MS = 120_000;
/** Together below the 10 s that the whole process has for its shutdown. */
const FAST_SHUTDOWN_MS = 5_000;
const IMMEDIATE_SHUTDOWN_MS = 2_000;

/** PortTakenError: another program listens there; choose another port or wait. */
export class PortTakenError extends EmbeddedPostgresError {}

/** startServer starts PostgreSQL and resolves when it answers. On failure nothing is left running. */
export async function startServer({ place, binaries, port, url, clock }: StartServerOptions): Promise<PostgresServer> {
  const logPath = path.join(place.dataDir, LOG_FILE);
  const log = await openLog(logPath);
  const { size: logStart } = await log.stat();
  const settings = Object.entries({ ...SETTINGS, port: String(port) }).flatMap(([name, value]) => [
    "-c",
    `${name}=${value}`,
  ]);
  // Detached: Ctrl-C in a terminal goes to the whole process group, and the database has to outlive the shutdown of the rest.
  // Its output goes to a file, because a pipe would break with us and the next run still has to stop it in order.
  const child = spawn(path.join(binaries, "bin", "postgres"), ["-D", place.cluster, ...settings], {
    ...place.account,
    cwd: place.cluster,
    env: POSTGRES_ENVIRONMENT,
    detached: true,
    stdio: ["ignore", log.fd, log.fd],
  });
  const ended = untilEnded(child);
  child.unref();
  await log.close();
  const stop = () => stopChild(child, ended, clock);
  try {
    await untilReady(url, ended, clock);
  } catch (error) {
    await stop();
    const output = await readFrom(logPath, logStart);
    if (/could not bind|Address already in use/i.test(output))
      throw new PortTakenError(`port ${port} is taken`, { cause: error });
    throw new EmbeddedPostgresError(`${reasonOf(error)}; the end of ${logPath}: ${output.trim().slice(-1_000)}`, {
      cause: error,
    });
  }
  return { ended, stop };
}

/**
 * findFreePort looks below the range that the kernel gives to outgoing connections: a port from there could be taken
 * by one of them while PostgreSQL restarts.
 */
export async function findFreePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (await isFree(port)) return port;
  }
  throw new EmbeddedPostgresError("no free port between 20000 and 32000 on 127.0.0.1");
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}

function untilEnded(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(`cannot be run: ${error.message}`));
    child.once("exit", (code, signal) =>
      resolve(signal === null ? `ended with code ${code}` : `was ended by ${signal}`),
    );
  });
}

async function untilReady(url: string, ended: Promise<string>, clock: Clock): Promise<void> {
  let hasEnded = false;
  const death = ended.then((how) => {
    hasEnded = true;
    throw new EmbeddedPostgresError(`the server ${how}`);
  });
  death.catch(() => undefined);
  for (let waitedMs = 0; !hasEnded; waitedMs += POLL_MS) {
    const failure = await Promise.race([tryQuery(url), death]);
    if (failure === null) return;
    // 57P03: still recovering.
    if (!["ECONNREFUSED", "57P03", "CONNECT_TIMEOUT", "CONNECTION_CLOSED", "ECONNRESET"].includes(failure.code ?? ""))
      throw failure;
    if (waitedMs >= READY_TIMEOUT_MS) throw new EmbeddedPostgresError(`the server is not ready: ${failure.message}`);
    await Promise.race([clock.sleep(POLL_MS), death]);
  }
  await death;
}

async function tryQuery(url: string): Promise<NodeJS.ErrnoException | null> {
  const sql = postgres(url, { max: 1, connect_timeout: 2, fetch_types: false, onnotice: () => undefined });
  try {
    await sql`select 1`;
    return null;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

async function stopChild(child: ChildProcess, ended: Promise<string>, clock: Clock): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  // Waiting for it is now a reason to stay alive.
  child.ref();
  for (const [signal, patienceMs] of [
    ["SIGINT", FAST_SHUTDOWN_MS],
    ["SIGQUIT", IMMEDIATE_SHUTDOWN_MS],
  ] as const) {
    child.kill(signal);
    const patience = new AbortController();
    const isOver = await Promise.race([
      ended.then(() => true),
      clock.sleep(patienceMs, patience.signal).then(
        () => false,
        () => false,
      ),
    ]);
    patience.abort(new Error("over"));
    if (isOver) return;
  }
  child.kill("SIGKILL");
  await ended;
}

async function openLog(logPath: string): Promise<FileHandle> {
  const found = await stat(logPath).catch(() => null);
  if (found !== null && found.size > MAX_LOG_BYTES) await rename(logPath, `${logPath}.1`);
  return open(logPath, "a", 0o600);
}

async function readFrom(logPath: string, start: number): Promise<string> {
  const handle = await open(logPath, "r");
  try {
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(64 * 1024), position: start });
    return buffer.subarray(0, bytesRead).toString("utf8");
  } finally {
    await handle.close();
  }
}
