import { copyBytes } from "./bytes";
import { SECOND_AT } from "./layout";

/*
 * Neighbouring records mostly share their second, so its text is kept. The algorithm is the other way round of the one in
 * timestamp.ts, by the same author.
 */

/** `2026-11-25T04:30:00.` */
const SECOND_BYTES: i32 = 20;
const SECONDS_PER_DAY: u64 = 86_400;
const LETTER_Z: u8 = 90;

/** None yet. */
let lastSecond: u64 = u64.MAX_VALUE;

/** writeTimestamp returns the position behind a time since 1970, with the fewest digits, and before the year 10000. */
export function writeTimestamp(to: i32, ms: u64, subMsNs: u32): i32 {
  const second = ms / 1000;
  if (second !== lastSecond) keepSecond(second);
  to = copyBytes(to, SECOND_AT, SECOND_BYTES);
  to = writeThree(to, (ms - second * 1000) as u32);
  if (subMsNs !== 0) {
    const micros = subMsNs / 1000;
    to = writeThree(to, micros);
    if (subMsNs !== micros * 1000) to = writeThree(to, subMsNs - micros * 1000);
  }
  store<u8>(to, LETTER_Z);
  return to + 1;
}

function keepSecond(second: u64): void {
  lastSecond = second;
  const days = (second / SECONDS_PER_DAY) as u32;
  const rest = (second % SECONDS_PER_DAY) as u32;
  // Years begin in March, so that the leap day is the last.
  const shifted = days + 719_468;
  const era = shifted / 146_097;
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
  const dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
  const marchMonth = (5 * dayOfYear + 2) / 153;
  const day = dayOfYear - (153 * marchMonth + 2) / 5 + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0);
  let at: i32 = SECOND_AT;
  at = writeTwo(at, year / 100);
  at = writeMark(writeTwo(at, year % 100), 45);
  at = writeMark(writeTwo(at, month), 45);
  at = writeMark(writeTwo(at, day), 84);
  at = writeMark(writeTwo(at, rest / 3600), 58);
  at = writeMark(writeTwo(at, (rest / 60) % 60), 58);
  writeMark(writeTwo(at, rest % 60), 46);
}

function writeMark(to: i32, byte: u8): i32 {
  store<u8>(to, byte);
  return to + 1;
}

function writeTwo(to: i32, value: u32): i32 {
  store<u8>(to, (value / 10 + 48) as u8);
  store<u8>(to, ((value % 10) + 48) as u8, 1);
  return to + 2;
}

function writeThree(to: i32, value: u32): i32 {
  store<u8>(to, (value / 100 + 48) as u8);
  return writeTwo(to + 1, value % 100);
}
