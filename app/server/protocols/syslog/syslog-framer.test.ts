import { expect, test } from "vitest";
import { MAX_FRAME_BYTES, SyslogFramer } from "#app/server/protocols/syslog/syslog-framer.ts";

/** Cut into pieces of every size, the stream gives the same messages. */
function framesOf(stream: string, pieceBytes: number): string[] {
  const framer = new SyslogFramer();
  const bytes = Buffer.from(stream);
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes)
    frames.push(...(framer.feed(bytes.subarray(at, at + pieceBytes)) ?? []).map((frame) => Buffer.from(frame)));
  return [...frames, ...framer.end()].map(String);
}

test.each([
  ["<13>one\n<13>two\n", ["<13>one", "<13>two"]],
  ["7 <13>one7 <13>two", ["<13>one", "<13>two"]],
  ['{"a":1}\0{"a":2}\0', ['{"a":1}', '{"a":2}']],
  ['{"a":1}\n{"a":2}\n', ['{"a":1}', '{"a":2}']],
  ['{"a":1}\0{"a":2}', ['{"a":1}', '{"a":2}']],
  ['<13>one\n{"a":1}\0<13>two\n', ["<13>one", '{"a":1}', "<13>two"]],
  ["<13>a\0b\n", ["<13>a\0b"]],
  ['{\n  "a": [\n    {}\n  ]\n}\0{\r\n"a": 1\r\n}\0', ['{\n  "a": [\n    {}\n  ]\n}', '{\r\n"a": 1\r\n}']],
  ['{\n  "a": 1\n}\n{"a":2}\n', ['{\n  "a": 1\n}', '{"a":2}']],
  ['{"a":1}\n\0{"a":2}\0<13>b\n\0<13>c\n', ['{"a":1}', '{"a":2}', "<13>b", "<13>c"]],
  ['{"a":"}\\"{"}\n{"a":2}\n', ['{"a":"}\\"{"}', '{"a":2}']],
  ['{"a":"cut\n{"a":2}\n', ['{"a":"cut', '{"a":2}']],
  ['{"a":[\n<13>two\n', ['{"a":[', "<13>two"]],
])("%j holds %j", (stream, frames) => {
  for (let pieceBytes = 1; pieceBytes <= stream.length; pieceBytes++)
    expect(framesOf(stream, pieceBytes)).toEqual(frames);
});

test.each([
  ["<13>", "\n"],
  ["{", "\0"],
])("a message that begins with %j is cut where it is too long, and the next one is whole", (start, end) => {
  const long = start + "x".repeat(2 * MAX_FRAME_BYTES);
  const frames = framesOf(`${long}${end}${start}next${end}`, 64 * 1024);
  expect(frames.map(({ length }) => length)).toEqual([MAX_FRAME_BYTES, start.length + 4]);
});
