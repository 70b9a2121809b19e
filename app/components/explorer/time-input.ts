import type { Range } from "#app/components/explorer/explorer-state.ts";
import type { Zone } from "#app/components/zone.ts";
import { calendarTime, timeOfCalendar } from "#app/components/explorer/time-format.ts";
import { parseTimePoint } from "#app/core/time-range.ts";
import { dateToMs, NS_PER_MS } from "#app/core/timestamp.ts";

const UNITS: readonly [pattern: RegExp, unit: string][] = [
  [/^(ms|millis(econds?)?)$/, "ms"],
  [/^s(ec(ond)?s?)?$/, "s"],
  [/^m(in(ute)?s?)?$/, "m"],
  [/^h((ou)?rs?)?$/, "h"],
  [/^d(ays?)?$/, "d"],
  [/^w(eeks?)?$/, "w"],
];

const EXPECTED = 'Expected a time such as "-3h", "now-2d to now-1d", "2026-01-02 10:00 to 11:30" or "yesterday".';
const SEPARATOR = /\s+(?:to|until|-|–|—|→)\s+|\s*(?:\.\.+|→)\s*/i;
const MS_PER_DAY = 86_400_000;

/** parseRangeInput reads a range as somebody types it, in the zone that times are shown in. */
export function parseRangeInput(text: string, nowMs: number, zone: Zone): Range | { problem: string } {
  const trimmed = text.trim().toLowerCase();
  const relative = relativeOf(trimmed);
  if (relative !== null) return { from: `now-${relative}`, to: "now" };
  if (trimmed === "today") return dayRange(nowMs, zone, 0);
  if (trimmed === "yesterday") return dayRange(nowMs, zone, -1);
  const pieces = trimmed.split(SEPARATOR);
  const [fromText = "", toText] = pieces;
  if (pieces.length > 2) return { problem: EXPECTED };
  if (toText === undefined) return openRange(fromText, nowMs, zone);
  const from = pointOf(fromText, nowMs, zone, null);
  // "10:00 to 11:30" on a day means 11:30 of that day.
  const to = pointOf(toText, nowMs, zone, dayIn(from, zone));
  if (from === null || to === null) return { problem: EXPECTED };
  return ordered(from, to, nowMs);
}

/** A day alone means the whole of it; a moment alone means from then on. */
function openRange(text: string, nowMs: number, zone: Zone): Range | { problem: string } {
  const from = pointOf(text, nowMs, zone, null);
  if (from === null) return { problem: EXPECTED };
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return ordered(from, "now", nowMs);
  return { from, to: new Date(Date.parse(from) + MS_PER_DAY).toISOString() };
}

function ordered(from: string, to: string, nowMs: number): Range | { problem: string } {
  const fromNs = parseTimePoint(from, nowMs);
  const toNs = parseTimePoint(to, nowMs);
  if (fromNs === null || toNs === null) return { problem: EXPECTED };
  if (fromNs >= toNs) return { problem: "Expected a start that lies before the end." };
  return { from, to };
}

function dayRange(nowMs: number, zone: Zone, offset: number): Range {
  const { year, month, day } = calendarTime(nowMs, zone);
  const midnight = (days: number) =>
    new Date(
      timeOfCalendar({ year, month, day: day + days, hour: 0, minute: 0, second: 0, millisecond: 0 }, zone),
    ).toISOString();
  return { from: midnight(offset), to: offset === 0 ? "now" : midnight(offset + 1) };
}

/** `3h`, `-3h`, `last 3 hours`, `3 hours ago`. */
function relativeOf(text: string): string | null {
  const match = /^(?:(?:last|past)\s+|-\s*)?(\d{1,6})?\s*([a-z]+)(?:\s+ago)?$/.exec(text);
  if (match === null) return null;
  const unit = UNITS.find(([pattern]) => pattern.test(match[2] ?? ""))?.[1];
  if (unit === undefined) return null;
  if (match[1] === undefined && !/^(last|past)\s/.test(text)) return null;
  const count = Number(match[1] ?? 1);
  return count === 0 ? null : `${count}${unit}`;
}

/** A point as the API takes it; times without a zone are in the reader's. */
function pointOf(text: string, nowMs: number, zone: Zone, day: string | null): string | null {
  if (text === "now") return text;
  const relative = text.startsWith("now-") ? relativeOf(text.slice("now".length)) : relativeOf(text);
  if (relative !== null) return `now-${relative}`;
  const today = calendarTime(nowMs, zone);
  const date = day ?? `${today.year}-${String(today.month).padStart(2, "0")}-${String(today.day).padStart(2, "0")}`;
  const full = /^\d{1,2}:\d{2}/.test(text) ? `${date} ${text}` : text;
  const match =
    /^(\d{4})-(\d{2})-(\d{2})(?:[ t]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(z|utc|[+-]\d{2}:?\d{2})?$/.exec(
      full,
    );
  if (match === null) return /^\d{9,13}$/.test(text) ? epochPoint(text) : null;
  const [, year, month, dayOfMonth, hour = "0", minute = "0", second = "0", fraction = "", offset] = match;
  if (offset !== undefined) {
    const pointNs = parseTimePoint(full.toUpperCase(), nowMs);
    return pointNs === null ? null : new Date(Number(pointNs / NS_PER_MS)).toISOString();
  }
  if (dateToMs(Number(year), Number(month), Number(dayOfMonth)) === null) return null;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  const timeMs = timeOfCalendar(
    {
      year: Number(year),
      month: Number(month),
      day: Number(dayOfMonth),
      hour: Number(hour),
      minute: Number(minute),
      second: Number(second),
      millisecond: Number(fraction.slice(0, 3).padEnd(3, "0")),
    },
    zone,
  );
  return new Date(timeMs).toISOString();
}

/** Ten digits are seconds, thirteen milliseconds. */
function epochPoint(digits: string): string {
  return new Date(Number(digits) * (digits.length <= 11 ? 1000 : 1)).toISOString();
}

function dayIn(point: string | null, zone: Zone): string | null {
  const timeMs = point === null ? NaN : Date.parse(point);
  if (Number.isNaN(timeMs)) return null;
  const { year, month, day } = calendarTime(timeMs, zone);
  return `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
}
