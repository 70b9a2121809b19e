import { once } from "node:events";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { streamResponse } from "#app/server/http/stream-response.ts";
import { eventually, rawRequest, serve, type Served } from "#tests/integration/http/serve.ts";

const MIB = 1024 * 1024;
const GET = "GET /stream HTTP/1.1\r\nhost: localhost\r\n\r\n";

let served: Served;
afterEach(() => served.close());

describe("a client that stops reading", () => {
  test("costs at most 1 MiB beyond what the kernel took, and goes on where it stopped", async () => {
    let produced = 0;
    const chunk = new Uint8Array(16 * 1024).fill(0x61);
    // Far more than the kernel takes; without an end a writer that never waits would hang the test, not fail it.
    async function* endless() {
      while (produced < 256 * MIB) {
        produced += chunk.length;
        yield chunk;
      }
    }
    served = await serve(async (_request, context) => streamResponse(context, endless()));
    const accepted = once(served.server, "connection") as Promise<[Socket]>;
    const client = await rawRequest(served.port, GET);
    const [serverSide] = await accepted;

    await eventually(() => produced > MIB);
    const afterStall = await untilStill(() => produced);
    await sleep(300);
    expect(produced).toBe(afterStall);
    expect(produced - takenByKernel(serverSide)).toBeLessThanOrEqual(MIB);

    client.resume();
    await eventually(() => produced > afterStall + 8 * MIB);
    client.destroy();
    await sleep(100);
    const afterLeaving = produced;
    await sleep(100);
    expect(produced).toBe(afterLeaving);
  });

  test("gets every byte in order when it comes back", async () => {
    const lines = Array.from({ length: 200_000 }, (_, index) => `${index} ${"x".repeat(80)}\n`);
    async function* all() {
      for (let at = 0; at < lines.length; at += 100) yield lines.slice(at, at + 100).join("");
    }
    served = await serve(async (_request, context) => streamResponse(context, all()));
    const answer = await fetch(`${served.url}/stream`);
    const reader = answer.body!.getReader();
    let received = "";
    const decoder = new TextDecoder();
    for (let reads = 0; ; reads += 1) {
      const { done, value } = await reader.read();
      if (done) break;
      received += decoder.decode(value, { stream: true });
      if (reads % 50 === 0) await sleep(10);
    }
    expect(received === lines.join("")).toBe(true);
  });
});

describe("a client that hangs up", () => {
  test("leaves no iterator running: 1,000 of them are gone after 250 ms", async () => {
    let running = 0;
    async function* slow(gone: AbortSignal) {
      running += 1;
      try {
        for (;;) {
          yield "data: still here\n\n";
          await sleep(500, undefined, { signal: gone }).catch(() => undefined);
        }
      } finally {
        running -= 1;
      }
    }
    served = await serve(async (_request, context) => streamResponse(context, slow(context.gone)));
    const clients: Socket[] = [];
    for (let batch = 0; batch < 10; batch += 1) {
      clients.push(...(await Promise.all(Array.from({ length: 100 }, () => rawRequest(served.port, GET)))));
    }
    await eventually(() => running === 1_000);

    for (const [index, client] of clients.entries()) {
      if (index % 2 === 0) client.destroy();
      else client.resetAndDestroy();
    }
    await sleep(250);
    expect(running).toBe(0);
  });

  test("ends a stalled stream too", async () => {
    let returned = false;
    async function* endless() {
      try {
        for (;;) yield "x".repeat(65_536);
      } finally {
        returned = true;
      }
    }
    served = await serve(async (_request, context) => streamResponse(context, endless()));
    const client = await rawRequest(served.port, GET);
    await sleep(200);
    expect(returned).toBe(false);
    client.resetAndDestroy();
    await eventually(() => returned, 250);
  });

  test("is not logged as a failure", async () => {
    async function* endless() {
      for (;;) yield "x".repeat(65_536);
    }
    served = await serve(async (_request, context) => streamResponse(context, endless()));
    const client = await rawRequest(served.port, GET);
    await sleep(50);
    client.resetAndDestroy();
    await sleep(50);
    expect(served.logged).toEqual([]);
  });

  test("while the handler still works never starts the source", async () => {
    let started = false;
    let answered = false;
    async function* source() {
      started = true;
      yield "x";
    }
    served = await serve(async (_request, context) => {
      await once(context.gone, "abort");
      answered = true;
      return streamResponse(context, source());
    });
    const client = await rawRequest(served.port, GET);
    await sleep(30);
    client.destroy();
    await eventually(() => answered);
    await sleep(20);
    expect(started).toBe(false);
  });
});

describe("a stream", () => {
  test("shows its headers before its first chunk", async () => {
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    async function* late() {
      await released;
      yield "at last";
    }
    served = await serve(async (_request, context) => streamResponse(context, late(), { status: 203 }));
    const answer = await fetch(`${served.url}/stream`);
    expect(answer.status).toBe(203);
    release();
    expect(await answer.text()).toBe("at last");
  });

  test("delivers each chunk when it is yielded, not with the next", async () => {
    const released: (() => void)[] = [];
    async function* steps() {
      for (const step of ["one", "two", "three"]) {
        yield step;
        await new Promise<void>((resolve) => released.push(resolve));
      }
    }
    served = await serve(async (_request, context) => streamResponse(context, steps()));
    const reader = (await fetch(`${served.url}/stream`)).body!.getReader();
    for (const step of ["one", "two", "three"]) {
      const { value } = await reader.read();
      expect(new TextDecoder().decode(value)).toBe(step);
      await eventually(() => released.length > 0);
      released.pop()!();
    }
    expect((await reader.read()).done).toBe(true);
  });

  test("that fails is cut off, so that nobody takes it for whole, and logged once", async () => {
    async function* failing() {
      yield "x".repeat(100_000);
      await sleep(20);
      throw new Error("disk on fire");
    }
    served = await serve(async (_request, context) => streamResponse(context, failing()));
    const answer = await fetch(`${served.url}/stream`);
    await expect(answer.text()).rejects.toThrow();
    expect(served.logged).toHaveLength(1);
    expect(JSON.stringify(served.logged[0])).toContain("disk on fire");
  });

  test("that fails before anything was sent is a 500 problem without a trace of the stream", async () => {
    async function* failing() {
      yield "lost";
      throw new Error("disk on fire");
    }
    const headers = { "content-type": "application/x-ndjson", "x-kind": "stream" };
    served = await serve(async (_request, context) => streamResponse(context, failing(), { headers }));
    const answer = await fetch(`${served.url}/stream`);
    expect(answer.status).toBe(500);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.headers.get("x-kind")).toBeNull();
    expect(answer.headers.get("x-request-id")).not.toBeNull();
    expect(await answer.text()).not.toContain("disk on fire");
    expect(served.logged).toHaveLength(1);
  });

  test("of events ends when the server stops", async () => {
    const stopping = new AbortController();
    let returned = false;
    async function* events() {
      try {
        for (;;) {
          yield "data: x\n\n";
          await sleep(10);
        }
      } finally {
        returned = true;
      }
    }
    served = await serve(
      async (_request, context) =>
        streamResponse(context, events(), { headers: { "content-type": "text/event-stream" } }),
      { stopping: stopping.signal },
    );
    const answer = await fetch(`${served.url}/stream`);
    setTimeout(() => stopping.abort(), 50);
    expect(await answer.text()).toContain("data: x");
    await eventually(() => returned, 250);
  });

  test("answers HEAD with its headers alone and never starts the source", async () => {
    let started = false;
    async function* source() {
      started = true;
      yield "x";
    }
    served = await serve(async (_request, context) =>
      streamResponse(context, source(), { headers: { "x-kind": "stream" } }),
    );
    const answer = await fetch(`${served.url}/stream`, { method: "HEAD" });
    expect(answer.headers.get("x-kind")).toBe("stream");
    expect(await answer.text()).toBe("");
    expect(started).toBe(false);
  });
});

/** takenByKernel is what left the process: written to the socket's handle and not waiting there. */
function takenByKernel(socket: Socket): number {
  const { _handle: handle } = socket as unknown as { _handle: { bytesWritten: number; writeQueueSize: number } };
  return handle.bytesWritten - handle.writeQueueSize;
}

async function untilStill(value: () => number): Promise<number> {
  for (;;) {
    const before = value();
    await sleep(150);
    if (value() === before) return before;
  }
}
