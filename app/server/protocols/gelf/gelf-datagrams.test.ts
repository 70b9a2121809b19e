import { deflateSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { GelfDatagrams } from "#app/server/protocols/gelf/gelf-datagrams.ts";

const MESSAGE = Buffer.from('{"version":"1.1","host":"h","short_message":"hello"}');

function chunksOf(body: Buffer, count: number, id = 1): Buffer[] {
  const size = Math.ceil(body.length / count);
  return Array.from({ length: count }, (_, i) =>
    Buffer.concat([
      Buffer.from([0x1e, 0x0f, id, 0, 0, 0, 0, 0, 0, 0, i, count]),
      body.subarray(i * size, (i + 1) * size),
    ]),
  );
}

function takeAll(datagrams: GelfDatagrams, sent: Buffer[], nowMs = 0): string[] {
  return sent.flatMap((datagram) => datagrams.take(datagram, nowMs)?.toString() ?? []);
}

test.each([
  ["as it is", MESSAGE],
  ["gzip", gzipSync(MESSAGE)],
  ["zlib", deflateSync(MESSAGE)],
])("a message comes %s, whole or in chunks of any order", (_, body) => {
  const datagrams = new GelfDatagrams();
  expect(takeAll(datagrams, [body])).toEqual([MESSAGE.toString()]);
  expect(takeAll(datagrams, chunksOf(body, 5).reverse())).toEqual([MESSAGE.toString()]);
});

test("chunks of several messages mix, and one that comes twice counts once", () => {
  const [a1, a2] = chunksOf(Buffer.from("first"), 2, 1) as [Buffer, Buffer];
  const [b1, b2] = chunksOf(Buffer.from("other"), 2, 2) as [Buffer, Buffer];
  expect(takeAll(new GelfDatagrams(), [a1, a1, b1, b2, a2])).toEqual(["other", "first"]);
});

test("a message that lacks a chunk for more than five seconds is given up", () => {
  const datagrams = new GelfDatagrams();
  const [first, second] = chunksOf(MESSAGE, 2) as [Buffer, Buffer];
  expect(takeAll(datagrams, [first], 0)).toEqual([]);
  expect(takeAll(datagrams, [second], 5_000)).toEqual([MESSAGE.toString()]);
  expect(takeAll(datagrams, [first], 10_000)).toEqual([]);
  expect(takeAll(datagrams, [second], 15_001)).toEqual([]);
});

test("chunks that are no sound ones make nothing", () => {
  const datagrams = new GelfDatagrams();
  const sent = (number: number, count: number) => Buffer.from([0x1e, 0x0f, 1, 2, 3, 4, 5, 6, 7, 8, number, count, 120]);
  expect(takeAll(datagrams, [sent(0, 0), sent(2, 2), sent(0, 129), sent(0, 2), sent(1, 3)])).toEqual([]);
});

test("unfinished messages are bounded: the oldest is given up", () => {
  const datagrams = new GelfDatagrams();
  const [first, second] = chunksOf(MESSAGE, 2, 0) as [Buffer, Buffer];
  takeAll(datagrams, [first]);
  const large = Buffer.alloc(120_000);
  for (let id = 1; id <= 150; id++) takeAll(datagrams, chunksOf(large, 2, id).slice(0, 1));
  expect(takeAll(datagrams, [second])).toEqual([]);
});

test.each([["<13>a line of syslog"], ["x\u009c is how zlib begins"], [""], ["\u001f"]])(
  "%j is no GELF and comes back as it is",
  (text) => {
    const datagram = Buffer.from(text, "latin1");
    expect(new GelfDatagrams().take(datagram, 0)).toEqual(datagram);
  },
);

test("a bomb is not inflated", () => {
  const bomb = gzipSync(Buffer.alloc(8 * 1024 * 1024));
  expect(new GelfDatagrams().take(bomb, 0)).toEqual(bomb);
});
