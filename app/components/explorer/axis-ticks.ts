import type { Zone } from "#app/components/zone.ts";
import { calendarTime, clockLabel, dayLabel } from "#app/components/explorer/time-format.ts";

/** AxisTick is a bucket that has a label below it. */
export interface AxisTick {
  index: number;
  label: string;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Distances between labels, smallest first, that a clock or a calendar has as well. */
const STEPS_MS: readonly number[] = [
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * 1_000),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR_MS),
  ...[1, 2, 7, 14, 28, 91, 182, 364, 728, 1_820, 3_640, 9_100, 18_200].map((days) => days * DAY_MS),
];

/**
 * axisTicks labels the buckets that begin at round times of the reader's clock, at most `most` of them: 10:00, 10:15,
 * and the day where one begins. `startsMs` are the buckets' starts in their order.
 */
export function axisTicks(startsMs: readonly number[], zone: Zone, most: number): AxisTick[] {
  for (const stepMs of STEPS_MS) {
    const ticks = ticksEvery(stepMs, startsMs, zone);
    if (ticks.length <= most)
      return ticks.map((index) => ({ index, label: labelOf(startsMs[index] ?? 0, zone, stepMs) }));
  }
  return [];
}

function ticksEvery(stepMs: number, startsMs: readonly number[], zone: Zone): number[] {
  return startsMs.flatMap((startMs, index) => {
    const wallMs = wallTimeMs(startMs, zone);
    const before = startsMs[index - 1];
    // A bucket of weeks, or of hours in a zone that is half an hour off, begins beside the round time: the next one has it.
    const isFirstSince =
      before === undefined
        ? wallMs % stepMs === 0
        : Math.floor(wallMs / stepMs) > Math.floor(wallTimeMs(before, zone) / stepMs);
    return isFirstSince ? [index] : [];
  });
}

/** Milliseconds as a clock in that zone would count them, so that its hours and days are whole. */
function wallTimeMs(timeMs: number, zone: Zone): number {
  return zone === "utc" ? timeMs : timeMs - new Date(timeMs).getTimezoneOffset() * MINUTE_MS;
}

function labelOf(startMs: number, zone: Zone, stepMs: number): string {
  const time = calendarTime(startMs, zone);
  const isDay = stepMs >= DAY_MS || (time.hour === 0 && time.minute === 0 && time.second === 0);
  return isDay ? dayLabel(time) : clockLabel(time, stepMs < MINUTE_MS);
}
