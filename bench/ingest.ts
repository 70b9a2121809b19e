import { readdirSync, statSync } from "node:fs";
import { Agent, request } from "node:http";
import { startBenchServer, type BenchServer } from "#bench/bench-server.ts";
import { percentile } from "#bench/figures.ts";
import { cpuSecondsOf, cpuSecondsOfTree, peakResidentBytesOf } from "#bench/process-usage.ts";

/** IngestResult are the figures of one run. */
export interface IngestResult {
  entries: number;
  /** The app's own CPU from the first request until everything is acknowledged and in the store. */
  appCpuS: number;
  /** The same with PostgreSQL. */
  totalCpuS: number;
  elapsedS: number;
  p50Ms: number;
  p99Ms: number;
  peakResidentBytes: number;
  objectBytes: number;
  objects: number;
  small: SmallRequests;
}

/** SmallRequests are requests of one line each, as many applications send them. */
export interface SmallRequests {
  requests: number;
  appCpuS: number;
  elapsedS: number;
}

/** Senders that each wait for their answer before they send again, as shippers do. */
const SENDERS = 4;
const SMALL_SENDERS = 32;
const SMALL_REQUESTS = 20_000;

/** benchIngest sends the bodies over HTTP to the production server and reads everything back. */
export async function benchIngest(
  bodies: readonly Buffer[],
  startMs: number,
  entries: number,
  nodeOptions: string[] = [],
): Promise<IngestResult> {
  // Compaction would be measured along.
  const server = await startBenchServer(nodeOptions, { COMPACT_INTERVAL_MS: "86400000" });
  try {
    const latenciesMs: number[] = [];
    const appBefore = cpuSecondsOf(server.pid);
    const treeBefore = cpuSecondsOfTree(server.pid);
    const startedMs = performance.now();
    await sendAll(server, bodies, latenciesMs);
    await waitForCommit(server);
    const elapsedS = (performance.now() - startedMs) / 1000;
    const appCpuS = cpuSecondsOf(server.pid) - appBefore;
    const totalCpuS = cpuSecondsOfTree(server.pid) - treeBefore;
    const peakResidentBytes = peakResidentBytesOf(server.pid);
    const { objects, objectBytes } = await readBack(server, startMs, entries);
    latenciesMs.sort((a, b) => a - b);
    const small = await sendSmall(server, bodies);
    return {
      entries,
      appCpuS,
      totalCpuS,
      elapsedS,
      p50Ms: percentile(latenciesMs, 0.5),
      p99Ms: percentile(latenciesMs, 0.99),
      peakResidentBytes,
      objectBytes,
      objects,
      small,
    };
  } finally {
    await server.stop();
  }
}

async function sendSmall(server: BenchServer, bodies: readonly Buffer[]): Promise<SmallRequests> {
  const lines: Buffer[] = [];
  for (const body of bodies) {
    if (lines.length >= SMALL_REQUESTS) break;
    for (const line of body.toString("utf8").trimEnd().split("\n")) lines.push(Buffer.from(line));
  }
  const before = cpuSecondsOf(server.pid);
  const startedMs = performance.now();
  await sendAll(server, lines, [], SMALL_SENDERS);
  const elapsedS = (performance.now() - startedMs) / 1000;
  await waitForCommit(server);
  return { requests: lines.length, appCpuS: cpuSecondsOf(server.pid) - before, elapsedS };
}

export async function sendAll(
  server: BenchServer,
  bodies: readonly Buffer[],
  latenciesMs: number[],
  senders = SENDERS,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: senders });
  let next = 0;
  async function sender(): Promise<void> {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
      const sentMs = performance.now();
      const { status, text } = await post(agent, server, "/ingest", body);
      if (status !== 202) throw new Error(`/ingest answered ${status}: ${text}`);
      latenciesMs.push(performance.now() - sentMs);
    }
  }
  await Promise.all(Array.from({ length: senders }, sender));
  agent.destroy();
}

/** Everything before is sealed with this line's batch or earlier; one commit does not wait for another, so the spool must empty. */
export async function waitForCommit(server: BenchServer): Promise<void> {
  const agent = new Agent();
  const { status, text } = await post(
    agent,
    server,
    "/ingest?wait=commit",
    Buffer.from('{"message":"the last line","service":"bench-end"}'),
  );
  if (status !== 200) throw new Error(`wait=commit answered ${status}: ${text}`);
  while (readdirSync(`${server.dataDir}/spool`).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Reads every entry back in slices of time; a wrong count fails the bench. */
async function readBack(
  server: BenchServer,
  startMs: number,
  entries: number,
): Promise<{ objects: number; objectBytes: number }> {
  const SLICE = 10_000;
  const keys = new Set<string>();
  for (let from = 0; from < entries; from += SLICE) {
    const answer = await fetch(`${server.url}/query`, {
      method: "POST",
      headers: { "x-api-key": server.key, accept: "application/json" },
      body: JSON.stringify({ from: startMs + from, to: startMs + from + SLICE, limit: SLICE }),
    });
    const page = (await answer.json()) as { entries: { ref: { key: string } }[]; end: { complete: boolean } };
    const expected = Math.min(SLICE, entries - from);
    if (page.entries.length !== expected || !page.end.complete) {
      throw new Error(`expected ${expected} entries from ${from} on, found ${page.entries.length}`);
    }
    for (const { ref } of page.entries) keys.add(ref.key);
  }
  let objectBytes = 0;
  for (const key of keys) objectBytes += statSync(`${server.dataDir}/objects/${key}`).size;
  return { objects: keys.size, objectBytes };
}

/** post sends a request with the bench's key. */
export function post(
  agent: Agent,
  server: BenchServer,
  target: string,
  body: Buffer,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sending = request(
      server.url + target,
      { agent, method: "POST", headers: { ...headers, "x-api-key": server.key, "content-length": body.length } },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (chunk: string) => (text += chunk));
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
        answer.on("error", reject);
      },
    );
    sending.on("error", reject);
    sending.end(body);
  });
}
