import { BinaryWriter } from "@bufbuild/protobuf/wire";
import fc from "fast-check";

/*
 * Records of OTLP and Loki as bytes of protobuf: most are what senders usually write, and everything that a decoder may stumble
 * over comes often enough.
 */

/** When the records are received. */
export const NOW_MS = Date.parse("2026-03-01T00:00:00Z");

/** Most records have to be usual ones, or the kernel takes none: what is odd comes once in so many times. */
function mostly<T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>, once = 20): fc.Arbitrary<T> {
  return fc.oneof({ weight: once - 1, arbitrary: usual }, { weight: 1, arbitrary: odd });
}

/** Texts are bytes, since some senders do not write UTF-8. */
const text: fc.Arbitrary<Uint8Array> = mostly(
  fc
    .oneof(
      fc.string({ unit: "binary", maxLength: 30 }).map((value) => value.toWellFormed()),
      fc.string({ maxLength: 70 }),
      fc.constantFrom("", '"\\\n\t\b\f\r\u0000\u001f\u007f\u2028', "\u{1f600}é".repeat(9), "x".repeat(300)),
    )
    .map((value) => Buffer.from(value)),
  fc.oneof(
    fc
      .string({ maxLength: 20 })
      .chain((before) =>
        fc.uint8Array({ min: 128, minLength: 1, maxLength: 4 }).map((bad) => Buffer.concat([Buffer.from(before), bad])),
      ),
    fc
      .constantFrom(
        [0xed, 0xa0, 0x80],
        [0xc0, 0x80],
        [0xe0, 0x9f, 0x80],
        [0xf0, 0x8f, 0x80, 0x80],
        [0xf4, 0x90, 0x80, 0x80],
      )
      .map((bad) => Buffer.from(bad)),
  ),
);
const line = mostly(
  text,
  fc
    .oneof(
      fc.stringMatching(
        /^[ \t\n\u00a0\ufeff]{0,2}[a-z@./{-]{1,3}=?[a-z="\u2003é]{0,4}[ \t]?([a-z]{1,5}=[^\s"=]{0,3} ?){0,2}$/,
      ),
      fc.constantFrom(
        '{"msg":"inner","level":"warn"}',
        "level=error msg=x k=v",
        " level=error msg=x",
        "\u00a0level=error msg=x",
        "\u2003\ufefflevel=error msg=x",
        'level="error" msg="x y"',
        "msg=x\u00a0level=error",
      ),
    )
    .map((value) => Buffer.from(value)),
  4,
);
const name = mostly(
  fc.oneof(
    fc.nat(60).map((number) => `key.${number}`),
    fc.stringMatching(/^[ -!#-[\]-~]{1,20}$/),
    fc.constantFrom("x".repeat(256), "component", "name", "host"),
  ),
  fc.oneof(
    fc.constantFrom(
      "key.1",
      "level",
      "app",
      "job",
      "detected_level",
      "service.name",
      "traceId",
      "trace_id",
      "dd.span_id",
    ),
    fc.constantFrom("", "é", "a\u0085b", 'a"b', "a\\b", "a\u007f", "__proto__", "x".repeat(257)),
  ),
);
const id = mostly(
  fc.uint8Array({ minLength: 8, maxLength: 16 }),
  fc.constantFrom(new Uint8Array(0), new Uint8Array(16), new Uint8Array(40).fill(7)),
);
const timestampNs = mostly(
  fc.oneof(
    fc.bigInt(0n, BigInt(NOW_MS) * 1_000_000n),
    fc.bigInt(0n, BigInt(NOW_MS) * 1_000n).map((micros) => micros * 1_000n),
    fc.bigInt(0n, BigInt(NOW_MS)).map((ms) => ms * 1_000_000n),
    fc.constantFrom(951_782_400_000_000_000n, 1_709_251_199_999_999_999n),
  ),
  fc.oneof(
    fc.bigInt(0n, 2n ** 64n - 1n),
    fc.constantFrom(
      0n,
      1n,
      BigInt(NOW_MS + 86_400_000) * 1_000_000n + 999_999n,
      BigInt(NOW_MS + 86_400_001) * 1_000_000n,
    ),
  ),
);

const field = (number: number, type: number) => number * 8 + type;

/** Write writes one field of a message. */
type Write = (writer: BinaryWriter) => unknown;

export function bytesField(number: number, of: Uint8Array): Write {
  return (writer) => writer.uint32(field(number, 2)).bytes(of);
}

export function textField(number: number, of: string): Write {
  return bytesField(number, Buffer.from(of));
}

export function varintField(number: number, of: number | bigint): Write {
  return (writer) => writer.uint32(field(number, 0)).int64(of);
}

export function fixed64Field(number: number, of: bigint): Write {
  return (writer) => writer.uint32(field(number, 1)).fixed64(of);
}

/** messageOf encodes a message of fields, in this order. */
export function messageOf(...parts: Write[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const write of parts) write(writer);
  return writer.finish();
}

type Place = [place: number, byte: number];
const place = fc.tuple(fc.double({ min: 0, max: 0.99, noNaN: true }), fc.nat(255));
/** Bytes of a record that are overwritten, by their place in it. */
const damage = mostly<Place[]>(fc.constant([]), fc.array(place, { maxLength: 2 }), 8);

function damaged(record: Uint8Array, places: readonly Place[]): Uint8Array {
  for (const [at, byte] of places) if (record.length > 0) record[Math.floor(at * record.length)] = byte;
  return record;
}

const anyValue = mostly<Write>(
  fc.oneof(
    text.map((of) => bytesField(1, of)),
    fc.boolean().map((of) => varintField(2, Number(of))),
    fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map((of) => varintField(3, of)),
    fc.integer().map((of) => varintField(3, of)),
  ),
  fc.oneof(
    fc.nat(300).map((of) => varintField(2, of)),
    fc.double().map(
      (of): Write =>
        (writer) =>
          writer.uint32(field(4, 1)).double(of),
    ),
    fc.constant<Write>(() => undefined),
  ),
);
const pair = fc.tuple(name, anyValue).map(([key, of]) => messageOf(textField(1, key), bytesField(2, messageOf(of))));

/** Fields come in any order and more than once. */
const logRecordField = fc.oneof(
  timestampNs.map((time) => fixed64Field(11, time)),
  mostly(fc.nat(24), fc.integer({ min: -1, max: 300 })).map((number) => varintField(2, number)),
  fc.constantFrom("INFO", "warning", "error", "odd\n").map((level) => textField(3, level)),
  text.map((level) => bytesField(3, level)),
  pair.map((of) => bytesField(6, of)),
  pair.map((of) => bytesField(6, of)),
  fc.tuple(fc.constantFrom(9, 10), id).map(([number, of]) => bytesField(number, of)),
  fc.nat().map((count) => varintField(7, count)),
  fc.nat().map(
    (flags): Write =>
      (writer) =>
        writer.uint32(field(8, 5)).fixed32(flags),
  ),
);
/** A LogRecord of OTLP. */
export const logRecord = fc
  .record({
    time: mostly(timestampNs, fc.constant(0n)),
    body: mostly(
      line.map((of) => bytesField(1, of)),
      anyValue,
    ),
    fields: fc.array(logRecordField, { maxLength: 7 }),
    places: damage,
  })
  .map(({ time, body, fields, places }) =>
    damaged(messageOf(fixed64Field(1, time), bytesField(5, messageOf(body)), ...fields), places),
  );
/** A resource, as ResourceLogs has it before its scopes. */
export const resource = fc
  .tuple(text, mostly<Uint8Array[]>(fc.constant([]), fc.array(pair, { maxLength: 4 }), 2))
  .map(([service, pairs]) => {
    const named = messageOf(textField(1, "service.name"), bytesField(2, messageOf(bytesField(1, service))));
    return messageOf(bytesField(1, messageOf(...[named, ...pairs].map((of) => bytesField(1, of)))));
  });

/** An Entry of a stream of Loki. */
export const entry = fc
  .record({
    seconds: mostly(
      timestampNs.map((time) => BigInt.asIntN(64, time / 1_000_000_000n)),
      fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
    ),
    nanos: mostly(
      fc.oneof(
        fc.nat(999_999_999),
        fc.nat(999).map((ms) => ms * 1_000_000),
      ),
      fc.integer(),
    ),
    text: line,
    metadata: fc.array(
      fc.tuple(name, text).map(([key, of]) => messageOf(textField(1, key), bytesField(2, of))),
      { maxLength: 5 },
    ),
    places: damage,
  })
  .map(({ seconds, nanos, text: of, metadata, places }) => {
    const time = messageOf(varintField(1, seconds), varintField(2, nanos));
    const pairs = metadata.map((one) => bytesField(3, one));
    return damaged(messageOf(bytesField(1, time), bytesField(2, of), ...pairs), places);
  });
const label = mostly(
  fc.constantFrom("app", "service_name", "level", "host", "component", "q"),
  fc.constantFrom("job", "traceId", "trace_id", "key.1"),
  5,
);
/** The labels of a stream, as it has them before its entries. */
export const stream = fc.dictionary(label, fc.string(), { maxKeys: 4 }).map((labels) => {
  const pairs = Object.entries(labels).map(([key, of]) => `${key}=${JSON.stringify(of)}`);
  return messageOf(textField(1, `{${pairs.join(",")}}`));
});
