/*
 * Canonical timestamps: `YYYY-MM-DDTHH:MM:SS.fff[fff[fff]]Z` with the fewest digits. The last one read is left in two
 * globals, since a function returns one value.
 */
export let timestampMs: f64 = 0;
export let timestampSubMsNs: u32 = 0;

const BAD: u32 = 0x40000000;

/** readTimestamp returns false when the text is not canonical or no moment of the calendar. */
export function readTimestamp(at: usize, end: usize): bool {
  const length = end - at;
  if ((length !== 24 && length !== 27 && length !== 30) || load<u8>(end - 1) !== 90 || load<u8>(at, 19) !== 46)
    return false;
  if (load<u8>(at, 4) !== 45 || load<u8>(at, 7) !== 45 || load<u8>(at, 10) !== 84) return false;
  if (load<u8>(at, 13) !== 58 || load<u8>(at, 16) !== 58) return false;
  const year = pair(at) * 100 + pair(at + 2);
  const month = pair(at + 5);
  const day = pair(at + 8);
  const hour = pair(at + 11);
  const minute = pair(at + 14);
  const second = pair(at + 17);
  const millis = triple(at + 20);
  let subMsNs: u32 = 0;
  if (length === 27) {
    subMsNs = triple(at + 23) * 1000;
    if (subMsNs === 0) return false;
  } else if (length === 30) {
    const nanos = triple(at + 26);
    subMsNs = triple(at + 23) * 1000 + nanos;
    if (nanos === 0) return false;
  }
  // What is no digit makes its number larger than any bound.
  if (year > 9999 || month - 1 > 11 || day - 1 >= daysOf(year, month)) return false;
  if (hour > 23 || minute > 59 || second > 59 || millis > 999 || subMsNs > 999_999) return false;
  timestampMs = daysSince1970(year, month, day) * 86_400_000.0 + (((hour * 60 + minute) * 60 + second) * 1000 + millis);
  timestampSubMsNs = subMsNs;
  return true;
}

function pair(at: usize): u32 {
  const tens: u32 = (load<u8>(at) as u32) - 48;
  const ones: u32 = (load<u8>(at, 1) as u32) - 48;
  return tens > 9 || ones > 9 ? BAD : tens * 10 + ones;
}

function triple(at: usize): u32 {
  const ones: u32 = (load<u8>(at, 2) as u32) - 48;
  const rest = pair(at);
  return rest === BAD || ones > 9 ? BAD / 1024 : rest * 10 + ones;
}

function daysOf(year: u32, month: u32): u32 {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/**
 * daysSince1970 counts days of the Gregorian calendar, with years that begin in March so that the leap day is the last
 * (the algorithm of Howard Hinnant's "chrono-compatible low-level date algorithms").
 */
function daysSince1970(year: u32, month: u32, day: u32): f64 {
  const marchYear = (year as i32) - (month <= 2 ? 1 : 0);
  const era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400;
  const yearOfEra = marchYear - era * 400;
  const marchMonth = (month as i32) + (month > 2 ? -3 : 9);
  const dayOfYear = (153 * marchMonth + 2) / 5 + (day as i32) - 1;
  const dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
  return (era * 146_097 + dayOfEra - 719_468) as f64;
}
