import type { Level } from "#app/core/level.ts";

/** Entry is one parsed log record, as queries return it. */
export interface Entry {
  id: string;
  timestampNs: bigint;
  service: string;
  level: Level;
  /** The sender's spelling where it differs from `level`. */
  levelOriginal?: string;
  message: string;
  /** A map without a prototype, so that `__proto__` is an ordinary key. */
  tags: Record<string, string>;
}

/**
 * formatEntryId writes `<walId>-<sequence>-<index>`. Both numbers are base 36 of fixed width, so that the order of the
 * texts is the order of arrival, in TypeScript and SQL alike; the WAL's uuid is version 7 and grows with time as well.
 */
export function formatEntryId(walId: string, sequence: number, index: number): string {
  return entryIdPrefix(walId, sequence) + formatEntryIndex(index);
}

/** Eight digits hold 2.8e12 records of one process, five hold 60 million entries of one request. */
export const SEQUENCE_DIGITS = 8;
export const INDEX_DIGITS = 5;

export function entryIdPrefix(walId: string, sequence: number): string {
  return `${walId}-${sequence.toString(36).padStart(SEQUENCE_DIGITS, "0")}-`;
}

export function formatEntryIndex(index: number): string {
  return index.toString(36).padStart(INDEX_DIGITS, "0");
}

/** comparePosition orders by (timestamp, id), ascending. */
export function comparePosition(
  a: { timestampNs: bigint; id: string },
  b: { timestampNs: bigint; id: string },
): number {
  if (a.timestampNs !== b.timestampNs) return a.timestampNs < b.timestampNs ? -1 : 1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
