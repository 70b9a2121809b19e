import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DecodedRecords } from "#app/server/protocols/json/decode-json.ts";
import { decodeLokiProtobuf } from "#app/server/protocols/loki/decode-loki-protobuf.ts";
import { decodeOtlpProtobuf } from "#app/server/protocols/otlp/decode-otlp-protobuf.ts";
import type { DecodeContext } from "#app/server/protocols/protocol.ts";
import {
  bytesField,
  entry,
  fixed64Field,
  logRecord,
  messageOf,
  NOW_MS,
  resource,
  stream,
  textField,
  varintField,
} from "#tests/support/protobuf-arbitraries.ts";

/*
 * Every record goes both ways. A field that nobody knows is ignored by the general path and is none that the kernel takes,
 * so with one in front of it the same record is decoded without the kernel.
 */

const UNKNOWN_FIELD = Buffer.from([15 * 8, 1]);

type Decode = (body: Buffer, context: DecodeContext) => Promise<DecodedRecords>;

function contextOf(open: boolean): DecodeContext {
  const request = { method: "POST", url: new URL("http://localhost/"), header: () => undefined, params: {} };
  return { request, receivedAtMs: NOW_MS, lines: { open, keepRaw: open } };
}

/** All that a request becomes; a body that is no protobuf becomes a status. Services by name: some may have no entry. */
async function outcomeOf(decode: Decode, body: Buffer, open: boolean) {
  try {
    const { block, rejected, errors } = await decode(body, contextOf(open));
    const { bytes, count, services, maxLineBytes, minMs, maxMs, serviceOf, ...columns } = block;
    return {
      lines: bytes.toString("utf8").split("\n"),
      columns: Object.fromEntries(Object.entries(columns).map(([column, values]) => [column, [...values]])),
      services: [...serviceOf].map((number) => services[number]),
      bounds: [count, maxLineBytes, minMs, maxMs],
      rejected,
      errors,
    };
  } catch (error) {
    return { status: (error as { status?: number }).status };
  }
}

/** A group is what its records share, and the records, as encoded messages. */
interface Group {
  head: Uint8Array;
  records: Uint8Array[];
}

/** Resources and streams are field 1 of the request; records are field 2, in a scope of the resource or in the stream. */
function requestOf(groups: readonly Group[], isScoped: boolean, isGeneral: boolean): Buffer {
  const request = groups.map(({ head, records }) => {
    const fields = records.map((record) => bytesField(2, isGeneral ? Buffer.concat([UNKNOWN_FIELD, record]) : record));
    const rest = isScoped ? messageOf(bytesField(2, messageOf(...fields))) : messageOf(...fields);
    return bytesField(1, Buffer.concat([head, rest]));
  });
  return Buffer.from(messageOf(...request));
}

function groupsOf(head: fc.Arbitrary<Uint8Array>, record: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Group[]> {
  return fc.array(fc.record({ head, records: fc.array(record, { maxLength: 8 }) }), { minLength: 1, maxLength: 3 });
}

function resourceOf(attributes: Uint8Array[]): Uint8Array {
  return messageOf(bytesField(1, messageOf(...attributes.map((of) => bytesField(1, of)))));
}

function attributeOf(key: string, value: string): Uint8Array {
  return messageOf(textField(1, key), bytesField(2, messageOf(textField(1, value))));
}

function logRecordOf(body: string, attributes: Uint8Array[] = []): Uint8Array {
  return messageOf(
    fixed64Field(1, BigInt(NOW_MS) * 1_000_000n),
    bytesField(5, messageOf(textField(1, body))),
    ...attributes.map((of) => bytesField(6, of)),
  );
}

const attributesOf = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, i) => attributeOf(`${prefix}${i}`, String(i)));

const PROTOCOLS = [
  { protocol: "OTLP", decode: decodeOtlpProtobuf, groups: groupsOf(resource, logRecord), isScoped: true },
  { protocol: "Loki", decode: decodeLokiProtobuf, groups: groupsOf(stream, entry), isScoped: false },
];

describe("what the kernel makes of protobuf", () => {
  it.each(PROTOCOLS)(
    "is what the general path makes of it: $protocol",
    { timeout: 60_000 },
    async ({ decode, groups, isScoped }) => {
      await fc.assert(
        fc.asyncProperty(groups, fc.boolean(), async (some, open) => {
          const general = await outcomeOf(decode, requestOf(some, isScoped, true), open);
          expect(await outcomeOf(decode, requestOf(some, isScoped, false), open)).toEqual(general);
        }),
        { numRuns: 500 },
      );
    },
  );

  it.each([
    ["more lines than it holds", [], Array.from({ length: 17_000 }, (_, i) => logRecordOf(`line ${i}`))],
    [
      "shared tags that fill its lines",
      [attributeOf("k", "v".repeat(32_000))],
      attributesOf(100, "").map(() => logRecordOf("x")),
    ],
    ["shared tags that have no room", [attributeOf("k", "v".repeat(40_000))], [logRecordOf("x")]],
    [
      "records across the borders of its window",
      [],
      Array.from({ length: 3_000 }, (_, i) => logRecordOf("m".repeat((i * 7) % 1_997))),
    ],
    [
      "records about as large as it takes, and far larger",
      [],
      [131_000, 131_072, 1, 131_073, 600_000, 1_048_576, 1_100_000, 10].map((length) =>
        logRecordOf("\u0001".repeat(length)),
      ),
    ],
    [
      "lines that swell as it has room for two",
      [],
      attributesOf(3, "").map(() => logRecordOf("\u0001".repeat(100_000))),
    ],
    ["as many tags as it notes", attributesOf(64, "s"), [logRecordOf("x", attributesOf(64, "r")), logRecordOf("y")]],
    ["more tags than it notes", attributesOf(64, "s"), [logRecordOf("x", attributesOf(65, "r")), logRecordOf("y")]],
    ["more shared tags than it notes", attributesOf(65, "s"), [logRecordOf("x")]],
  ])("is that also for %s", { timeout: 60_000 }, async (_, attributes, records) => {
    const groups = [{ head: resourceOf(attributes), records }];
    const general = await outcomeOf(decodeOtlpProtobuf, requestOf(groups, true, true), false);
    expect(general).toMatchObject({ rejected: 0 });
    // Compared by hand first: what differs in megabytes takes minutes to be printed.
    const byKernel = await outcomeOf(decodeOtlpProtobuf, requestOf(groups, true, false), false);
    expect(byKernel.lines?.findIndex((line, i) => line !== general.lines?.[i])).toBe(-1);
    expect(byKernel).toEqual(general);
  });

  it("is that also for records that end anywhere", async () => {
    const time = fixed64Field(1, BigInt(NOW_MS) * 1_000_000n);
    const rest = [bytesField(5, messageOf(textField(1, "body"))), bytesField(6, attributeOf("k", "v"))];
    const head = resourceOf([]);
    for (const record of [
      messageOf(...rest, time),
      messageOf(time, ...rest),
      messageOf(time, ...rest, varintField(2, 9)),
    ]) {
      for (let length = 0; length < record.length; length++) {
        const groups = [{ head, records: [record.subarray(0, length), record] }];
        const general = await outcomeOf(decodeOtlpProtobuf, requestOf(groups, true, true), false);
        expect(await outcomeOf(decodeOtlpProtobuf, requestOf(groups, true, false), false)).toEqual(general);
      }
    }
  });
});
