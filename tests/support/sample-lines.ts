import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { decompress } from "zstd-napi";
import { seededRandom } from "#tests/support/seeded-random.ts";

/** SentRecord is a log record as a sender has it. */
export interface SentRecord {
  timestamp: string;
  service: string;
  level?: string;
  message: string;
  tags?: Record<string, string>;
}

const SAMPLE_FILE = path.resolve(import.meta.dirname, "../../../shared/data/loghub-32k.ndjson.zst");

/** Why the sample of real logs is not used; null when it is there. */
export const sampleIsMissing = existsSync(SAMPLE_FILE)
  ? null
  : "../shared/data/loghub-32k.ndjson.zst is not there, so generated lines stand in for it";

/** sampleBody is NDJSON: 32,000 real log lines of sixteen systems, or as many generated ones. */
export function sampleBody(): Buffer {
  if (sampleIsMissing !== null)
    return Buffer.from(
      generateRecords(32_000)
        .map((record) => `${JSON.stringify(record)}\n`)
        .join(""),
    );
  return decompress(readFileSync(SAMPLE_FILE));
}

export function parseLines<T>(ndjson: Buffer | string): T[] {
  return ndjson
    .toString()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as T);
}

const LEVELS = ["D", "V", "I", "W", "E", "combo", "notice", "SEVERE", "WARNING", "INFO", "error", undefined];
const SERVICES = ["shop", "pay", "naïve-Ü", "a b", "日本", "x".repeat(256)];
const WORDS = ["Failed", "İstanbul", "ΑΣ", "timed out", '\\d "q"', "\tTab", "😀", "null", "\u2028", "99.5%", "ERR_42"];
const FIRST_MS = Date.UTC(2026, 0, 1);

/**
 * generateRecords makes the same records every time, with what trips codecs: escapes, other alphabets, sub-millisecond times,
 * spellings of levels, equal timestamps, and tags named like properties of objects.
 */
export function generateRecords(count: number, options: { firstMs?: number; spanMs?: number } = {}): SentRecord[] {
  const { firstMs = FIRST_MS, spanMs = 7_200_000 } = options;
  const random = seededRandom(count);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  return Array.from({ length: count }, (_, i) => {
    const ms = firstMs + Math.floor((i * spanMs) / count / 1000) * 1000;
    const fraction = pick(["000", "250", "000001", "123456", "123456789", "000000001"]);
    const level = pick(LEVELS);
    return {
      timestamp: `${new Date(ms).toISOString().slice(0, 19)}.${fraction}Z`,
      service: pick(SERVICES),
      ...(level === undefined ? {} : { level }),
      message: `${pick(WORDS)} ${pick(WORDS)} ${i}`,
      tags: { host: `n${i % 7}`, ["__proto__"]: String(i % 3), constructor: pick(WORDS), seq: String(i) },
    };
  });
}
