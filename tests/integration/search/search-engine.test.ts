import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { EngineFailedError, SearchEngine } from "#app/server/search/search-engine.ts";
import { until } from "#tests/support/api-client.ts";
import { TIMED } from "#tests/support/timed.ts";
import { buildWhenStale } from "../../../scripts/build.mjs";

/** Runs for minutes unless somebody ends it. */
const ENDLESS = "select sum(hash(a.range + b.range)) from range(100000000) a, range(1000000) b";

let directory: string;
let engine: SearchEngine;

beforeAll(() => buildWhenStale());

// One that a test before has left busy would share out its turns otherwise.
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "akavelog-engine-"));
  engine = new SearchEngine({
    workerUrl: pathToFileURL(path.resolve("build/server/engine-worker.js")),
    duckDb: {
      directories: [path.join(directory, "allowed")],
      temporaryDirectory: path.join(directory, "tmp"),
      memoryLimitMb: 128,
      threads: 2,
    },
  });
});

afterEach(async () => {
  await engine.close();
  await rm(directory, { recursive: true, force: true });
});

function run(sql: string, { projectId = "p", signal = new AbortController().signal } = {}): Promise<unknown[][]> {
  return engine.rows(sql, [], { projectId, signal });
}

test("a statement that nobody waits for any more ends, and its turn is free within 250 ms", TIMED, async () => {
  expect(await run("select 1")).toEqual([[1]]);
  const gone = new AbortController();
  const running = Array.from({ length: 6 }, () => run(ENDLESS, { signal: gone.signal }));
  const ends = Promise.allSettled(running);
  const waiting = run("select 2");
  await new Promise((resolve) => setTimeout(resolve, 300));
  const goneAtMs = performance.now();
  gone.abort(new Error("gone"));
  for (const outcome of await ends) expect(outcome).toMatchObject({ status: "rejected", reason: { message: "gone" } });
  expect(await waiting).toEqual([[2]]);
  expect(performance.now() - goneAtMs).toBeLessThan(250);
});

test("whoever asks much leaves turns to others", async () => {
  const gone = new AbortController();
  const busy = Array.from({ length: 8 }, () => run(ENDLESS, { projectId: "loud", signal: gone.signal }));
  const settled = Promise.allSettled(busy);
  expect(await run("select 1", { projectId: "quiet" })).toEqual([[1]]);
  gone.abort(new Error("gone"));
  await settled;
});

test("those who asked lately share the turns out", async () => {
  expect(await run("select 1", { projectId: "quiet" })).toEqual([[1]]);
  const gone = new AbortController();
  const first = run(ENDLESS, { projectId: "loud", signal: gone.signal }).catch((error: unknown) => error);
  const order: string[] = [];
  const second = run("select 1", { projectId: "loud" }).then(() => order.push("second of the loud one"));
  await run("select 1", { projectId: "quiet" }).then(() => order.push("quiet"));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(order).toEqual(["quiet"]);
  gone.abort(new Error("gone"));
  await Promise.all([first, second]);
});

test("at most six statements run", async () => {
  const first = new AbortController();
  const others = new AbortController();
  const busy = Array.from({ length: 6 }, (_, i) =>
    run(ENDLESS, { projectId: `project ${i}`, signal: (i === 0 ? first : others).signal }),
  );
  const settled = Promise.allSettled(busy);
  let isAnswered = false;
  const seventh = run("select 1", { projectId: "another" }).then(() => (isAnswered = true));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(isAnswered).toBe(false);
  first.abort(new Error("gone"));
  await seventh;
  others.abort(new Error("gone"));
  await settled;
});

test("when its process is killed, what ran is run by the next; what ends two processes fails", async () => {
  await run("select 1");
  const killed = engine.pid as number;
  const slow = run("select count(*) from range(3000000000)");
  await new Promise((resolve) => setTimeout(resolve, 50));
  process.kill(killed, "SIGKILL");
  expect(await slow).toEqual([[3_000_000_000n]]);
  expect(engine.pid).not.toBe(killed);

  const gone = new AbortController();
  const poison = run(ENDLESS, { signal: gone.signal }).catch((error: unknown) => error);
  for (let loss = 0; loss < 2; loss++) {
    const pid = engine.pid as number;
    await new Promise((resolve) => setTimeout(resolve, 200));
    process.kill(pid, "SIGKILL");
    await until("the process is replaced", () => engine.pid !== pid, 5_000);
  }
  expect(await poison).toBeInstanceOf(EngineFailedError);
  gone.abort();
  expect(await run("select 4")).toEqual([[4]]);
});

test("lines that a killed process had begun to write are written anew by the next", async () => {
  await mkdir(path.join(directory, "tmp"), { recursive: true });
  await writeFile(path.join(directory, "tmp", "0.ndjson"), "a part of a li");
  const { signal } = new AbortController();
  const { filePath, count } = await engine.linesToFile("select 1 where false", [], [], { projectId: "p", signal });
  expect([count, await readFile(filePath, "utf8")]).toEqual([0, ""]);
});

test("it reads nothing outside its folders, installs nothing, and lets nothing be changed", async () => {
  const secret = path.join(directory, "secret.csv");
  await writeFile(secret, "a\n1\n");
  for (const sql of [
    `from read_csv('${secret}')`,
    "from read_text('/etc/hostname')",
    `copy (select 1) to '${path.join(directory, "written.csv")}'`,
    "from read_csv('http://127.0.0.1:9/x.csv')",
    "install httpfs",
    "load httpfs",
    "set enable_external_access = true",
    "set memory_limit = '10GB'",
    `attach '${path.join(directory, "other.db")}'`,
  ]) {
    const outcome = await run(sql).catch((error: unknown) => error);
    expect({ sql, isRefused: outcome instanceof EngineFailedError }).toEqual({ sql, isRefused: true });
  }
});

test("what does not fit into its memory goes to disk or fails, and its process goes on", async () => {
  await run("select 1");
  const { pid } = engine;
  const large = run("select list(range::varchar || repeat('x', 1000)) from range(1000000)");
  await expect(large).rejects.toBeInstanceOf(EngineFailedError);
  expect(await run("select 5")).toEqual([[5]]);
  expect(engine.pid).toBe(pid);
});
