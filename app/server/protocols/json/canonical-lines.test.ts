import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeJson } from "#app/server/protocols/json/decode-json.ts";

const RECEIVED_AT_MS = Date.parse("2026-03-01T00:00:00Z");

/** White space between tags is nothing the kernel takes, so this record goes the general path. */
function spaced(record: Record): string {
  const members = Object.entries(record).map(([key, value]) =>
    key === "tags"
      ? `"tags": { ${Object.entries(value)
          .map(([tag, text]) => `${JSON.stringify(tag)} : ${JSON.stringify(text)}`)
          .join(" , ")} }`
      : `${JSON.stringify(key)}:${JSON.stringify(value)}`,
  );
  return `{${members.join(",")}}`;
}

interface Record {
  [field: string]: string | { [tag: string]: string };
}

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ unit: "grapheme", maxLength: 80 }),
  fc.stringMatching(/^[a-z"\\\n\t/ ]{0,60}$/),
);
const name = fc.oneof(
  fc.constantFrom("web", "api", "ü", 'a"b', "a\u007fb", "a\u0085b", "a\u0000b", "x".repeat(256), "x".repeat(257)),
  text,
);
const timestamp = fc.oneof(
  fc.constantFrom(
    "1970-01-01T00:00:00.000Z",
    "2024-02-29T23:59:59.999999999Z",
    "2023-02-29T00:00:00.000Z",
    "2026-03-01T23:59:59.999Z",
    "2026-03-02T00:00:00.000Z",
    "2026-03-02T00:00:00.001Z",
    "2025-01-01T00:00:00.000000Z",
    "2025-01-01T00:00:00.001001Z",
    "2025-13-01T00:00:00.000Z",
    "2025-01-01T24:00:00.000Z",
    "2025-01-01T00:00:60.000Z",
    "2025-01-01 00:00:00",
    "1740000000",
  ),
  fc.date({ min: new Date(0), max: new Date(RECEIVED_AT_MS), noInvalidDate: true }).map((date) => date.toISOString()),
);
const tags = fc.dictionary(
  fc.oneof(fc.constantFrom("host", "a.b", "__proto__", "a\u007fb", "k\u0090", "x".repeat(257)), text),
  text,
  {
    maxKeys: 18,
  },
);
const record = fc
  .record(
    { timestamp, service: name, level: fc.oneof(fc.constantFrom("info", "INFO", "warning", "x"), text), message: text },
    { requiredKeys: ["message"] },
  )
  // The general path is only forced by tags, so every record has some.
  .chain((fields) => tags.map((some) => shuffled({ ...fields, tags: { ...some, forced: "general" } })));

/** Senders write fields in any order. */
function shuffled(fields: Record): Record {
  const entries = Object.entries(fields).sort(([a], [b]) => hashOf(a + JSON.stringify(fields)) - hashOf(b));
  return Object.fromEntries(entries);
}

function hashOf(of: string): number {
  let hash = 7;
  for (let i = 0; i < of.length; i++) hash = (hash * 31 + of.charCodeAt(i)) % 65_521;
  return hash;
}

async function decode(body: string) {
  const { block, rejected, errors } = await decodeJson(Buffer.from(body), RECEIVED_AT_MS);
  const { bytes, count, services, maxLineBytes, ...columns } = block;
  return {
    lines: bytes.toString("utf8"),
    count,
    services,
    maxLineBytes,
    rejected,
    errors,
    columns: Object.fromEntries(Object.entries(columns).map(([column, values]) => [column, [...values]])),
  };
}

describe("records that the kernel takes", () => {
  it("become what the general path makes of them, in any packing", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 20 }), async (records) => {
        const general = await decode(records.map(spaced).join("\n"));
        expect(await decode(records.map((each) => JSON.stringify(each)).join("\n"))).toEqual(general);
        expect(await decode(JSON.stringify(records))).toEqual(general);
        // Both kinds beside each other.
        const mixed = records.map((each, i) => (i % 2 === 0 ? JSON.stringify(each) : spaced(each)));
        expect(await decode(`[${mixed.join(" ,\n")}]`)).toEqual(general);
      }),
      { numRuns: 2_000 },
    );
  });

  it("are found behind and across the borders of the kernel's window", async () => {
    const line = (i: number) =>
      JSON.stringify({ timestamp: "2026-02-01T00:00:00.000Z", service: `s${i % 700}`, message: "m".repeat(i % 997) });
    const lines = Array.from({ length: 9_000 }, (_, i) => line(i));
    for (const body of [lines.join("\n"), `[${lines.join(",")}]`]) {
      const { block } = await decodeJson(Buffer.from(body), RECEIVED_AT_MS);
      expect(block.count).toBe(lines.length);
      let start = 0;
      for (let i = 0; i < block.count; i++) {
        const stored = JSON.parse(block.bytes.toString("utf8", start, block.ends[i])) as { message: string };
        if (stored.message.length !== i % 997) expect(stored.message).toBe("m".repeat(i % 997));
        expect(block.services[block.serviceOf[i] as number]).toBe(`s${i % 700}`);
        start = block.ends[i] as number;
      }
    }
  });

  it("may be as large as an entry may be, and cut anywhere", async () => {
    const large = JSON.stringify({ timestamp: "2026-02-01T00:00:00.000Z", message: "x".repeat(1024 * 1024), tags: {} });
    const small = JSON.stringify({ timestamp: "2026-02-01T00:00:00.000Z", message: "small" });
    const { count, rejected } = await decode([small, large, small, large, large, small].join("\n"));
    expect([count, rejected]).toEqual([6, 0]);
    for (let length = 1; length < small.length; length++) {
      const cut = await decode(`${small}\n${small.slice(0, length)}`);
      expect([cut.count, cut.rejected]).toEqual([1, 1]);
    }
  });
});
