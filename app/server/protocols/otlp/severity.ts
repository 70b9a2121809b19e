import { LEVELS, normaliseLevel, type Level } from "#app/core/level.ts";
import { levelSegment } from "#app/server/ingest/entry-block.ts";
import { MAX_LEVEL_ORIGINAL_BYTES } from "#app/server/ingest/entry-limits.ts";
import * as layout from "#app/server/kernel/layout.ts";
import { cutToBytes } from "#app/server/protocols/json/normalise-record.ts";
import type { KernelWindow } from "#app/server/protocols/kernel-window.ts";

/** SeverityNumber has four steps for each of these, from 1 on. */
const SEVERITIES: readonly Level[] = ["trace", "debug", "info", "warn", "error", "fatal"];
const STEPS = 4;

/** levelOfSeverity is an entry's level and the sender's spelling of it: the number decides, the text is kept. */
export function levelOfSeverity(number: number, text: string): { level: Level; levelOriginal: string | null } {
  const step = number - 1;
  const byNumber = SEVERITIES[Math.floor(step / STEPS)];
  const level = byNumber ?? normaliseLevel(text);
  let spelling = cutToBytes(text, MAX_LEVEL_ORIGINAL_BYTES);
  // What the specification shows for a number without a text: INFO2 for 10.
  if (spelling === "" && byNumber !== undefined && step % STEPS !== 0) {
    spelling = `${byNumber.toUpperCase()}${(step % STEPS) + 1}`;
  }
  return { level, levelOriginal: spelling === "" || spelling === level ? null : spelling };
}

/** addSeverity adds the level for which the kernel stopped at a LogRecord: its number is one byte, and its text follows. */
export function addSeverity(window: KernelWindow): void {
  const name = window.unknownName();
  const { level, levelOriginal } = levelOfSeverity(name.readUInt8(0), name.toString("utf8", 1));
  window.addName(layout.LEVELS_AT, levelSegment(level, levelOriginal ?? ""), LEVELS.indexOf(level), 0, false);
}
