import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { decompress } from "zstd-napi";
import { createRandom, type Random } from "#bench/random.ts";

export const LINES_PER_REQUEST = 1_000;

/** BenchLine is what varies from line to line; the message still has the numbers of its template. */
interface BenchLine {
  service: string;
  level?: string;
  message: string;
  tags: Record<string, string>;
}

/** Reference lines, when they lie beside the project: 2,000 of each of 16 systems, for research only and so not part of it. */
const REFERENCE_FILE = fileURLToPath(new URL("../../shared/data/loghub-32k.ndjson.zst", import.meta.url));

/** benchTemplates returns the reference lines, or made-up ones of the same shape, and says which. */
export function benchTemplates(): { source: "loghub" | "generated"; lines: BenchLine[] } {
  if (!existsSync(REFERENCE_FILE)) return { source: "generated", lines: generateTemplates(32_000) };
  const text = decompress(readFileSync(REFERENCE_FILE)).toString("utf8").trim();
  return { source: "loghub", lines: text.split("\n").map((line) => JSON.parse(line) as BenchLine) };
}

/**
 * benchBodies makes NDJSON requests of `linesPerBody` lines out of the templates, over and over, with the digits of their
 * messages varied and one millisecond between neighbours. The same arguments give the same bytes.
 */
export function* benchBodies(
  templates: readonly BenchLine[],
  count: number,
  linesPerBody: number,
  startMs: number,
): Generator<Buffer> {
  const random = createRandom(7);
  let lines: string[] = [];
  for (let i = 0; i < count; i++) {
    const template = templates[i % templates.length] as BenchLine;
    const { service, level, message, tags } = template;
    const timestamp = new Date(startMs + i).toISOString();
    lines.push(
      JSON.stringify({ timestamp, service, ...(level && { level }), message: varyDigits(message, random), tags }),
    );
    if (lines.length < linesPerBody && i < count - 1) continue;
    yield Buffer.from(`${lines.join("\n")}\n`);
    lines = [];
  }
}

/** Long runs of digits are ids, addresses and times, which differ from line to line; short ones mostly do not. */
function varyDigits(message: string, random: Random): string {
  return message.replace(/\d{3,}/g, (digits) => {
    let varied = digits.slice(0, -3);
    for (let i = varied.length; i < digits.length; i++) varied += String(random.below(10));
    return varied;
  });
}

const VERBS = [
  "accepted",
  "closed",
  "deleted",
  "failed",
  "opened",
  "queued",
  "received",
  "rejected",
  "retried",
  "sent",
];
const NOUNS = [
  "block",
  "connection",
  "container",
  "job",
  "packet",
  "request",
  "session",
  "session key",
  "task",
  "volume",
];
const REASONS = [
  "because the peer went away",
  "after 3 attempts",
  "in time",
  "by its owner",
  "as asked",
  "without an answer",
];
const LEVELS = ["INFO", "INFO", "INFO", "INFO", "WARN", "ERROR", "debug"];

function generateTemplates(count: number): BenchLine[] {
  const random = createRandom(1);
  const components = Array.from({ length: 16 }, (_, service) =>
    Array.from({ length: 12 }, () => `${random.pick(NOUNS).split(" ")[0]}.${random.pick(VERBS)}.${service}`),
  );
  return Array.from({ length: count }, (_, i) => {
    const service = i % 16;
    const node = `10.${service}.${random.below(8)}.${random.below(250)}:${1024 + random.below(60_000)}`;
    const noun = random.pick(NOUNS);
    return {
      service: `service-${String(service).padStart(2, "0")}`,
      ...(service % 3 === 0 ? {} : { level: random.pick(LEVELS) }),
      message: `${random.pick(VERBS)} ${noun} ${noun.slice(0, 3)}_${random.below(1e9)} of /${node} ${random.pick(REASONS)}, ${random.below(1e6)} bytes in ${random.below(1e4)} ms`,
      tags: {
        component: random.pick(components[service] as string[]),
        node: node.split(":")[0] ?? "",
        eventid: `E${random.below(300)}`,
      },
    };
  });
}
