import { expect, test } from "vitest";
import { decodeJson, type DecodedRecords } from "#app/server/protocols/json/decode-json.ts";
import { mutateBody } from "#tests/support/mutate-body.ts";
import { startCpuWatch } from "#tests/support/cpu-watch.ts";

const RECEIVED_AT_MS = Date.UTC(2026, 0, 2);
/** 20,000 in CI; more with FUZZ_INPUTS. */
const INPUTS = Number(process.env["FUZZ_INPUTS"] ?? 20_000);
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

const MUTATIONS = { seeds: SEEDS, mostSeeds: 4, separators: ["\n", "", " ", ","], pieces: PIECES };

function linesOf({ block }: DecodedRecords): string[] {
  return block.bytes.toString("utf8").split("\n").slice(0, -1);
}

test(
  `${INPUTS} mutated bodies never throw, never hang, add up, and their lines are canonical`,
  { timeout: 60_000 + 6 * INPUTS },
  async () => {
    let accepted = 0;
    let refused = 0;
    for (let number = 0; number < INPUTS; number++) {
      const body = mutateBody(number, MUTATIONS);
      const watch = startCpuWatch();
      const decoded = await decodeJson(body, RECEIVED_AT_MS);
      const usedMs = watch();
      const { block, rejected, errors } = decoded;
      const lines = linesOf(decoded);
      const isConsistent =
        usedMs < MAX_MS * (number === 0 ? 10 : 1) &&
        lines.length === block.count &&
        errors.length === Math.min(rejected, 100) &&
        new Set(errors.map(({ index }) => index)).size === errors.length &&
        errors.every(({ index }) => index < block.count + rejected) &&
        (block.count === 0 || block.ends[block.count - 1] === block.bytes.length);
      if (!isConsistent) throw new Error(`body ${number} (${usedMs} ms): ${JSON.stringify(body.toString("latin1"))}`);
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
  const usedMs = startCpuWatch();
  const { block } = await decodeJson(bytes, RECEIVED_AT_MS);
  expect(usedMs()).toBeLessThan(3_000);
  expect(block.count).toBe(accepted);
});
