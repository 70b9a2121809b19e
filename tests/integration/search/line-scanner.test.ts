import path from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { pathToFileURL } from "node:url";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { parseQuery } from "#app/core/query/parse-query.ts";
import { EVERYTHING, type Predicate } from "#app/core/query/predicate.ts";
import { EntryBlockBuilder } from "#app/server/ingest/entry-block.ts";
import { copyFreshLines } from "#app/server/search/fresh-lines.ts";
import { LineScanner, ScanFailedError, type CopyLines } from "#app/server/search/line-scanner.ts";
import { seededRandom } from "#tests/support/seeded-random.ts";
import { buildWhenStale } from "../../../scripts/build.mjs";
import { TIMED } from "#tests/support/timed.ts";

const WAL_ID = "018f0000-0000-7000-8000-000000000000";
const EVER = { fromNs: 0n, toNs: 2n ** 62n, groupings: [[]] };
/** Takes re2js some seconds. */
const SLOW = parseQuery("message:/(a|x)*x(a|x){60}y$/") as Predicate;

let scanner: LineScanner;

beforeAll(() => buildWhenStale());
beforeEach(() => {
  scanner = new LineScanner(pathToFileURL(path.resolve("build/server/scan-worker.js")));
});
afterEach(() => scanner.close());

function linesOf(...messages: string[]): CopyLines {
  const builder = new EntryBlockBuilder(256);
  for (const message of messages) {
    const fields = { service: "s", level: "info", levelOriginal: null, tags: [] } as const;
    builder.add({ timestamp: { ms: 1, subMsNs: 0 }, message, ...fields });
  }
  const block = builder.build();
  return () => copyFreshLines(WAL_ID, [{ block, sequence: 1, from: 0, to: block.count }]);
}

const LARGE = linesOf(
  `y${Array.from({ length: 1024 * 1024 }, seededRandom(1))
    .map((one) => (one < 0.5 ? "a" : "x"))
    .join("")}`,
);

async function count(
  predicate: Predicate,
  lines: CopyLines,
  { projectId = "p", signal = new AbortController().signal } = {},
): Promise<number> {
  const counted = await scanner.count({ query: scanner.query(predicate), spans: [EVER] }, lines, { projectId, signal });
  return counted[0]?.[0]?.groups[0]?.count ?? 0;
}

test("lines are counted beside the main thread, which goes on with its own work", TIMED, async () => {
  expect(await count(EVERYTHING, linesOf("a", "b"))).toBe(2);
  const delays = monitorEventLoopDelay({ resolution: 5 });
  delays.enable();
  const startedMs = performance.now();
  await count(SLOW, LARGE);
  const elapsedMs = performance.now() - startedMs;
  delays.disable();
  expect(elapsedMs).toBeGreaterThan(100);
  expect(delays.max / 1e6).toBeLessThan(elapsedMs / 2);
});

test("the next turn goes to the project with the fewest pieces at work", async () => {
  const order: string[] = [];
  const loud = Array.from({ length: 12 }, (_, i) =>
    count(EVERYTHING, linesOf("a"), { projectId: "loud" }).then(() => order.push(`loud ${i}`)),
  );
  const quiet = count(EVERYTHING, linesOf("a"), { projectId: "quiet" }).then(() => order.push("quiet"));
  await Promise.all([...loud, quiet]);
  expect(order.indexOf("quiet")).toBeLessThan(4);
});

test(
  "what nobody waits for ends within 250 ms, however long it would take, and others are looked through all the same",
  TIMED,
  async () => {
    await count(EVERYTHING, linesOf("a"));
    const gone = new AbortController();
    const slow = count(SLOW, LARGE, { signal: gone.signal }).catch((error: unknown) => error);
    const others = ["q", "r", "s"].map((projectId) => count(EVERYTHING, linesOf("a"), { projectId }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    gone.abort(new Error("gone"));
    expect(await slow).toMatchObject({ message: "gone" });
    // It would go on for seconds; the time of the thread is this process's.
    await new Promise((resolve) => setTimeout(resolve, 250));
    const before = process.cpuUsage();
    expect(await Promise.all(others)).toEqual([1, 1, 1]);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(700);
  },
);

test("lines that cannot be looked through fail by themselves", async () => {
  const broken: CopyLines = () => ({
    kind: "stored",
    frame: new Uint8Array(20),
    block: { bytes: 20, rawBytes: 100, entries: 1, tsStartNs: 0n, tsEndNs: 0n },
    objectName: "a.ndjson.zst",
  });
  await expect(count(EVERYTHING, broken)).rejects.toBeInstanceOf(ScanFailedError);
  await expect(count(EVERYTHING, broken)).rejects.toThrow("a.ndjson.zst");
  expect(await count(EVERYTHING, linesOf("a"))).toBe(1);
});

test("closed, it refuses what waits and what comes", async () => {
  const waiting = count(SLOW, LARGE).catch((error: unknown) => error);
  await scanner.close();
  expect(await waiting).toBeInstanceOf(ScanFailedError);
  await expect(count(EVERYTHING, linesOf("a"))).rejects.toBeInstanceOf(ScanFailedError);
});
