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

/** EntryPosition is the parts of an entry's id. */
export interface EntryPosition {
  walId: string;
  sequence: number;
  index: number;
}

const ENTRY_ID = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-([0-9a-z]{8})-([0-9a-z]{5})$/;

/** parseEntryId returns null for what formatEntryId does not write. */
export function parseEntryId(id: string): EntryPosition | null {
  const match = ENTRY_ID.exec(id);
  if (match === null) return null;
  const [, walId = "", sequence = "", index = ""] = match;
  return { walId, sequence: parseInt(sequence, 36), index: parseInt(index, 36) };
}
