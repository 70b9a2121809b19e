import {
  ENDS_AT,
  LEVEL_OF_AT,
  LINES_AT,
  LINES_END,
  MAX_ENTRIES,
  MS_AT,
  SERVICE_OF_AT,
  STOP_AT,
  STOP_ENTRIES,
  STOP_LINES_END,
  STOP_MAX_LINE_BYTES,
  STOP_MAX_MS_AT,
  STOP_MIN_MS_AT,
  STOP_NAME,
  STOP_NAME_LENGTH,
  STOP_POSITION,
  SUB_MS_NS_AT,
  TAGS_START_AT,
} from "./layout";

/*
 * The lines that were written and not yet taken out, one after another, with their columns.
 */

let entries: i32 = 0;
/** Where the next line goes. */
export let linesEnd: i32 = LINES_AT;
let maxLineBytes: i32 = 0;
let minMs: f64 = Infinity;
let maxMs: f64 = -Infinity;

/** clearLines forgets the lines, once the caller has taken them. */
export function clearLines(): void {
  entries = 0;
  linesEnd = LINES_AT;
  maxLineBytes = 0;
  minMs = Infinity;
  maxMs = -Infinity;
}

/** hasRoom tells whether another line of at most so many bytes may be written. */
export function hasRoom(lineBytes: i32): bool {
  return entries < MAX_ENTRIES && linesEnd + lineBytes <= LINES_END;
}

/** addLine takes what was written from `linesEnd` up to `to` as a line; `linesOffset` is what the block has before all. */
export function addLine(
  to: i32,
  tagsStart: i32,
  ms: f64,
  subMsNs: u32,
  service: i32,
  level: i32,
  linesOffset: i32,
): void {
  maxLineBytes = max(maxLineBytes, to - linesEnd);
  linesEnd = to;
  minMs = min(minMs, ms);
  maxMs = max(maxMs, ms);
  const i = entries++;
  store<f64>(MS_AT + i * 8, ms);
  store<i32>(ENDS_AT + i * 4, to - LINES_AT + linesOffset);
  store<u32>(SUB_MS_NS_AT + i * 4, subMsNs);
  store<i32>(SERVICE_OF_AT + i * 4, service);
  store<i32>(TAGS_START_AT + i * 4, tagsStart - LINES_AT + linesOffset);
  store<u8>(LEVEL_OF_AT + i, level as u8);
}

/** stop leaves the stop words and returns the reason. */
export function stop(at: i32, reason: i32): i32 {
  store<i32>(STOP_AT + STOP_POSITION * 4, at);
  store<i32>(STOP_AT + STOP_ENTRIES * 4, entries);
  store<i32>(STOP_AT + STOP_LINES_END * 4, linesEnd);
  store<i32>(STOP_AT + STOP_MAX_LINE_BYTES * 4, maxLineBytes);
  store<f64>(STOP_MIN_MS_AT, minMs);
  store<f64>(STOP_MAX_MS_AT, maxMs);
  return reason;
}

/** unknownName leaves a name that the caller must add. */
export function unknownName(reason: i32, name: i32, length: i32): i32 {
  store<i32>(STOP_AT + STOP_NAME * 4, name);
  store<i32>(STOP_AT + STOP_NAME_LENGTH * 4, length);
  return reason;
}
