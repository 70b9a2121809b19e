/**
 * Timestamps have nanoseconds. Outside the hot path they are one bigint (ns since 1970-01-01 UTC);
 * inside it they are a pair of numbers, because a BigInt costs an allocation a line:
 * `ms` (whole milliseconds since 1970, exact in a double) and `subMsNs` (0 to 999,999).
 */
export interface TimestampParts {
  ms: number;
  subMsNs: number;
}

export const MS_PER_DAY = 86_400_000;
export const NS_PER_MS = 1_000_000n;

export function partsToNs(parts: TimestampParts): bigint {
  return BigInt(parts.ms) * NS_PER_MS + BigInt(parts.subMsNs);
}

/** nsToParts splits a non-negative ns value. */
export function nsToParts(timestampNs: bigint): TimestampParts {
  return { ms: Number(timestampNs / NS_PER_MS), subMsNs: Number(timestampNs % NS_PER_MS) };
}

/** formatTimestamp writes RFC 3339 in UTC with 3, 6 or 9 fraction digits, the fewest that keep the value. */
export function formatTimestamp({ ms, subMsNs }: TimestampParts): string {
  const toMs = new Date(ms).toISOString();
  if (subMsNs === 0) return toMs;
  const micros = subMsNs % 1000 === 0;
  const digits = micros ? String(subMsNs / 1000).padStart(3, "0") : String(subMsNs).padStart(6, "0");
  return `${toMs.slice(0, -1)}${digits}Z`;
}

const RFC_3339 =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt _](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?)?\s*(?:([Zz])|UTC|GMT|([+-])(\d{2}):?(\d{2})?)?$/;

/**
 * parseTimestampText reads RFC 3339 (any number of fraction digits, no zone means UTC, a missing time means midnight,
 * `:60` means `:59.999999999`) or digits as parseEpochText does. Returns null when it is neither.
 * Digits beyond nanoseconds are cut.
 */
export function parseTimestampText(text: string): TimestampParts | null {
  const match = RFC_3339.exec(text);
  if (match === null) return parseEpochText(text);
  const [
    ,
    year,
    month,
    day,
    hour = "0",
    minute = "0",
    second = "0",
    fraction = "",
    ,
    sign,
    zoneHour,
    zoneMinute = "0",
  ] = match;
  const isLeapSecond = second === "60";
  const daysMs = dateToMs(Number(year), Number(month), Number(day));
  if (daysMs === null || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return null;
  if (zoneHour !== undefined && (Number(zoneHour) > 23 || Number(zoneMinute) > 59)) return null;
  const zoneMinutes = (sign === "-" ? -1 : 1) * (Number(zoneHour ?? 0) * 60 + Number(zoneMinute));
  const seconds = Number(hour) * 3600 + (Number(minute) - zoneMinutes) * 60 + (isLeapSecond ? 59 : Number(second));
  const nanoseconds = isLeapSecond ? 999_999_999 : Number(fraction.slice(0, 9).padEnd(9, "0"));
  return {
    ms: daysMs + seconds * 1000 + Math.floor(nanoseconds / 1_000_000),
    subMsNs: nanoseconds % 1_000_000,
  };
}

const EPOCH = /^(-?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;

/**
 * parseEpochText reads a number as JSON text: below 1e11 it is seconds, below 1e14 milliseconds, below 1e17 microseconds,
 * else nanoseconds. It works on the digits, since a double keeps only 15 of them. Returns null when it is no number
 * or too long to be a time.
 */
export function parseEpochText(text: string): TimestampParts | null {
  const match = EPOCH.exec(text);
  if (match === null) return null;
  let [, sign, whole = "", fraction = ""] = match;
  const exponent = Number(match[4] ?? 0);
  if (exponent > 0) {
    whole += fraction.slice(0, exponent).padEnd(exponent, "0");
    fraction = fraction.slice(exponent);
  } else if (exponent < 0) {
    fraction = whole.slice(exponent).padStart(-exponent, "0") + fraction;
    whole = whole.slice(0, exponent);
  }
  whole = whole.replace(/^0+(?=\d)/, "") || "0";
  if (whole.length > 20) return null;
  const digitsBelow = whole.length <= 11 ? 9 : whole.length <= 14 ? 6 : whole.length <= 17 ? 3 : 0;
  let timestampNs = BigInt(whole + fraction.slice(0, digitsBelow).padEnd(digitsBelow, "0"));
  if (sign === "-") timestampNs = -timestampNs;
  if (timestampNs < 0n) return { ms: -1, subMsNs: 0 };
  return nsToParts(timestampNs);
}

/** timestampProblem says why a time is refused, or null when it is inside 1970-01-01 to now + 1 day. */
export function timestampProblem(ms: number, nowMs: number): string | null {
  if (ms < 0) return "timestamp lies before 1970-01-01";
  // Senders' clocks drift, and some write local time as if it were UTC.
  if (ms > nowMs + MS_PER_DAY) return "timestamp lies more than a day in the future";
  return null;
}

/** dateToMs is the UTC midnight of a calendar day, or null when there is no such day. */
export function dateToMs(year: number, month: number, day: number): number | null {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() : null;
}
