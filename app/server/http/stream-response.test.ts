import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import type { RequestContext } from "#app/server/http/load-context.ts";
import { streamResponse } from "#app/server/http/stream-response.ts";

function contextOf(options: { drained?: () => Promise<void>; method?: string } = {}) {
  const client = new AbortController();
  const context: Pick<RequestContext, "gone" | "drained" | "nodeRequest"> = {
    gone: client.signal,
    drained: options.drained ?? (() => Promise.resolve()),
    nodeRequest: { method: options.method ?? "GET" } as IncomingMessage,
  };
  return { client, context };
}

function countingSource() {
  const counts = { yielded: 0, returned: 0 };
  async function* source() {
    try {
      for (;;) {
        counts.yielded += 1;
        yield `${counts.yielded}\n`;
      }
    } finally {
      counts.returned += 1;
    }
  }
  return { counts, source: source() };
}

const aTick = () => new Promise((resolve) => setTimeout(resolve, 5));

test("nothing is asked of the source before somebody reads", async () => {
  const { counts, source } = countingSource();
  const { context } = contextOf();
  const reader = streamResponse(context, source).body!.getReader();
  await aTick();
  expect(counts.yielded).toBe(0);
  await reader.read();
  await aTick();
  expect(counts.yielded).toBe(1);
});

test("the source waits until the client has drained", async () => {
  let letGo = () => {};
  const { counts, source } = countingSource();
  const { context } = contextOf({ drained: () => new Promise((resolve) => (letGo = resolve)) });
  const reader = streamResponse(context, source).body!.getReader();
  const first = reader.read();
  await aTick();
  expect(counts.yielded).toBe(0);
  letGo();
  expect(new TextDecoder().decode((await first).value)).toBe("1\n");
});

test("a client that goes ends the source even when nobody holds the body any more", async () => {
  const { counts, source } = countingSource();
  const { client, context } = contextOf();
  await streamResponse(context, source).body!.getReader().read();
  expect(counts.returned).toBe(0);
  client.abort();
  await aTick();
  expect(counts).toEqual({ yielded: 1, returned: 1 });
});

test("cancelling the body ends the source once", async () => {
  const { counts, source } = countingSource();
  const { client, context } = contextOf();
  const reader = streamResponse(context, source).body!.getReader();
  await reader.read();
  await reader.cancel();
  client.abort();
  await aTick();
  expect(counts.returned).toBe(1);
});

test("an empty chunk is passed over, text and bytes go out as they are", async () => {
  async function* source() {
    yield "";
    yield "é";
    yield new Uint8Array(0);
    yield new Uint8Array([1, 2]);
  }
  const { context } = contextOf();
  const answer = new Uint8Array(await streamResponse(context, source()).arrayBuffer());
  expect([...answer]).toEqual([0xc3, 0xa9, 1, 2]);
});
