import type { Range } from "#app/components/explorer/explorer-state.ts";
import { zoneName, type Zone } from "#app/components/zone.ts";
import { parseDurationMs } from "#app/core/time-range.ts";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** CalendarTime is a moment as the clock on a wall shows it. */
export interface CalendarTime {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  millisecond: number;
}

/** calendarTime reads the wall's clock in the reader's zone or in UTC; the browser's own getters are quick. */
export function calendarTime(timeMs: number, zone: Zone): CalendarTime {
  const date = new Date(timeMs);
  if (zone === "utc")
    return {
      year: date.getUTCFullYear(),
      month: date.getUTCMonth() + 1,
      day: date.getUTCDate(),
      hour: date.getUTCHours(),
      minute: date.getUTCMinutes(),
      second: date.getUTCSeconds(),
      millisecond: date.getUTCMilliseconds(),
    };
  return {
    year: date.getFullYear(),
    month: date.getMonth() + 1,
    day: date.getDate(),
    hour: date.getHours(),
    minute: date.getMinutes(),
    second: date.getSeconds(),
    millisecond: date.getMilliseconds(),
  };
}

/** timeOfCalendar is calendarTime's inverse. */
export function timeOfCalendar(time: CalendarTime, zone: Zone): number {
  const { year, month, day, hour, minute, second, millisecond } = time;
  return zone === "utc"
    ? Date.UTC(year, month - 1, day, hour, minute, second, millisecond)
    : new Date(year, month - 1, day, hour, minute, second, millisecond).getTime();
}

/** formatRowTime is `14:03:07.120`, and with the date where the rows are not all of one day. */
export function formatRowTime(timestamp: string, zone: Zone, hasDate: boolean): string {
  const time = calendarTime(Date.parse(timestamp), zone);
  const clock = `${formatClock(time)}.${String(time.millisecond).padStart(3, "0")}`;
  return hasDate ? `${two(time.month)}-${two(time.day)} ${clock}` : clock;
}

/** formatFullTime has every digit that the entry has, and the zone. */
export function formatFullTime(timestamp: string, zone: Zone): string {
  const timeMs = Date.parse(timestamp);
  const time = calendarTime(timeMs, zone);
  const fraction = /\.(\d+)Z$/.exec(timestamp)?.[1] ?? "000";
  return `${formatDay(time)} ${formatClock(time)}.${fraction} ${zoneName(zone, timeMs)}`;
}

/** formatMoment is short and to the second, without the zone. */
export function formatMoment(timeMs: number, zone: Zone): string {
  const time = calendarTime(timeMs, zone);
  return `${formatDay(time)} ${formatClock(time)}`;
}

/** rangeLabel says a range in words. */
export function rangeLabel({ from, to }: Range, zone: Zone): string {
  const last = /^now-(\w+)$/.exec(from)?.[1];
  if (to === "now" && last !== undefined) return `Last ${durationInWords(last).replace(/^1 /, "")}`;
  const fromMs = Date.parse(from);
  const toMs = Date.parse(to);
  if (Number.isNaN(fromMs) || Number.isNaN(toMs)) return `${shortPoint(from, zone)} to ${shortPoint(to, zone)}`;
  const a = calendarTime(fromMs, zone);
  const b = calendarTime(toMs, zone);
  const isSameDay = a.year === b.year && a.month === b.month && a.day === b.day;
  const hasSeconds = a.second !== 0 || b.second !== 0;
  const start = `${dayLabel(a)}, ${clockLabel(a, hasSeconds)}`;
  return isSameDay
    ? `${start} to ${clockLabel(b, hasSeconds)}`
    : `${start} to ${dayLabel(b)}, ${clockLabel(b, hasSeconds)}`;
}

const UNIT_NAMES: Readonly<Record<string, string>> = {
  ms: "millisecond",
  s: "second",
  m: "minute",
  h: "hour",
  d: "day",
  w: "week",
};

/** durationInWords is `1 hour` for `1h`. */
export function durationInWords(duration: string): string {
  const match = /^(\d+)([a-z]+)$/.exec(duration);
  const unit = UNIT_NAMES[match?.[2] ?? ""];
  if (match === null || unit === undefined) return duration;
  return `${match[1]} ${unit}${match[1] === "1" ? "" : "s"}`;
}

/** durationOfInterval is a histogram's interval in milliseconds. */
export function durationOfInterval(interval: string): number {
  return parseDurationMs(interval) ?? 60_000;
}

function shortPoint(point: string, zone: Zone): string {
  const timeMs = Date.parse(point);
  if (Number.isNaN(timeMs)) return point;
  const time = calendarTime(timeMs, zone);
  return `${dayLabel(time)}, ${clockLabel(time, time.second !== 0)}`;
}

/** dayLabel is `Nov 30`, and `Nov 30, 2019` in another year than this. */
export function dayLabel({ year, month, day }: CalendarTime): string {
  const label = `${MONTHS[month - 1]} ${day}`;
  return year === new Date().getFullYear() ? label : `${label}, ${year}`;
}

/** clockLabel is `14:03`, or `14:03:07`. */
export function clockLabel({ hour, minute, second }: CalendarTime, hasSeconds: boolean): string {
  return hasSeconds ? `${two(hour)}:${two(minute)}:${two(second)}` : `${two(hour)}:${two(minute)}`;
}

function formatDay({ year, month, day }: CalendarTime): string {
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
}

function formatClock({ hour, minute, second }: CalendarTime): string {
  return `${two(hour)}:${two(minute)}:${two(second)}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
