import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ALL_TIME, until, type TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { heldMemory, TELLS_MEMORY } from "#tests/support/held-memory.ts";
import { cpuMs } from "#tests/support/server-process.ts";
import { TIMED } from "#tests/support/timed.ts";

const MIB = 1024 * 1024;
const LINES = 20_000;
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

let server: ApiServer;
let project: TestProject;

beforeAll(async () => {
  server = await startApiServer({ env: TELLS_MEMORY });
  project = await server.api.createProject("readers");
  const firstMs = Date.now() - LINES;
  const line = (i: number) => JSON.stringify({ timestamp: firstMs + i, message: `${i} ${"x".repeat(1_000)}` });
  const body = Array.from({ length: LINES }, (_, i) => line(i)).join("\n");
  await server.api.commit(project.key, body);
});

afterAll(() => server.close());

const pid = () => server.process().child.pid as number;

/** openQuery sends a query whose answer is about 10 MB and reads nothing of it: without a listener Node takes one buffer. */
async function openQuery(): Promise<Socket> {
  const body = JSON.stringify({ ...ALL_TIME, limit: 10_000 });
  return await open(`POST /query HTTP/1.1\r\ncontent-length: ${body.length}`, body);
}

async function open(requestLines: string, body = ""): Promise<Socket> {
  const socket = connect(server.process().port, "127.0.0.1");
  socket.on("error", () => undefined);
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  socket.write(`${requestLines}\r\nhost: localhost\r\nx-api-key: ${project.key}\r\n\r\n${body}`);
  return socket;
}

/** The server is quiet when it uses next to no processor time. */
async function untilQuiet(): Promise<void> {
  await until("the server is quiet", async () => (await busyMs(500)) <= 30, 60_000);
}

async function busyMs(overMs: number): Promise<number> {
  const before = cpuMs(pid());
  await sleep(overMs);
  return cpuMs(pid()) - before;
}

/** What the server holds when it is quiet and its garbage is collected; its resident memory has the garbage as well. */
async function heldBytes(): Promise<number> {
  await untilQuiet();
  return (await heldMemory(server.process())).heldBytes;
}

test("a reader who stalls costs at most 1 MiB", { ...TIMED, timeout: 120_000 }, async () => {
  // What the first readers cost beside their own share, the later ones do not cost again.
  const first = await Promise.all(Array.from({ length: 30 }, openQuery));
  const before = await heldBytes();
  const more = await Promise.all(Array.from({ length: 50 }, openQuery));
  const perReader = ((await heldBytes()) - before) / MIB / more.length;
  for (const socket of [...first, ...more]) socket.destroy();
  expect(perReader).toBeLessThan(1);
});

test("a thousand readers who hang up leave no work after 250 ms", { ...TIMED, timeout: 120_000 }, async () => {
  // In small groups, so that the first of one does not send its whole page before the last has begun.
  for (let round = 0; round < 50; round++) {
    const sockets = await Promise.all(Array.from({ length: 20 }, openQuery));
    // A query that has not begun leaves nothing.
    await Promise.all(sockets.map((socket) => once(socket, "readable")));
    sockets.forEach((socket) => socket.destroy());
  }
  await sleep(250);
  const leftMs = await busyMs(250);
  // To finish what was asked would keep it busy for a minute; collecting the garbage takes a moment.
  expect(leftMs).toBeLessThanOrEqual(100);
  await until("the server is idle", async () => (await busyMs(500)) <= 30, 10_000);
  const { entries, end } = await server.api.queryAll(project.key, { limit: 10_000 });
  expect([entries.length, end.complete]).toEqual([LINES, true]);
});

test("counts and exports whose clients hang up leave no work after 250 ms", TIMED, async () => {
  await untilQuiet();
  const body = JSON.stringify({ ...ALL_TIME, query: "x* OR nowhere", fields: ["service", "host"] });
  const counts = Array.from({ length: 30 }, () =>
    open(`POST /facets HTTP/1.1\r\ncontent-length: ${body.length}`, body),
  );
  const exports = Array.from({ length: 8 }, () => open("GET /export?from=0&to=now%2B1d HTTP/1.1"));
  const sockets = await Promise.all([...counts, ...exports]);
  // So many requests at once take a moment to begin, and seconds to end.
  await sleep(600);
  sockets.forEach((socket) => socket.destroy());
  await sleep(250);
  // To finish what was asked would keep it busy for seconds; closing so many and collecting their garbage takes a moment.
  expect(await busyMs(250)).toBeLessThanOrEqual(180);
  expect(await busyMs(250)).toBeLessThanOrEqual(50);
  const answer = await server.api.call("/facets", { method: "POST", key: project.key, body });
  expect(await answer.json()).toMatchObject({ complete: true });
});

test("a slow reader gets every line of its page", async () => {
  const answer = await server.api.call("/query", {
    method: "POST",
    key: project.key,
    body: JSON.stringify({ ...ALL_TIME, limit: 10_000 }),
  });
  let bytes = 0;
  let lines = 0;
  let tail = "";
  for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    for (const byte of chunk) if (byte === 10) lines++;
    tail = (tail + Buffer.from(chunk).toString("latin1")).slice(-1_000);
    if (bytes % 7 === 0) await sleep(20);
  }
  expect(lines).toBeGreaterThanOrEqual(10_001);
  expect(tail).toMatch(/\{"end":\{"complete":true,"matched":10000,/);
});
