import { percentile } from "#bench/figures.ts";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startBenchServer, type BenchServer } from "#bench/bench-server.ts";
import { sendAll, waitForCommit } from "#bench/ingest.ts";
import { residentBytesOfApp } from "#bench/process-usage.ts";

/** LoadResult compares ingestion and a quiet project's queries alone and beside heavy queries. */
export interface LoadResult {
  entries: number;
  largeEntries: number;
  heavyQueries: number;
  alone: LoadFigures;
  beside: LoadFigures;
  /** Of the app with its engine and what compacts, without the database. */
  peakResidentBytes: number;
}

interface LoadFigures {
  ingestP50Ms: number;
  ingestP99Ms: number;
  quietP50Ms: number;
  quietP99Ms: number;
  syncs: number;
  longestSyncMs: number;
}

const PHASE_MS = 15_000;
const HEAVY_AT_ONCE = 8;
const SENDERS = 4;
/** As much as shippers with some thousand lines a second send. */
const SEND_PAUSE_MS = 100;
const QUIET_PAUSE_MS = 100;
const QUIET_LINES = 20;
const LARGE_ENTRY_BYTES = 1024 * 1024 - 1024;
const HEAVY = [
  ["/histogram", { query: "message:/failed .*[0-9]{3}/", buckets: 1 }],
  ["/histogram", { query: "*ail*", buckets: 100 }],
  ["/facets", { query: "error", top: 100 }],
  ["/query", { query: "*o*", limit: 10_000 }],
] as const;

/** benchLoad measures what heavy queries of one project cost everybody else. */
export async function benchLoad(bodies: readonly Buffer[], entries: number, largeEntries: number): Promise<LoadResult> {
  const syncsFile = path.join("/tmp", `akavelog-bench-syncs-${process.pid}`);
  const hook = `--import=${fileURLToPath(new URL("tell-syncs.mjs", import.meta.url))}`;
  const server = await startBenchServer([hook], {
    TELL_SYNCS_FILE: syncsFile,
    COMPACT_INTERVAL_MS: "1000",
    COMPACT_MIN_AGE_MS: "1000",
    COMPACT_GRACE_MS: "0",
  });
  try {
    await sendAll(server, [...bodies, ...largeBodies(largeEntries)], []);
    await waitForCommit(server);
    await untilFewTier0(server, largeEntries);
    const sender = await createProject(server, "sender");
    const quiet = await createProject(server, "quiet");
    const payloads = bodies.slice(0, 100).map((body) => new Uint8Array(body));
    await fetch(`${server.url}/ingest?wait=commit`, {
      method: "POST",
      headers: { "x-api-key": quiet },
      body: payloads[0] ?? null,
    });
    const measure = { server, sender, quiet, syncsFile, payloads };
    await runPhase(measure, new AbortController().signal, 3_000);
    const alone = await runPhase(measure, new AbortController().signal, PHASE_MS);
    const heavy = new AbortController();
    const queries = Array.from({ length: HEAVY_AT_ONCE }, (_, i) => askOn(server, i, heavy.signal));
    const watch = watchMemory(server.pid, heavy.signal);
    const beside = await runPhase(measure, heavy.signal, PHASE_MS);
    heavy.abort();
    const heavyQueries = (await Promise.all(queries)).reduce((sum, asked) => sum + asked, 0);
    const peakResidentBytes = await watch;
    return { entries, largeEntries, heavyQueries, alone, beside, peakResidentBytes };
  } finally {
    await server.stop();
    rmSync(syncsFile, { force: true });
  }
}

function largeBodies(count: number): Buffer[] {
  return Array.from({ length: count }, (_, i) => {
    const message = `${i} failed ${"large words ".repeat(LARGE_ENTRY_BYTES / 12)}`.slice(0, LARGE_ENTRY_BYTES);
    return Buffer.from(`${JSON.stringify({ service: "large", message })}\n`);
  });
}

/** Large entries stay as they were flushed. */
async function untilFewTier0(server: BenchServer, large: number): Promise<void> {
  const flushed = () =>
    readdirSync(path.join(server.dataDir, "objects"), { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".zst"),
    ).length;
  for (let waited = 0; flushed() > large && waited < 120_000; waited += 500) await sleep(500);
}

async function createProject(server: BenchServer, name: string): Promise<string> {
  const created = await server.operator("POST", "/projects", { name });
  return ((await created.json()) as { apiKey: { key: string } }).apiKey.key;
}

interface Measure {
  server: BenchServer;
  sender: string;
  quiet: string;
  syncsFile: string;
  payloads: readonly Uint8Array<ArrayBuffer>[];
}

async function runPhase(
  { server, sender, quiet, syncsFile, payloads }: Measure,
  signal: AbortSignal,
  forMs: number,
): Promise<LoadFigures> {
  rmSync(syncsFile, { force: true });
  const endMs = performance.now() + forMs;
  const ingestMs: number[] = [];
  const quietMs: number[] = [];
  async function repeat(times: number[], pauseMs: number, work: (i: number) => Promise<Response>): Promise<void> {
    for (let i = 0; performance.now() < endMs && !signal.aborted; i++) {
      const startedMs = performance.now();
      const answer = await work(i);
      await answer.arrayBuffer();
      if (!answer.ok) throw new Error(`answered ${answer.status}`);
      times.push(performance.now() - startedMs);
      await sleep(pauseMs);
    }
  }
  await Promise.all([
    ...Array.from({ length: SENDERS }, (_, s) =>
      repeat(ingestMs, SEND_PAUSE_MS, (i) =>
        fetch(`${server.url}/ingest`, {
          method: "POST",
          headers: { "x-api-key": sender },
          body: payloads[(i * SENDERS + s) % payloads.length] ?? null,
        }),
      ),
    ),
    repeat(quietMs, QUIET_PAUSE_MS, () => ask(server, quiet, "/query", { query: "failed", limit: QUIET_LINES }, null)),
  ]);
  const syncs = existsSync(syncsFile) ? readFileSync(syncsFile, "utf8").trim().split("\n").map(Number) : [];
  return {
    ingestP50Ms: percentile(
      ingestMs.toSorted((a, b) => a - b),
      0.5,
    ),
    ingestP99Ms: percentile(
      ingestMs.toSorted((a, b) => a - b),
      0.99,
    ),
    quietP50Ms: percentile(
      quietMs.toSorted((a, b) => a - b),
      0.5,
    ),
    quietP99Ms: percentile(
      quietMs.toSorted((a, b) => a - b),
      0.99,
    ),
    syncs: syncs.length,
    longestSyncMs: Math.max(0, ...syncs),
  };
}

/** One of those who ask heavy questions, one after another; returns how many were answered. */
async function askOn(server: BenchServer, first: number, signal: AbortSignal): Promise<number> {
  let answered = 0;
  for (let i = first; !signal.aborted; i++) {
    const [target, body] = HEAVY[i % HEAVY.length] as (typeof HEAVY)[number];
    try {
      const answer = await ask(server, server.key, target, body, signal);
      await answer.arrayBuffer();
      if (!answer.ok) throw new Error(`${target} answered ${answer.status}`);
      answered++;
    } catch (error) {
      // The last one is hung up on.
      if (!signal.aborted) throw error;
    }
  }
  return answered;
}

function ask(
  server: BenchServer,
  key: string,
  target: string,
  body: object,
  signal: AbortSignal | null,
): Promise<Response> {
  return fetch(server.url + target, {
    method: "POST",
    headers: { "x-api-key": key, "content-type": "application/json" },
    body: JSON.stringify({ from: 1, ...body }),
    signal,
  });
}

async function watchMemory(pid: number, signal: AbortSignal): Promise<number> {
  let peak = 0;
  while (!signal.aborted) {
    peak = Math.max(peak, residentBytesOfApp(pid));
    await sleep(100);
  }
  return peak;
}
