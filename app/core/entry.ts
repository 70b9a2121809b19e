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
