import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile, readdir, readlink, rm } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SERVER_ENV } from "../../scripts/server-env.mjs";
import { copyBuildBelowRepository } from "#tests/support/crash-build.ts";

/** CrashProcess is one life of the server. */
export interface CrashProcess {
  child: ChildProcess;
  /** Resolves with the signal or exit code when it has ended, for whatever reason. */
  ended: Promise<string>;
  output(): string;
  /** Resolves with the milliseconds since it was spawned when /readyz answers 200, or null when it ended before. */
  ready(timeoutMs: number): Promise<number | null>;
}

export interface CrashSite {
  url: string;
  port: number;
  dataDirectory: string;
  start(env: Record<string, string>): CrashProcess;
  /** kill -9 of every process of the embedded PostgreSQL. */
  killDatabase(): Promise<void>;
  adminToken(): Promise<string>;
  /** Removes all folders, also PostgreSQL's when it had to be elsewhere. */
  remove(): Promise<void>;
}

const PASSED_ON = ["PATH", "HOME", "USER", "LANG", "TMPDIR"] as const;

/**
 * openCrashSite makes a DATA_DIR and an own copy of the build, so that a build that starts meanwhile does not take the
 * bundle away between two restarts. All lives listen on one port.
 */
export async function openCrashSite(dataDirectory: string, copyBuild = copyBuildBelowRepository): Promise<CrashSite> {
  const build = await copyBuild();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;

  function start(env: Record<string, string>): CrashProcess {
    const inherited = Object.fromEntries(
      PASSED_ON.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
    );
    const spawnedAtMs = performance.now();
    const child = spawn(process.execPath, [path.join(build, "crash-server.js")], {
      env: {
        ...inherited,
        ...SERVER_ENV,
        HOST: "127.0.0.1",
        PORT: String(port),
        DATA_DIR: dataDirectory,
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const chunks: string[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => chunks.push(text));
    const ended = once(child, "close").then(([code, signal]) => String(signal ?? code));
    let hasEnded = false;
    void ended.then(() => (hasEnded = true));

    async function ready(timeoutMs: number): Promise<number | null> {
      while (!hasEnded && performance.now() - spawnedAtMs < timeoutMs) {
        if (await answersReady(url)) return performance.now() - spawnedAtMs;
        await sleep(25);
      }
      if (hasEnded) return null;
      throw new Error(`the server was not ready after ${timeoutMs} ms:\n${chunks.join("").slice(-4_000)}`);
    }
    return { child, ended, output: () => chunks.join(""), ready };
  }

  return {
    url,
    port,
    dataDirectory,
    start,
    async killDatabase() {
      const cluster = await clusterOf(dataDirectory);
      for (const pid of await processesIn(cluster)) {
        try {
          process.kill(pid, "SIGKILL");
        } catch {
          // It followed its parent in the meantime.
        }
      }
    },
    async adminToken() {
      return (await readFile(path.join(dataDirectory, "admin-token"), "utf8")).trim();
    },
    async remove() {
      const cluster = await clusterOf(dataDirectory);
      if (!cluster.startsWith(dataDirectory)) await rm(path.dirname(cluster), { recursive: true, force: true });
      await rm(dataDirectory, { recursive: true, force: true });
      await rm(build, { recursive: true, force: true });
    },
  };
}

async function answersReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/readyz`, { headers: { connection: "close" } });
    await answer.arrayBuffer();
    return answer.status === 200;
  } catch {
    return false;
  }
}

async function clusterOf(dataDirectory: string): Promise<string> {
  const elsewhere = await readFile(path.join(dataDirectory, "postgres-location"), "utf8").catch(() => "");
  return elsewhere.trim() || path.join(dataDirectory, "postgres");
}

/** Each of PostgreSQL's processes has a group of its own, and all work in the cluster's folder. */
async function processesIn(cluster: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const folders = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => null)));
  return pids.filter((_, at) => folders[at] === cluster).map(Number);
}

/** Below the ports of outgoing connections: one of those could take it, or connect to itself, while the server is down. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 10_000);
    const probe = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once("error", () => resolve(false));
      probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}
