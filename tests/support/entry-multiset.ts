import { normaliseLevel } from "#app/core/level.ts";
import type { FoundEntry } from "#tests/support/api-client.ts";
import type { SentRecord } from "#tests/support/sample-lines.ts";

type Comparable = Pick<FoundEntry, "timestamp" | "service" | "level" | "levelOriginal" | "message" | "tags">;

/** nsOf reads `YYYY-MM-DDTHH:MM:SS[.fraction]Z` without the code under test. */
export function nsOf(timestamp: string): bigint {
  const match = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?Z$/.exec(timestamp);
  if (match === null) throw new Error(`not a UTC timestamp: ${timestamp}`);
  return BigInt(Date.parse(`${match[1]}Z`)) * 1_000_000n + BigInt((match[2] ?? "").padEnd(9, "0"));
}

/** expectedOf is what a sent record should come back as. */
export function expectedOf(record: SentRecord): Comparable {
  const level = normaliseLevel(record.level ?? "");
  return {
    timestamp: record.timestamp,
    service: record.service,
    level,
    ...(record.level === undefined || record.level === level ? {} : { levelOriginal: record.level }),
    message: record.message,
    tags: record.tags ?? {},
  };
}

/** multisetOf counts entries by everything they hold but their place; times count to the nanosecond. */
export function multisetOf(entries: Iterable<Comparable>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { timestamp, service, level, levelOriginal, message, tags } of entries) {
    const sortedTags = Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1));
    const text = JSON.stringify([String(nsOf(timestamp)), service, level, levelOriginal ?? null, message, sortedTags]);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return counts;
}

/** differenceOf lists what only one of two multisets has; comparing 32,000 entries with `toEqual` would take minutes. */
export function differenceOf(found: Map<string, number>, expected: Map<string, number>): string[] {
  const differences: string[] = [];
  for (const [text, count] of expected) {
    if ((found.get(text) ?? 0) !== count) differences.push(`expected ${count}, found ${found.get(text) ?? 0}: ${text}`);
  }
  for (const [text, count] of found) if (!expected.has(text)) differences.push(`expected 0, found ${count}: ${text}`);
  return differences;
}
