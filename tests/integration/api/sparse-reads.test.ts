import { open, readdir, readFile, rm, stat } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until, type TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { COMPACT_AT_ONCE, COMPACT_NEVER, untilCompacted } from "#tests/support/compaction.ts";
import { startS3FaultProxy, type S3FaultProxy } from "#tests/support/s3-fault-proxy.ts";
import { startS3Server, type S3Server } from "#tests/support/s3-server.ts";

/** Three row groups and a bit. */
const LINES = 380_000;
const LINES_PER_REQUEST = 20_000;
const FIRST_MS = Date.UTC(2026, 0, 2);
const NEEDLE = 150_000;

let store: S3Server;
let proxy: S3FaultProxy;
let server: ApiServer;
let project: TestProject;
let reads: string[] = [];

beforeAll(async () => {
  store = await startS3Server();
  proxy = await startS3FaultProxy(store.endpoint);
  proxy.setFaults(({ method, path: asked }) => {
    if (method === "GET" && asked.includes(".parquet")) reads.push(asked);
    return "pass";
  });
  server = await startApiServer({ store: { ...store, endpoint: proxy.endpoint }, env: COMPACT_NEVER });
  project = await server.api.createProject("sparse");
  for (let from = 0; from < LINES; from += LINES_PER_REQUEST) {
    const lines = Array.from({ length: LINES_PER_REQUEST }, (_, at) => {
      const i = from + at;
      const message = i === NEEDLE ? "the needle" : `request ${i % 97} is done`;
      return `{"timestamp":${FIRST_MS + i},"service":"s${i % 3}","level":"info","message":"${message}"}`;
    });
    await server.api.ingest(project.key, lines.join("\n"));
  }
  await server.api.commit(project.key, '{"timestamp":"2026-01-02T23:00:00Z","message":"last"}');
  await server.restart({ env: COMPACT_AT_ONCE });
  await untilCompacted(server, project.id);
  await server.process().stop();
  // Another machine has nothing of it yet.
  await rm(path.join(server.dataDirectory, "cache-tier1"), { recursive: true });
  await server.restart({ env: COMPACT_NEVER });
  reads = [];
}, 240_000);

afterAll(async () => {
  await server.close();
  await proxy.close();
  await store.close();
});

async function matched(query: string): Promise<number> {
  const { entries, end } = await server.api.query(project.key, { query, limit: 100 });
  expect(end.complete).toBe(true);
  return entries.length;
}

test("the engine is there before the first question, where there is something that it will be asked for", async () => {
  const pid = server.process().child.pid as number;
  await until("the engine runs", async () => {
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
    const commands = children
      .trim()
      .split(" ")
      .map((child) => readFile(`/proc/${child}/cmdline`, "utf8").catch(() => ""));
    return (await Promise.all(commands)).some((command) => command.includes("engine-worker"));
  });
});

test("a word that is nowhere opens the object and reads no row of it", async () => {
  expect(await matched("nowhere")).toBe(0);
  expect(reads).toHaveLength(1);
  reads = [];
  expect(await matched("elsewhere")).toBe(0);
  expect(reads).toHaveLength(0);
});

test("a rare word reads the row group that has it, once", async () => {
  reads = [];
  expect(await matched("needle")).toBe(1);
  expect(reads).toHaveLength(1);
  expect(await matched("needle")).toBe(1);
  expect(reads).toHaveLength(1);
});

test("the newest lines read the newest row group alone", async () => {
  reads = [];
  const { entries } = await server.api.query(project.key, { limit: 2 });
  expect(entries[1]?.timestamp).toBe(new Date(FIRST_MS + LINES - 1).toISOString());
  expect(reads).toHaveLength(1);
});

test("nothing is lost or found twice where row groups meet, nor where compacted lines meet fresh ones", async () => {
  const GROUP = 122_880;
  const borders = [GROUP, 2 * GROUP, 3 * GROUP].map((row) => FIRST_MS + row);
  // Fresh lines of the very moments at which row groups begin and end, and one between.
  const fresh = borders.flatMap((ms) => [`${ms - 1}.0`, `${ms - 1}.5`, `${ms}.0`]);
  const lines = fresh.map((ms) => `{"timestamp":${ms},"service":"fresh","message":"request of late"}`);
  await server.api.ingest(project.key, lines.join("\n"));
  for (const ms of borders) {
    const times = [ms - 2, ms - 1, ms - 1, ms - 1, ms, ms, ms + 1];
    const asked = { from: ms - 2, to: ms + 2, query: "request" };
    for (const [order, expected] of [
      ["asc", times],
      ["desc", times.toReversed()],
    ] as const) {
      const { entries, end } = await server.api.queryAll(project.key, { ...asked, order, limit: 1 });
      expect(end).toMatchObject({ complete: true, cursor: null });
      expect(new Set(entries.map(({ ref: { id } }) => id)).size).toBe(times.length);
      expect(entries.map(({ timestamp }) => Math.floor(Date.parse(timestamp)))).toEqual(expected);
    }
  }
  const counted = await server.api.call("/histogram", {
    method: "POST",
    key: project.key,
    body: JSON.stringify({ from: FIRST_MS, to: FIRST_MS + LINES, query: "request", buckets: 1 }),
  });
  expect(await counted.json()).toMatchObject({ total: LINES - 1 + fresh.length, complete: true });
});

test("what lies in the cache is checked: a damaged copy is fetched again, and the answer is right", async () => {
  await server.process().stop();
  const cache = path.join(server.dataDirectory, "cache-tier1");
  for (const name of await readdir(cache)) {
    const { size } = await stat(path.join(cache, name));
    const handle = await open(path.join(cache, name), "r+");
    await handle.write(Buffer.alloc(Math.floor(size / 2), 0xff), 0, undefined, 0).finally(() => handle.close());
  }
  await server.restart();
  reads = [];
  expect(await matched("needle")).toBe(1);
  expect(reads).toHaveLength(1);
});
