import { BinaryWriter } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { EntryBlock } from "#app/server/ingest/entry-block.ts";
import { decodeLokiProtobuf } from "#app/server/protocols/loki/decode-loki-protobuf.ts";
import { decodeLokiJson } from "#app/server/protocols/loki/decode-loki-json.ts";
import { decodeOtlpJson } from "#app/server/protocols/otlp/decode-otlp-json.ts";
import { decodeOtlpProtobuf } from "#app/server/protocols/otlp/decode-otlp-protobuf.ts";
import type { DecodeContext } from "#app/server/protocols/protocol.ts";

/*
 * Protobuf is composed from slices where that is enough, and JSON always takes the general path, so the two must agree:
 * in every byte of the lines but the order of tags.
 */

const NOW_MS = Date.UTC(2026, 0, 2);

function contextOf(open: boolean): DecodeContext {
  const request = { method: "POST", url: new URL("http://localhost/"), header: () => undefined, params: {} };
  return { request, receivedAtMs: NOW_MS, lines: { open, keepRaw: open } };
}

const text = fc
  .oneof(
    fc.string({ unit: "binary", maxLength: 30 }),
    fc.string({ maxLength: 40 }),
    fc.constantFrom(
      "",
      "plain text",
      '{"msg":"inner","level":"warn"}',
      "level=error msg=x k=v",
      '{"broken',
      "a=b",
      '"\\\n\t\u2028',
    ),
  )
  .map((value) => value.toWellFormed());
const name = fc.oneof(
  fc.constantFrom(
    "a",
    "b",
    "host",
    "level",
    "component",
    "app",
    "traceId",
    "trace_id",
    "nested.key",
    "__proto__",
    "a\u0085b",
    "é",
  ),
  fc.string({ minLength: 1, maxLength: 10 }).map((value) => value.toWellFormed()),
);
/** Services by name: a block may number some that none of its entries has. */
function columnsOf({ services, serviceOf, levelOf, ms }: EntryBlock) {
  return [[...serviceOf].map((number) => services[number]), [...levelOf], [...ms]];
}

const timestampNs = fc.oneof(
  fc.bigInt(0n, BigInt(NOW_MS) * 1_000_000n),
  fc.bigInt(0n, BigInt(NOW_MS)).map((ms) => ms * 1_000_000n),
  fc.bigInt(0n, 2n ** 64n - 1n),
);
const attribute = fc.oneof(text, fc.boolean(), fc.integer(), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.double());
const record = fc.record({
  timestampNs,
  severity: fc.integer({ min: 0, max: 30 }),
  severityText: fc.constantFrom("", "INFO", "warning", "error", "odd\n"),
  message: text,
  attributes: fc.array(fc.tuple(name, attribute), { maxLength: 6 }),
  traceId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
});
const resource = fc.array(fc.tuple(name, text), { maxLength: 4 });

type Attribute = string | boolean | number | bigint;
const field = (number: number, type: number) => number * 8 + type;

function writeAttribute(writer: BinaryWriter, number: number, key: string, value: Attribute): void {
  writer.uint32(field(number, 2)).fork().uint32(field(1, 2)).string(key).uint32(field(2, 2)).fork();
  if (typeof value === "string") writer.uint32(field(1, 2)).string(value);
  else if (typeof value === "boolean") writer.uint32(field(2, 0)).bool(value);
  else if (typeof value === "bigint" || Number.isSafeInteger(value)) writer.uint32(field(3, 0)).int64(BigInt(value));
  else writer.uint32(field(4, 1)).double(value);
  writer.join().join();
}

function jsonAttribute([key, value]: [string, Attribute]): object {
  if (typeof value === "string") return { key, value: { stringValue: value } };
  if (typeof value === "boolean") return { key, value: { boolValue: value } };
  if (typeof value === "bigint" || Number.isSafeInteger(value))
    return { key, value: { intValue: String(BigInt(value)) } };
  return { key, value: { doubleValue: Number.isFinite(value) ? value : String(value) } };
}

function lines(bytes: Buffer): unknown[] {
  return bytes
    .toString("utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as unknown);
}

test("OTLP in protobuf becomes what OTLP in JSON becomes", { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      resource,
      fc.array(record, { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      async (attributes, records, open) => {
        const writer = new BinaryWriter().uint32(field(1, 2)).fork().uint32(field(1, 2)).fork();
        for (const [key, value] of attributes) writeAttribute(writer, 1, key, value);
        writer.join().uint32(field(2, 2)).fork();
        for (const one of records) {
          writer.uint32(field(2, 2)).fork().uint32(field(1, 1)).fixed64(one.timestampNs);
          writer.uint32(field(2, 0)).uint32(one.severity).uint32(field(3, 2)).string(one.severityText);
          writer.uint32(field(5, 2)).fork().uint32(field(1, 2)).string(one.message).join();
          for (const [key, value] of one.attributes) writeAttribute(writer, 6, key, value);
          writer.uint32(field(9, 2)).bytes(one.traceId).join();
        }
        const protobuf = await decodeOtlpProtobuf(Buffer.from(writer.join().join().finish()), contextOf(open));
        const json = decodeOtlpJson(
          Buffer.from(
            JSON.stringify({
              resourceLogs: [
                {
                  resource: { attributes: attributes.map(jsonAttribute) },
                  scopeLogs: [
                    {
                      logRecords: records.map((one) => ({
                        timeUnixNano: String(one.timestampNs),
                        severityNumber: one.severity,
                        severityText: one.severityText,
                        body: { stringValue: one.message },
                        attributes: one.attributes.map(jsonAttribute),
                        traceId: Buffer.from(one.traceId).toString("hex"),
                      })),
                    },
                  ],
                },
              ],
            }),
          ),
          contextOf(open),
        );
        expect(lines(protobuf.block.bytes)).toEqual(lines(json.block.bytes));
        expect(protobuf.errors).toEqual(json.errors);
        expect(columnsOf(protobuf.block)).toEqual(columnsOf(json.block));
        protobuf.block.tagsStart.forEach((at) =>
          expect(protobuf.block.bytes.toString("utf8", at - 7, at + 1)).toBe('"tags":{'),
        );
      },
    ),
    { numRuns: 500 },
  );
});

test("Loki in protobuf becomes what Loki in JSON becomes", { timeout: 60_000 }, async () => {
  const label = fc.constantFrom("app", "level", "host", "job", "component", "traceId", "q");
  const entry = fc.record({ timestampNs, line: text, metadata: fc.dictionary(name, text, { maxKeys: 4 }) });
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(label, text, { maxKeys: 4 }),
      fc.array(entry, { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      async (labels, entries, open) => {
        const pairs = Object.entries(labels).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
        const writer = new BinaryWriter()
          .uint32(field(1, 2))
          .fork()
          .uint32(field(1, 2))
          .string(`{${pairs.join(",")}}`);
        for (const one of entries) {
          writer.uint32(field(2, 2)).fork().uint32(field(1, 2)).fork();
          writer.uint32(field(1, 0)).int64(one.timestampNs / 1_000_000_000n);
          writer
            .uint32(field(2, 0))
            .int32(Number(one.timestampNs % 1_000_000_000n))
            .join();
          writer.uint32(field(2, 2)).string(one.line);
          for (const [key, value] of Object.entries(one.metadata)) {
            writer.uint32(field(3, 2)).fork().uint32(field(1, 2)).string(key).uint32(field(2, 2)).string(value).join();
          }
          writer.join();
        }
        const protobuf = await decodeLokiProtobuf(Buffer.from(writer.join().finish()), contextOf(open));
        const values = entries.map((one) => [String(one.timestampNs), one.line, one.metadata]);
        const json = decodeLokiJson(
          Buffer.from(JSON.stringify({ streams: [{ stream: labels, values }] })),
          contextOf(open),
        );
        expect(lines(protobuf.block.bytes)).toEqual(lines(json.block.bytes));
        expect(columnsOf(protobuf.block)).toEqual(columnsOf(json.block));
        expect(protobuf.errors).toEqual(json.errors);
      },
    ),
    { numRuns: 500 },
  );
});
