import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface BenchServer {
  url: string;
  pid: number;
  dataDir: string;
  key: string;
  stop(): Promise<void>;
}

const PORT = 3199;
const START_TIMEOUT_MS = 60_000;

/** startBenchServer runs the production build over an empty data folder, with a project and its key. */
export async function startBenchServer(nodeOptions: string[] = []): Promise<BenchServer> {
  const dataDir = mkdtempSync(path.join(tmpdir(), "akavelog-bench-"));
  const child = spawn(process.execPath, [...nodeOptions, "--enable-source-maps", "build/server/index.js"], {
    env: {
      PATH: process.env["PATH"],
      NODE_ENV: "production",
      UV_THREADPOOL_SIZE: "16",
      LOG_LEVEL: "warn",
      DATA_DIR: dataDir,
      PORT: String(PORT),
    },
    stdio: "inherit",
  });
  const url = `http://127.0.0.1:${PORT}`;
  await untilReady(url, child);
  const token = readFileSync(path.join(dataDir, "admin-token"), "utf8").trim();
  const created = await fetch(`${url}/projects`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "bench" }),
  });
  const { apiKey } = (await created.json()) as { apiKey: { key: string } };
  return {
    url,
    pid: child.pid as number,
    dataDir,
    key: apiKey.key,
    async stop() {
      child.kill("SIGTERM");
      await once(child, "exit");
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  const deadlineMs = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadlineMs && child.exitCode === null) {
    const isReady = await fetch(`${url}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (isReady) return;
    await sleep(50);
  }
  throw new Error("the server did not get ready");
}
