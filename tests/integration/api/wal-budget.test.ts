import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until, type TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { startS3FaultProxy, type S3FaultProxy } from "#tests/support/s3-fault-proxy.ts";
import { startStrictS3Server, type StrictS3Server } from "#tests/support/s3-strict-server.ts";

let store: StrictS3Server;
let proxy: S3FaultProxy;
let server: ApiServer;
let project: TestProject;

beforeAll(async () => {
  store = await startStrictS3Server();
  proxy = await startS3FaultProxy(store.endpoint);
  server = await startApiServer({
    store: { ...store, endpoint: proxy.endpoint },
    env: { WAL_MAX_BYTES: String(1024 * 1024), BATCH_MAX_AGE_MS: "300" },
  });
  project = await server.api.createProject("full");
});

afterAll(async () => {
  await server.close();
  await proxy.close();
  await store.close();
});

const line = (number: number, bytes: number) => JSON.stringify({ message: `line ${number} ${"x".repeat(bytes)}` });

async function walBytes(): Promise<number> {
  const folder = path.join(server.dataDirectory, "wal");
  let bytes = 0;
  for (const name of await readdir(folder, { recursive: true })) {
    // A file may be removed while the folder is looked through.
    const found = await stat(path.join(folder, name)).catch(() => null);
    if (found?.isFile() === true) bytes += found.size;
  }
  return bytes;
}

/** Sends until one is refused; returns the numbers of the acknowledged lines. */
async function fill(from: number, bytes: number): Promise<number[]> {
  const acknowledged: number[] = [];
  for (let number = from; number < from + 1_000; number++) {
    const answer = await server.api.ingest(project.key, line(number, bytes));
    if (answer.status === 202) {
      acknowledged.push(number);
      continue;
    }
    expect(answer.status).toBe(503);
    expect(answer.headers.get("content-type")).toContain("application/problem+json");
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(((await answer.json()) as { detail: string }).detail).toContain("WAL_MAX_BYTES");
    return acknowledged;
  }
  throw new Error("the budget was never reached");
}

test.each([
  ["small requests", 20_000],
  ["requests of nearly the whole budget", 900_000],
])("%s fill the WAL, are then refused, and accepted again when the store is back", async (name, bytes) => {
  const from = bytes;
  await until("the WAL is nearly empty", async () => (await walBytes()) < 100_000);
  await proxy.setAway(true);
  const acknowledged = await fill(from, bytes);
  expect(acknowledged.length).toBeGreaterThan(0);
  expect((await server.api.query(project.key, { limit: 10_000 })).end.complete).toBe(true);

  await proxy.setAway(false);
  await until(
    `${name} are accepted again`,
    async () => (await server.api.ingest(project.key, line(from - 1, bytes))).status === 202,
  );
  await until("the server is ready", async () => (await server.api.call("/readyz")).status === 200);
  const { entries } = await server.api.queryAll(project.key);
  const counts = new Map<number, number>();
  for (const { message } of entries) {
    const number = Number(/^line (\d+)/.exec(message)?.[1]);
    counts.set(number, (counts.get(number) ?? 0) + 1);
  }
  expect([...acknowledged, from - 1].map((number) => counts.get(number))).toEqual(
    Array(acknowledged.length + 1).fill(1),
  );
});

test("ten times the budget goes through while the store keeps up", async () => {
  for (let number = 0; number < 20; number++) {
    await until(
      "the line is accepted",
      async () => (await server.api.ingest(project.key, line(number, 500_000))).status === 202,
    );
  }
});
