import { INDEX_DIGITS, SEQUENCE_DIGITS } from "#app/core/entry.ts";
import { createTimestampReader, type TimestampReader } from "#app/server/ingest/canonical-line.ts";
import { LINE_START } from "#app/server/ingest/entry-block.ts";
import { STORED_ID_START } from "#app/server/ingest/tier0-format.ts";
import type { Position } from "#app/server/search/page-selection.ts";

/** Places in a line of a tier-0 object, from its first byte on: `{"id":"…","timestamp":"…`. */
export const ID_START = STORED_ID_START.length;
const ID_LENGTH = 36 + 1 + SEQUENCE_DIGITS + 1 + INDEX_DIGITS;
export const ID_END = ID_START + ID_LENGTH;
/** Behind the id come its quote and a comma, then `"timestamp":"` as in LINE_START without its brace. */
export const STORED_TIMESTAMP_START = ID_END + 2 + LINE_START.length - 1;

const QUOTE = 34;
export const LF = 10;
/** Stands where the id's closing comma was when a line goes out without its id. */
export const OPEN_BRACE = 123;
/** `YYYY-MM-DDTHH:MM:SS.fffZ`; three or six more digits may follow. */
const LEAST_TIMESTAMP_LENGTH = 24;

export function timestampEndAt(lines: Buffer, timestampStart: number): number {
  let end = timestampStart + LEAST_TIMESTAMP_LENGTH;
  while (lines[end] !== QUOTE) end++;
  return end;
}

/** positionAt is where in the order the stored line that begins at `start` stands. */
export function positionAt(lines: Buffer, start: number, timestamp: TimestampReader): Position {
  const timestampStart = start + STORED_TIMESTAMP_START;
  timestamp.read(lines, timestampStart, timestampEndAt(lines, timestampStart));
  const { ms, subMsNs } = timestamp;
  return { ms, subMsNs, id: lines.toString("latin1", start + ID_START, start + ID_END) };
}

/** lastPosition is where the last of some stored lines stands. */
export function lastPosition(lines: Buffer): Position {
  return positionAt(lines, lines.lastIndexOf(LF, lines.length - 2) + 1, createTimestampReader());
}

export function countLines(lines: Buffer): number {
  let count = 0;
  for (let at = lines.indexOf(LF); at !== -1; at = lines.indexOf(LF, at + 1)) count++;
  return count;
}
