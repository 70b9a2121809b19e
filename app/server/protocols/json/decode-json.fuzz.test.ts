import { performance } from "node:perf_hooks";
import { expect, test } from "vitest";
import { decodeJson, type DecodedRecords } from "#app/server/protocols/json/decode-json.ts";

const RECEIVED_AT_MS = Date.UTC(2026, 0, 2);
const INPUTS = 20_000;
/** The slowest of the small inputs may take this long; what grows faster than its input takes far longer. */
const MAX_MS = 100;

const SEEDS = [
  '{"timestamp":"2026-01-01T00:00:00.000Z","service":"s","level":"error","message":"m \\"q\\" \\\\ \\n","tags":{"a":"b","c":"d"}}',
  '{"ts":1767323045123456789,"msg":"é😀\\ud83d\\ude00\\ud800","severity":"WARNING","nested":{"a":{"b":[1,2,{"c":null}]}},"n":12345678901234567890}',
  '[{"message":"in an array"},{"message":"second","tags":{}}]',
  '{"__proto__":{"x":1},"constructor":"y","message":{"not":"text"},"tags":{"__proto__":"z","a":true,"b":1e5}}',
  '{"level":50,"message":null,"service":7,"timestamp":"1767323045.5","tags":["x"]}',
  '"text"\n7\n\nnull\n{}\n[]\n{"message":""}',
];
const PIECES = [
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  '"',
  "\\",
  "\\u",
  "\\ud800",
  "\n",
  "\r\n",
  " ",
  "\0",
  "null",
  "1e999",
  "-",
  "0",
  '{"message":"m"}',
  '"tags":{',
  "[".repeat(50),
  "\ufeff",
  "é",
  "]".repeat(40),
];

/** mulberry32, so that a failure can be found again by its number. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function mutated(number: number): Buffer {
  const random = randomOf(number);
  const below = (limit: number) => Math.floor(random() * limit);
  let bytes = Buffer.from(
    Array.from({ length: 1 + below(4) }, () => SEEDS[below(SEEDS.length)]).join(["\n", "", " ", ","][below(4)]),
  );
  for (let mutations = below(6); mutations > 0; mutations--) {
    const at = below(bytes.length + 1);
    const insert = (piece: Buffer, skip: number) =>
      Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at + skip)]);
    switch (below(5)) {
      case 0:
        bytes = insert(Buffer.from(PIECES[below(PIECES.length)] ?? ""), 0);
        break;
      case 1:
        bytes = insert(Buffer.of(below(256)), 1);
        break;
      case 2:
        bytes = insert(Buffer.alloc(0), 1 + below(10));
        break;
      case 3:
        bytes = bytes.subarray(0, at);
        break;
      default:
        bytes = insert(bytes.subarray(below(at + 1), at), 0);
    }
  }
  return bytes;
}

function linesOf({ block }: DecodedRecords): string[] {
  return block.bytes.toString("utf8").split("\n").slice(0, -1);
}

test(
  `${INPUTS} mutated bodies never throw, never hang, add up, and their lines are canonical`,
  { timeout: 120_000 },
  async () => {
    let accepted = 0;
    let refused = 0;
    for (let number = 0; number < INPUTS; number++) {
      const body = mutated(number);
      const startedAtMs = performance.now();
      const decoded = await decodeJson(body, RECEIVED_AT_MS);
      const elapsedMs = performance.now() - startedAtMs;
      const { block, rejected, errors } = decoded;
      const lines = linesOf(decoded);
      const isConsistent =
        elapsedMs < MAX_MS * (number === 0 ? 10 : 1) &&
        lines.length === block.count &&
        errors.length === Math.min(rejected, 100) &&
        new Set(errors.map(({ index }) => index)).size === errors.length &&
        errors.every(({ index }) => index < block.count + rejected) &&
        (block.count === 0 || block.ends[block.count - 1] === block.bytes.length);
      if (!isConsistent)
        throw new Error(`body ${number} (${elapsedMs} ms): ${JSON.stringify(body.toString("latin1"))}`);
      accepted += block.count;
      refused += rejected;
      if (number % 4 === 0) await expectCanonical(lines, number);
    }
    // Mutations that break everything, or nothing, would prove little.
    expect(accepted).toBeGreaterThan(INPUTS);
    expect(refused).toBeGreaterThan(INPUTS / 4);
  },
);

/** A canonical line decodes to itself; what the sender called its level is then asked for as the level. */
async function expectCanonical(lines: string[], number: number): Promise<void> {
  const again = lines.map((line) => {
    const { levelOriginal, ...entry } = JSON.parse(line) as Record<string, unknown>;
    return levelOriginal === undefined ? line : JSON.stringify({ ...entry, level: levelOriginal });
  });
  const decoded = await decodeJson(Buffer.from(again.join("\n")), RECEIVED_AT_MS);
  if (JSON.stringify(linesOf(decoded)) !== JSON.stringify(lines)) {
    expect({ number, lines: linesOf(decoded), errors: decoded.errors }).toEqual({ number, lines, errors: [] });
  }
  for (const line of lines)
    if (line !== line.toWellFormed()) throw new Error(`body ${number} has half a surrogate pair`);
}

/** Bodies that were slow once, or would be if reading looked back or ahead too far. Each is about 2 MB. */
const LARGE: [name: string, body: () => string, accepted: number][] = [
  [
    "records that need normalising",
    () => '{"msg":"hello","host":"h","a":1,"trace_id":"0123456789abcdef"}\n'.repeat(32_000),
    32_000,
  ],
  ["values inside each other", () => `${'{"a":'.repeat(31)}"${"x".repeat(2_000_000)}"${"}".repeat(31)}`, 0],
  ["values that are never closed", () => `{"a":${"[".repeat(40)}\n`.repeat(45_000), 0],
  ["objects that are never closed", () => '{"a":\n'.repeat(300_000), 0],
  ["escapes", () => `{"message":"${"\\u0041".repeat(330_000)}"}`, 1],
  ["a number without an end", () => `{"n":${"1".repeat(2_000_000)}`, 0],
  ["quotes", () => '"'.repeat(2_000_000), 0],
  ["backslashes", () => `{"message":"${"\\\\".repeat(1_000_000)}"}`, 1],
];

test.each(LARGE)("2 MB of %s are read in time that grows with the body only", async (_, body, accepted) => {
  const bytes = Buffer.from(body());
  const startedAtMs = performance.now();
  const { block } = await decodeJson(bytes, RECEIVED_AT_MS);
  expect(performance.now() - startedAtMs).toBeLessThan(3_000);
  expect(block.count).toBe(accepted);
});
