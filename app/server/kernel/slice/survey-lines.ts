import { QUOTE } from "../bytes";
import { readTimestamp, timestampMs, timestampSubMsNs } from "../timestamp";
import { TIMESTAMP_AT } from "./layout";

const LF: i32 = 10;

/** lineFeed returns the position of the next end of a line, or one that is not before `end`. */
export function lineFeed(at: i32, end: i32): i32 {
  while (at < end) {
    const mask = i8x16.bitmask(i8x16.eq(v128.load(at), i8x16.splat(LF as i8)));
    if (mask !== 0) return at + ctz(mask);
    at += 16;
  }
  return end;
}

/** readLineTime reads the time of the stored line at `at` and returns the position behind it, or 0 when it is not canonical. */
export function readLineTime(at: i32): i32 {
  const start = at + TIMESTAMP_AT;
  let end = start + 24;
  while (load<u8>(end) !== QUOTE) {
    end += 3;
    if (end > start + 30) return 0;
  }
  return readTimestamp(start, end) ? end : 0;
}

/** surveyLines writes the time and the size of each line, and returns how many lines there are, or -1 if one is not as it should be. */
export function surveyLines(at: i32, end: i32, ms: i32, subMsNs: i32, bytes: i32, maxLines: i32): i32 {
  let lines = 0;
  while (at < end) {
    const lineEnd = lineFeed(at, end);
    if (lineEnd >= end || lines === maxLines || readLineTime(at) === 0) return -1;
    store<f64>(ms + lines * 8, timestampMs);
    store<u32>(subMsNs + lines * 4, timestampSubMsNs);
    store<i32>(bytes + lines * 4, lineEnd + 1 - at);
    lines++;
    at = lineEnd + 1;
  }
  return lines;
}
