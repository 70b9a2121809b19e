import { normaliseLevel, type Level } from "#app/core/level.ts";
import { MAX_LEVEL_ORIGINAL_BYTES } from "#app/server/ingest/entry-limits.ts";
import { levelPiece, type Piece } from "#app/server/protocols/line-composer.ts";
import { SliceTable } from "#app/server/protocols/slice-table.ts";
import { cutToBytes } from "#app/server/protocols/json/normalise-record.ts";

/** SeverityNumber has four steps for each of these, from 1 on. */
const LEVELS: readonly Level[] = ["trace", "debug", "info", "warn", "error", "fatal"];
const STEPS = 4;
export const MAX_SEVERITY = LEVELS.length * STEPS;

/** levelOfSeverity is an entry's level and the sender's spelling of it: the number decides, the text is kept. */
export function levelOfSeverity(number: number, text: string): { level: Level; levelOriginal: string | null } {
  const step = number - 1;
  const byNumber = LEVELS[Math.floor(step / STEPS)];
  const level = byNumber ?? normaliseLevel(text);
  let spelling = cutToBytes(text, MAX_LEVEL_ORIGINAL_BYTES);
  // What the specification shows for a number without a text: INFO2 for 10.
  if (spelling === "" && byNumber !== undefined && step % STEPS !== 0) {
    spelling = `${byNumber.toUpperCase()}${(step % STEPS) + 1}`;
  }
  return { level, levelOriginal: spelling === "" || spelling === level ? null : spelling };
}

const pieces = Array.from(
  { length: MAX_SEVERITY + 1 },
  (_, number) =>
    new SliceTable<Piece>((text) => {
      const { level, levelOriginal } = levelOfSeverity(number, text);
      return levelPiece(level, levelOriginal);
    }),
);

/** severityPiece is the same for a text that is still bytes. */
export function severityPiece(number: number, source: Buffer, start: number, end: number): Piece {
  return (pieces[number] as SliceTable<Piece>).find(source, start, end);
}
