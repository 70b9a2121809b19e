import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { closeServer } from "#app/server/http/close-server.ts";
import { streamResponse } from "#app/server/http/stream-response.ts";
import { rawRequest, readUntilClose, serve, type Served } from "#tests/integration/http/serve.ts";
import { TIMED } from "#tests/support/timed.ts";

let served: Served;
afterEach(() => served.close());

const GET = "GET /x HTTP/1.1\r\nhost: localhost\r\n\r\n";

test("a server that closes answers what is in flight and takes nothing new", TIMED, async () => {
  const stopping = new AbortController();
  served = await serve(
    async () => {
      await sleep(150);
      return new Response("finished");
    },
    { stopping: stopping.signal },
  );
  // An idle connection must not hold the server back.
  await (await fetch(`${served.url}/x`)).text();
  const inFlight = fetch(`${served.url}/x`);
  await sleep(50);
  stopping.abort();
  const closed = closeServer(served.server, 5_000);
  await expect(fetch(`${served.url}/x`)).rejects.toThrow();
  expect(await (await inFlight).text()).toBe("finished");
  const before = Date.now();
  await closed;
  expect(Date.now() - before).toBeLessThan(500);
});

test("a connection whose answer began before the stop does not outlive that answer", TIMED, async () => {
  const stopping = new AbortController();
  async function* follow() {
    yield ": following\n\n";
    await new Promise<never>(() => undefined);
  }
  served = await serve(
    async (_request, context) =>
      streamResponse(context, follow(), { headers: { "content-type": "text/event-stream" } }),
    { stopping: stopping.signal },
  );
  const client = await rawRequest(served.port, GET);
  await sleep(50);
  const before = Date.now();
  stopping.abort();
  await closeServer(served.server, 5_000);
  expect(Date.now() - before).toBeLessThan(2_000);
  expect(await readUntilClose(client)).toMatch(/: following[^]*\r\n0\r\n\r\n$/);
});

test("a reader that stands still is cut off when its time is over", TIMED, async () => {
  async function* endless() {
    for (;;) yield "x".repeat(65_536);
  }
  served = await serve(async (_request, context) => streamResponse(context, endless()));
  await rawRequest(served.port, GET);
  await sleep(50);
  const before = Date.now();
  await closeServer(served.server, 300);
  expect(Date.now() - before).toBeGreaterThanOrEqual(290);
  expect(Date.now() - before).toBeLessThan(1_500);
});

test("a server that never listened closes at once", async () => {
  served = await serve(async () => new Response());
  await closeServer(served.server, 1_000);
  await closeServer(served.server, 1_000);
});
