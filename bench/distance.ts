import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { openS3ObjectStore } from "#app/server/o3/s3-object-store.ts";
import { sha256Of } from "#app/server/o3/sha256.ts";
import type { ObjectStore } from "#app/server/o3/object-store.ts";
import { projectRecordKey, OBJECTS_PREFIX } from "#app/server/retention/project-record.ts";
import { decodeTail, encodeTail, footerBytes } from "#app/server/search/tier1-format.ts";
import { startBenchServer, type BenchData } from "#bench/bench-server.ts";
import { startDistantStore, type DistantStore } from "#bench/distant-store.ts";
import { sendAll, waitForCommit } from "#bench/ingest.ts";
import { untilCompacted } from "#bench/query.ts";

/** DistanceResult are the figures of questions to a store that is far away. */
export interface DistanceResult {
  delayMs: number;
  sizes: { entries: number; rawBytes: number; objects: number; questions: DistanceTiming[] }[];
}

export interface DistanceTiming {
  name: string;
  /** Of a process that has read nothing of it yet, and of the same one asked again. */
  coldMs: number;
  coldReads: number;
  warmMs: number;
  warmReads: number;
}

interface Compacted {
  projectId: string;
  /** project.json and the objects, by key. */
  files: { key: string; bytes: Buffer }[];
}

const DELAY_MS = 30;
const NEEDLE = "qzxneedlevwy";
const WARM_RUNS = 9;

/**
 * benchDistance compacts the lines once, with a needle among the last of them, and repeats the object without it at
 * earlier times until there are so many raw bytes. Repeated objects say other times than their rows have: only
 * what is not read of them may be wrong, and the index and the tails are what these questions read.
 */
export async function benchDistance(bodies: readonly Buffer[], rawBytes: number): Promise<DistanceResult> {
  const compacted = await compactOnce(bodies);
  const sentBytes = bodies.reduce((sum, { length }) => sum + length, 0);
  const sizes: DistanceResult["sizes"] = [];
  for (const copies of [0, Math.ceil((rawBytes - sentBytes) / sentBytes)]) {
    const store = await startDistantStore(DELAY_MS);
    try {
      const { entries, objects } = await fillStore(store, compacted, copies);
      const questions = await askFromAfar(store);
      sizes.push({ entries, rawBytes: sentBytes * (1 + copies), objects, questions });
    } finally {
      await store.close();
    }
  }
  return { delayMs: DELAY_MS, sizes };
}

async function compactOnce(bodies: readonly Buffer[]): Promise<Compacted> {
  const server = await startBenchServer([], {
    COMPACT_INTERVAL_MS: "1000",
    COMPACT_MIN_AGE_MS: "1000",
    COMPACT_GRACE_MS: "0",
  });
  try {
    const needle = JSON.stringify({ service: "bench", message: `the ${NEEDLE} is here` });
    await sendAll(server, [...bodies, Buffer.from(`${needle}\n`)], []);
    await waitForCommit(server);
    await untilCompacted(server);
    const root = path.join(server.dataDir, "objects");
    const names = readdirSync(root, { recursive: true, encoding: "utf8" });
    const files = names
      .filter((name) => /\.(json|parquet)$/.test(name))
      .map((key) => ({ key, bytes: readFileSync(path.join(root, key)) }));
    const projectId = files[0]?.key.slice(OBJECTS_PREFIX.length).split("/")[0] ?? "";
    return { projectId, files };
  } finally {
    await server.stop();
  }
}

/** Puts the objects, and the oldest one, which has no needle, again and again at earlier times. */
async function fillStore(
  { near }: DistantStore,
  { projectId, files }: Compacted,
  copies: number,
): Promise<{ entries: number; objects: number }> {
  const store = openS3ObjectStore(near);
  const objects = files
    .filter(({ key }) => key.endsWith(".parquet"))
    .map(({ key, bytes }) => ({ key, bytes, description: decodeTail(bytes, key) }))
    .sort((a, b) => (a.description.tsStartNs < b.description.tsStartNs ? -1 : 1));
  const [oldest] = objects;
  if (oldest === undefined || objects.length < 2) throw new Error("the lines are too few for two objects");
  let entries = 0;
  for (const { key, bytes, description } of objects) {
    await put(store, key, bytes);
    entries += description.entries;
  }
  const record = files.find(({ key }) => key === projectRecordKey(projectId));
  if (record !== undefined) await put(store, record.key, record.bytes);
  for (let copy = 1; copy <= copies; copy++) {
    const bytes = shifted(oldest, copy);
    const name = `${randomUUID()}-${(await sha256Of(bytes)).slice(0, 16)}.parquet`;
    await put(store, `${path.posix.dirname(oldest.key)}/${name}`, bytes);
    entries += oldest.description.entries;
  }
  await store.close();
  return { entries, objects: objects.length + copies };
}

async function put(store: ObjectStore, key: string, bytes: Buffer): Promise<void> {
  await store.put(key, bytes, { sha256: await sha256Of(bytes) });
}

function shifted(
  { bytes, key, description }: { bytes: Buffer; key: string; description: ReturnType<typeof decodeTail> },
  copy: number,
): Buffer {
  const byNs = BigInt(copy) * (description.tsEndNs - description.tsStartNs + 1n);
  const moved = <T extends { tsStartNs: bigint; tsEndNs: bigint }>(of: T): T => ({
    ...of,
    tsStartNs: of.tsStartNs - byNs,
    tsEndNs: of.tsEndNs - byNs,
  });
  const tailStart = description.rowGroups[0]?.filterStart ?? 0;
  const filters = description.rowGroups.map(({ filterStart, filterBytes }) =>
    bytes.subarray(filterStart, filterStart + filterBytes),
  );
  const tail = encodeTail(
    filters,
    {
      ...moved(description),
      // Others than any that is there, and not those of another copy.
      lineage: [[randomUUID(), 0, 0]],
      counts: description.counts.map((count) => ({ ...count, minute: count.minute - Number(byNs / 60_000_000_000n) })),
      rowGroups: description.rowGroups.map(moved),
    },
    bytes.subarray(bytes.length - footerBytes(bytes, key)),
  );
  return Buffer.concat([bytes.subarray(0, tailStart), tail]);
}

/** Each question has a process that has read nothing yet. */
async function askFromAfar(store: DistantStore): Promise<DistanceTiming[]> {
  const dataDir = mkdtempSync(path.join(tmpdir(), "akavelog-bench-"));
  const env = {
    ...store.env,
    COMPACT_INTERVAL_MS: "86400000",
    SWEEP_INTERVAL_MS: "86400000",
    RETENTION_INTERVAL_MS: "86400000",
  };
  try {
    const reindexed = await promisify(execFile)("npx", ["tsx", "scripts/reindex.ts"], {
      env: { ...process.env, ...env, DATA_DIR: dataDir },
    });
    const said = reindexed.stdout;
    const key = /: (akl_\w+)/.exec(said)?.[1];
    if (key === undefined) throw new Error(`reindex gave no key: ${said}`);
    const timings: DistanceTiming[] = [];
    for (const [name, query, found] of [
      ["a needle, all of time", NEEDLE, 1],
      ["newest 100", "", 100],
      ["newest 100 with `failed`", "failed", 100],
    ] as const) {
      rmSync(path.join(dataDir, "cache-tier1"), { recursive: true, force: true });
      timings.push(await askOnce(store, { dataDir, key }, env, { name, query, found }));
    }
    return timings;
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function askOnce(
  store: DistantStore,
  data: BenchData,
  env: Record<string, string>,
  { name, query, found }: { name: string; query: string; found: number },
): Promise<DistanceTiming> {
  const server = await startBenchServer([], env, data);
  try {
    // Its database, its connections and its engine are warm; of the objects it knows nothing.
    await ask(server.url, data.key, { query: "", limit: 1, from: 1, to: 2 });
    const times: number[] = [];
    const reads: number[] = [];
    for (let run = 0; run <= WARM_RUNS; run++) {
      const before = store.reads();
      const startedMs = performance.now();
      const rows = await ask(server.url, data.key, { query, limit: 100, from: 1 });
      times.push(performance.now() - startedMs);
      reads.push(store.reads() - before);
      if (rows !== found) throw new Error(`${name}: found ${rows} instead of ${found}`);
    }
    const [coldMs = 0, ...warm] = times;
    warm.sort((a, b) => a - b);
    return {
      name,
      coldMs,
      coldReads: reads[0] ?? 0,
      warmMs: warm[Math.floor(warm.length / 2)] ?? 0,
      warmReads: reads.at(-1) ?? 0,
    };
  } finally {
    await server.stop({ keepsData: true });
  }
}

async function ask(url: string, key: string, body: object): Promise<number> {
  const answer = await fetch(`${url}/query`, {
    method: "POST",
    headers: { "x-api-key": key, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!text.includes('"complete":true')) throw new Error(`incomplete: ${text.slice(-300)}`);
  return text.split("\n").filter((line) => line.startsWith('{"entry"')).length;
}
