import { execFile } from "node:child_process";
import { readFile, readdir, readlink, rm } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import type { Logger } from "pino";
import { EmbeddedPostgresError } from "#app/server/catalog/embedded-postgres-error.ts";
import type { Clock } from "#app/server/system/clock.ts";

/** A fast shutdown writes a checkpoint. What takes longer is cut off: PostgreSQL recovers from its own log. */
const FAST_SHUTDOWN_MS = 3_000;
const IMMEDIATE_SHUTDOWN_MS = 2_000;
/** Children of a killed server notice within moments. */
const CHILDREN_MS = 3_000;
const POLL_MS = 20;

/**
 * stopOrphan clears a cluster for a new server: it stops the server that a killed Akavelog left running there, waits for
 * children of a killed server, and removes a `postmaster.pid` that names nobody. PostgreSQL itself refuses to start when
 * the pid in that file now belongs to any other program of the same user.
 *
 * Only call this while holding the lock of DATA_DIR: a server with a living owner looks the same.
 */
export async function stopOrphan(cluster: string, logger: Logger, clock: Clock): Promise<void> {
  const pidFile = path.join(cluster, "postmaster.pid");
  const pid = Number.parseInt((await readFile(pidFile, "utf8").catch(() => "")).split("\n")[0] ?? "", 10);
  if (pid > 0 && (await isServerOf(cluster, pid))) {
    logger.info({ pid }, "stopping the PostgreSQL that the last run left behind");
    await stopServer(cluster, pid, clock);
  }
  const gone = await waitUntil(clock, CHILDREN_MS, async () => (await processesIn(cluster)).length === 0);
  if (!gone) for (const child of await processesIn(cluster)) send(child, "SIGKILL");
  await rm(pidFile, { force: true });
}

async function stopServer(cluster: string, pid: number, clock: Clock): Promise<void> {
  const hasEnded = async () => !(await isServerOf(cluster, pid));
  for (const [signal, patienceMs] of [
    ["SIGINT", FAST_SHUTDOWN_MS],
    ["SIGQUIT", IMMEDIATE_SHUTDOWN_MS],
    ["SIGKILL", IMMEDIATE_SHUTDOWN_MS],
  ] as const) {
    send(pid, signal);
    if (await waitUntil(clock, patienceMs, hasEnded)) return;
  }
  throw new EmbeddedPostgresError(
    `the PostgreSQL that the last run left behind (pid ${pid}) does not end; stop it by hand`,
  );
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ESRCH") return;
    throw new EmbeddedPostgresError(
      `the PostgreSQL of the last run (pid ${pid}) belongs to another user; stop it by hand`,
      { cause: error },
    );
  }
}

async function waitUntil(clock: Clock, patienceMs: number, condition: () => Promise<boolean>): Promise<boolean> {
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    if (await condition()) return true;
    if (waitedMs >= patienceMs) return false;
    await clock.sleep(POLL_MS);
  }
}

/** True when the pid is alive and is PostgreSQL on this cluster; pids are reused, in containers at once. */
async function isServerOf(cluster: string, pid: number): Promise<boolean> {
  if (process.platform !== "linux") return (await commandOf(pid)).includes(` -D ${cluster} `);
  // A zombie has no command line.
  const args = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
  return path.basename(args[0] ?? "") === "postgres" && args[args.indexOf("-D") + 1] === cluster;
}

async function commandOf(pid: number): Promise<string> {
  // ps fails when there is no such process.
  const { stdout } = await promisify(execFile)("ps", ["-ww", "-o", "command=", "-p", String(pid)]).catch(() => ({
    stdout: "",
  }));
  return stdout;
}

/** Every process of PostgreSQL works in its cluster's folder. Without /proc the server's shared memory lock has to do. */
async function processesIn(cluster: string): Promise<number[]> {
  if (process.platform !== "linux") return [];
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const folders = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => null)));
  return pids.filter((_, at) => folders[at] === cluster).map(Number);
}
