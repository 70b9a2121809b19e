import { readdirSync, readFileSync, statSync } from "node:fs";
import { Agent, request } from "node:http";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { decodeTail } from "#app/server/search/tier1-format.ts";
import { startBenchServer, type BenchServer } from "#bench/bench-server.ts";
import { sendAll, waitForCommit } from "#bench/ingest.ts";
import { cpuSecondsOfApp } from "#bench/process-usage.ts";

/** QueryResult are the figures of one run over compacted lines. */
export interface QueryResult {
  ingestCpuS: number;
  compactionCpuS: number;
  objects: number;
  rowGroups: number;
  objectBytes: number;
  filterBytes: number;
  /** C: ms of DuckDB's longest message over the same objects. */
  scanMs: number;
  timings: Timing[];
}

export interface Timing {
  name: string;
  /** The middle one of several. */
  ms: number;
  /** C while they were asked: the machine's speed drifts, so scans and questions take turns. */
  scanMs: number;
  /** In C. */
  goal: number | null;
  /** What was found, and that it is right. */
  found: number;
}

interface BenchLine {
  level?: string;
  message: string;
  tags: Record<string, string>;
}

const WORD = "failed";
const NOWHERE = "zyxnowherewvu";
const PART = "ail";
const REGEX = "failed .*[0-9]{3}";
const RUNS = 9;
const MINUTE_MS = 60_000;
/** Ingestion is over by then, so that its cost can be told from compaction's. */
const COMPACT_AFTER_MS = 20_000;

/** benchQuery sends the bodies, waits until all of it is compacted, and asks; a wrong answer fails the bench. */
export async function benchQuery(bodies: readonly Buffer[], startMs: number, entries: number): Promise<QueryResult> {
  const server = await startBenchServer([], {
    COMPACT_INTERVAL_MS: "1000",
    COMPACT_MIN_AGE_MS: String(COMPACT_AFTER_MS),
    COMPACT_GRACE_MS: "0",
  });
  try {
    const before = cpuSecondsOfApp(server.pid);
    await sendAll(server, bodies, []);
    await waitForCommit(server);
    const ingestCpuS = cpuSecondsOfApp(server.pid) - before;
    await untilCompacted(server);
    const compactionCpuS = cpuSecondsOfApp(server.pid) - before - ingestCpuS;
    const files = objectFiles(server).map((file) => path.join(server.dataDir, "objects", file));
    const rowGroups = files.flatMap((file) => decodeTail(readFileSync(file), file).rowGroups);
    const scan = new Scan(files);
    const timings = await askAll(server, scan, bodies, { from: startMs, to: startMs + entries });
    scan.close();
    return {
      ingestCpuS,
      compactionCpuS,
      objects: files.length,
      rowGroups: rowGroups.length,
      objectBytes: files.reduce((sum, file) => sum + statSync(file).size, 0),
      filterBytes: rowGroups.reduce((sum, { filterBytes }) => sum + filterBytes, 0),
      scanMs: median(timings.map((timing) => timing.scanMs)),
      timings,
    };
  } finally {
    await server.stop();
  }
}

function objectFiles(server: BenchServer): string[] {
  const names = readdirSync(path.join(server.dataDir, "objects"), { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".parquet") || name.endsWith(".zst"));
}

export async function untilCompacted(server: BenchServer): Promise<void> {
  while (objectFiles(server).some((name) => name.endsWith(".zst"))) await sleep(200);
}

/** Scan is DuckDB's longest message over the same objects: C is what it takes on this machine at this moment. */
class Scan {
  readonly #sql: string;
  #instance: DuckDBInstance | null = null;
  #connection: DuckDBConnection | null = null;

  constructor(files: readonly string[]) {
    const list = files.map((file) => `'${file}'`).join(", ");
    this.#sql = `select max(length(message)) from read_parquet([${list}], union_by_name = true)`;
  }

  async timeMs(): Promise<number> {
    this.#instance ??= await DuckDBInstance.create(":memory:", { threads: "2" });
    this.#connection ??= await this.#instance.connect();
    const startedMs = performance.now();
    await this.#connection.runAndReadAll(this.#sql);
    return performance.now() - startedMs;
  }

  close(): void {
    this.#connection?.disconnectSync();
    this.#instance?.closeSync();
  }
}

async function askAll(
  server: BenchServer,
  scan: Scan,
  bodies: readonly Buffer[],
  range: { from: number; to: number },
): Promise<Timing[]> {
  const lines = bodies.flatMap((body) => {
    const texts = body.toString("utf8").trimEnd().split("\n");
    return texts.map((text) => JSON.parse(text) as BenchLine);
  });
  const component = mostFrequent(lines.flatMap(({ tags }) => tags["component"] ?? []));
  const countOf = (test: (line: BenchLine) => boolean) => lines.reduce((sum, line) => sum + (test(line) ? 1 : 0), 0);
  const word = new RegExp(`(?<![\\p{L}\\p{N}_])${WORD}(?![\\p{L}\\p{N}_])`, "iu");
  const regex = new RegExp(REGEX);
  const part = new RegExp(PART, "i");
  const ask = new Asker(server, scan, range);
  return [
    await ask.count(
      `word, any case: \`${WORD}\``,
      WORD,
      countOf(({ message }) => word.test(message)),
      1.4,
    ),
    await ask.count(`word that is nowhere: \`${NOWHERE}\``, NOWHERE, 0, 0.1),
    await ask.count(
      `part of a word: \`*${PART}*\``,
      `*${PART}*`,
      countOf(({ message }) => part.test(message)),
      2.2,
    ),
    await ask.count(
      `regex: \`${REGEX}\``,
      `message:/${REGEX}/`,
      countOf(({ message }) => regex.test(message)),
      1.1,
    ),
    await ask.count(
      "`component` = its most frequent value",
      `component:${JSON.stringify(component)}`,
      countOf(({ tags }) => tags["component"] === component),
      0.15,
    ),
    await ask.byMinute(),
    await ask.facets(lines.length),
    await ask.firstRow(`newest 100 with \`${WORD}\`, to the first row`, WORD, 0.35),
    await ask.firstRow("newest 100, to the first row", "", null),
  ];
}

/** Asker times questions over one connection and refuses wrong answers. */
class Asker {
  readonly #server: BenchServer;
  readonly #scan: Scan;
  readonly #range: { from: number; to: number };
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(server: BenchServer, scan: Scan, range: { from: number; to: number }) {
    this.#server = server;
    this.#scan = scan;
    this.#range = range;
  }

  async count(name: string, query: string, expected: number, goal: number): Promise<Timing> {
    const total = (text: string) => (JSON.parse(text) as { total: number }).total;
    return await this.#time(name, "/histogram", { query, buckets: 1 }, { expected, goal, found: total });
  }

  /** Whole minutes, as a dashboard asks for them; there is a line for each millisecond. */
  async byMinute(): Promise<Timing> {
    const from = Math.ceil(this.#range.from / MINUTE_MS) * MINUTE_MS;
    const to = Math.floor(this.#range.to / MINUTE_MS) * MINUTE_MS;
    const total = (text: string) => (JSON.parse(text) as { total: number }).total;
    const check = { expected: to - from, goal: 0.15, found: total };
    return await this.#time(
      "counts by level per minute",
      "/histogram",
      { from, to, buckets: (to - from) / MINUTE_MS },
      check,
    );
  }

  async facets(expected: number): Promise<Timing> {
    const services = (text: string) => {
      const { fields } = JSON.parse(text) as { fields: { name: string; values: { count: number }[] }[] };
      const values = fields.find(({ name }) => name === "service")?.values ?? [];
      return values.reduce((sum, { count }) => sum + count, 0);
    };
    return await this.#time(
      "facets of the usual fields",
      "/facets",
      { top: 100 },
      { expected, goal: 1.4, found: services },
    );
  }

  async firstRow(name: string, query: string, goal: number | null): Promise<Timing> {
    const rows = (text: string) => text.split("\n").filter((line) => line.startsWith('{"entry"')).length;
    return await this.#time(
      name,
      "/query",
      { query, limit: 100 },
      { expected: 100, goal, found: rows, isFirstByte: true },
    );
  }

  async #time(
    name: string,
    target: string,
    body: object,
    check: { expected: number; goal: number | null; found: (text: string) => number; isFirstByte?: boolean },
  ): Promise<Timing> {
    const times: number[] = [];
    const scanTimes: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      scanTimes.push(await this.#scan.timeMs());
      const { text, firstByteMs, elapsedMs } = await this.#post(target, { ...this.#range, ...body });
      const found = check.found(text);
      if (found !== check.expected)
        throw new Error(`${name}: found ${found} instead of ${check.expected}: ${text.slice(0, 500)}`);
      times.push(check.isFirstByte === true ? firstByteMs : elapsedMs);
    }
    return { name, ms: median(times), scanMs: median(scanTimes), goal: check.goal, found: check.expected };
  }

  #post(target: string, body: object): Promise<{ text: string; firstByteMs: number; elapsedMs: number }> {
    return new Promise((resolve, reject) => {
      const startedMs = performance.now();
      const sending = request(
        this.#server.url + target,
        { agent: this.#agent, method: "POST", headers: { "x-api-key": this.#server.key } },
        (answer) => {
          let text = "";
          let firstByteMs = 0;
          answer.setEncoding("utf8");
          answer.on("data", (chunk: string) => {
            firstByteMs ||= performance.now() - startedMs;
            text += chunk;
          });
          answer.on("end", () => resolve({ text, firstByteMs, elapsedMs: performance.now() - startedMs }));
          answer.on("error", reject);
        },
      );
      sending.on("error", reject);
      sending.end(JSON.stringify(body));
    });
  }
}

function mostFrequent(values: string[]): string {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? "";
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
