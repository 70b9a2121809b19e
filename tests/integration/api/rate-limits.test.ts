import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, expect, test } from "vitest";
import { API_ENV, apiClient, type ApiClient, type TestProject } from "#tests/support/api-client.ts";
import { openTestDatabase, type TestDatabase } from "#tests/support/postgres.ts";
import { startServer, type TestServer } from "#tests/support/server.ts";
import { TIMED } from "#tests/support/timed.ts";

const RATE_BYTES_PER_S = 64 * 1024;
const BURST_BYTES = 128 * 1024;
const KEY_BURST_RECORDS = 5_000;
const ROUNDS = 5;

let database: TestDatabase;
let servers: TestServer[];
let apis: [ApiClient, ApiClient];
/** Projects are made before anything is measured. */
const projects = new Map<string, TestProject>();

beforeAll(async () => {
  database = await openTestDatabase();
  const env = {
    ...API_ENV,
    DATABASE_URL: database.url,
    SESSION_SECRET: randomBytes(32).toString("hex"),
    RATE_LIMIT_BYTES_PER_S: String(RATE_BYTES_PER_S),
    RATE_LIMIT_BURST_BYTES: String(BURST_BYTES),
    RATE_LIMIT_KEY_RECORDS_PER_S: "100",
    RATE_LIMIT_KEY_BURST_RECORDS: String(KEY_BURST_RECORDS),
  };
  // One after the other, since both would migrate the same empty database.
  servers = [await startServer({ env }), await startServer({ env })];
  const [first, second] = servers as [TestServer, TestServer];
  apis = [apiClient(() => first), apiClient(() => second)];
  for (const name of ["headers", "records", "shared", "noisy", "quiet"]) {
    projects.set(name, await apis[0].createProject(name));
  }
});

afterAll(async () => {
  for (const server of servers) await server.stop();
  await database.drop();
});

const keyOf = (name: string) => projects.get(name)?.key ?? "";
const bodyOf = (bytes: number) => `{"message":"${"x".repeat(bytes - 14)}"}`;

test("answers say what is left, and a refusal when to come again", async () => {
  const [api] = apis;
  const taken = await api.ingest(keyOf("headers"), bodyOf(BURST_BYTES / 2));
  expect(taken.status).toBe(202);
  expect(Number(taken.headers.get("ratelimit-remaining"))).toBeLessThan(BURST_BYTES);
  expect(taken.headers.get("ratelimit-limit")).toBe(String(BURST_BYTES));
  await api.ingest(keyOf("headers"), bodyOf(BURST_BYTES));
  const refused = await api.ingest(keyOf("headers"), bodyOf(100));
  expect(refused.status).toBe(429);
  expect(refused.headers.get("ratelimit-remaining")).toBe("0");
  expect(await refused.json()).toMatchObject({ status: 429, detail: expect.stringContaining("bytes") as string });
  await sleep(1_000 * Number(refused.headers.get("retry-after")));
  expect((await api.ingest(keyOf("headers"), bodyOf(100))).status).toBe(202);
});

test("records are counted for each key by itself, whatever compression hides of them", async () => {
  const [api] = apis;
  const project = projects.get("records") as TestProject;
  const made = await api.operator("POST", `/projects/${project.id}/keys`, { name: "second", scopes: ["ingest"] });
  const second = ((await made.json()) as { apiKey: { key: string } }).apiKey.key;
  const lines = '{"message":"m"}\n'.repeat(KEY_BURST_RECORDS + 500);
  expect((await api.ingest(project.key, lines)).status).toBe(202);
  const refused = await api.ingest(project.key, '{"message":"m"}');
  expect([refused.status, await refused.text()]).toEqual([429, expect.stringContaining("records")]);
  expect((await api.ingest(second, '{"message":"m"}')).status).toBe(202);
});

test("two processes give away one quota, not two", TIMED, async () => {
  const pieceBytes = 8 * 1024;
  const forMs = 5_000;
  let acceptedBytes = 0;
  const untilMs = Date.now() + forMs;
  await Promise.all(
    apis.map(async (api) => {
      while (Date.now() < untilMs) {
        const answer = await api.ingest(keyOf("shared"), bodyOf(pieceBytes));
        if (answer.status === 202) acceptedBytes += pieceBytes;
        await sleep(40);
      }
    }),
  );
  const allowedBytes = BURST_BYTES + (RATE_BYTES_PER_S * forMs) / 1000;
  // In the first second both may give the same burst away; the debt is paid back before the five are over.
  expect(acceptedBytes).toBeLessThan(allowedBytes * 1.2);
  expect(acceptedBytes).toBeGreaterThan(allowedBytes * 0.8);
});

test("a project at ten times its quota leaves the p99 of another within twofold", TIMED, async ({ annotate }) => {
  const [api] = apis;
  const quietP99 = async () => p99(await latenciesOf(api, keyOf("quiet"), 100));
  const statuses = new Map<number, number>();
  const alone: number[] = [];
  const beside: number[] = [];
  // In turns, since what else the machine does comes and goes.
  for (let round = 0; round < ROUNDS; round++) {
    alone.push(await quietP99());
    const stop = makeNoise(keyOf("noisy"));
    beside.push(await quietP99());
    const noise = await stop();
    for (const [status, count] of noise.statuses) statuses.set(status, (statuses.get(status) ?? 0) + count);
    expect([...noise.retryAfter].filter((seconds) => !(Number(seconds) > 0))).toEqual([]);
  }
  await annotate(JSON.stringify({ alone, beside, statuses: Object.fromEntries(statuses) }));
  expect(statuses.get(429) ?? 0).toBeGreaterThan(2 * (statuses.get(202) ?? 0));
  expect(new Set(statuses.keys())).toEqual(new Set([202, 429]));
  // A collection of garbage is as long as such a request; what is promised is about more than that.
  expect(median(beside)).toBeLessThan(2 * median(alone) + 10);
});

/** Requests of 500 bytes, fifty a second: well below the quota. */
async function latenciesOf(api: ApiClient, key: string, count: number): Promise<number[]> {
  const latencies: number[] = [];
  for (let i = 0; i < count; i++) {
    const startedAtMs = performance.now();
    const answer = await api.ingest(key, bodyOf(500));
    latencies.push(performance.now() - startedAtMs);
    expect(answer.status).toBe(202);
    await sleep(15);
  }
  return latencies;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

function p99(latencies: number[]): number {
  return latencies.sort((a, b) => a - b)[Math.floor(latencies.length * 0.99) - 1] ?? 0;
}

/** Noise is what somebody hears who does not heed what is answered. */
interface Noise {
  statuses: Map<number, number>;
  /** Of the refusals. */
  retryAfter: Set<string | null>;
}

/** Sends ten times the quota until the returned function is called. */
function makeNoise(key: string): () => Promise<Noise> {
  const pieceBytes = 16 * 1024;
  const intervalMs = (1000 * pieceBytes) / (10 * RATE_BYTES_PER_S);
  const workerData = { url: servers[0]?.url, key, body: bodyOf(pieceBytes), intervalMs };
  const sender = new Worker(new URL("../../support/noisy-sender.mjs", import.meta.url), { workerData });
  return async () => {
    sender.postMessage("stop");
    const [noise] = (await once(sender, "message")) as [Noise];
    await sender.terminate();
    return noise;
  };
}
