import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SERVER_ENV } from "../scripts/server-env.mjs";

export interface BenchServer {
  url: string;
  pid: number;
  dataDir: string;
  key: string;
  operator(method: string, path: string, body: object): Promise<Response>;
  /** Ends the server, and removes its data unless they are kept for another. */
  stop(options?: { keepsData: boolean }): Promise<void>;
}

/** BenchData is a data folder that has a project already, and a key of it. */
export type BenchData = Pick<BenchServer, "dataDir" | "key">;

const START_TIMEOUT_MS = 60_000;

/** startBenchServer runs the production build over an empty data folder, with a project and its key, or over a known one. */
export async function startBenchServer(
  nodeOptions: string[] = [],
  env: Record<string, string> = {},
  known: BenchData | null = null,
): Promise<BenchServer> {
  const dataDir = known?.dataDir ?? mkdtempSync(path.join(tmpdir(), "akavelog-bench-"));
  const port = await freePort();
  const child = spawn(process.execPath, [...nodeOptions, "build/server/index.js"], {
    env: {
      PATH: process.env["PATH"],
      ...SERVER_ENV,
      LOG_LEVEL: "warn",
      DATA_DIR: dataDir,
      PORT: String(port),
      ...env,
    },
    stdio: "inherit",
  });
  const url = `http://127.0.0.1:${port}`;
  await untilReady(url, child);
  const token = readFileSync(path.join(dataDir, "admin-token"), "utf8").trim();
  const operator = (method: string, path: string, body: object) =>
    fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  return {
    url,
    pid: child.pid as number,
    dataDir,
    key: known?.key ?? (await createProject(operator)),
    operator,
    async stop(options = { keepsData: false }) {
      child.kill("SIGTERM");
      await once(child, "exit");
      if (!options.keepsData) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

async function createProject(operator: BenchServer["operator"]): Promise<string> {
  const created = await operator("POST", "/projects", { name: "bench" });
  return ((await created.json()) as { apiKey: { key: string } }).apiKey.key;
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
