import { normaliseLevel, type Level } from "#app/core/level.ts";
import { levelSegmentOf, type LevelSegment } from "#app/server/ingest/entry-block.ts";
import { MAX_LEVEL_ORIGINAL_BYTES } from "#app/server/ingest/entry-limits.ts";
import { SliceTable } from "#app/server/protocols/json/slice-table.ts";
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

const segments = Array.from(
  { length: MAX_SEVERITY + 1 },
  (_, number) =>
    new SliceTable<LevelSegment>((text) => {
      const { level, levelOriginal } = levelOfSeverity(number, text);
      return levelSegmentOf(level, levelOriginal);
    }),
);

/** severitySegment is the same for a text that is still bytes. */
export function severitySegment(number: number, source: Buffer, start: number, end: number): LevelSegment {
  return (segments[number] as SliceTable<LevelSegment>).find(source, start, end);
}
