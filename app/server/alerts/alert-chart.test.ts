import { expect, test } from "vitest";
import { courseOf } from "#app/server/alerts/alert-chart.ts";

const MIN = 60_000;
const NOW_MS = Date.UTC(2026, 0, 2, 12, 0, 30);

test("each minute of the last day has the fullest of its windows, and nothing where none was evaluated", () => {
  const at = (secondsAgo: number, value: number, group: string | null = null) => {
    return { group, toMs: NOW_MS - secondsAgo * 1_000, value, partial: false };
  };
  const { from, stepMs, series } = courseOf([at(90, 5), at(60, 9), at(30, 4), at(200_000, 7)], {
    nowMs: NOW_MS,
    intervalMs: 30_000,
  });
  expect([from, stepMs, series.length]).toEqual(["2026-01-02T11:01:00.000Z", MIN, 1]);
  // The window that ends with a minute belongs to it.
  expect(series[0]?.values.slice(-4)).toEqual([null, 5, 9, null]);
  expect(series[0]?.values).toHaveLength(60);
});

test("an old rule has the whole day", () => {
  const old = { group: null, toMs: NOW_MS - 86_000_000, value: 1, partial: false };
  const { from, series } = courseOf([old], { nowMs: NOW_MS, intervalMs: MIN });
  expect(Date.parse(from)).toBeLessThan(old.toMs);
  expect(series[0]?.values[0]).toBe(1);
  expect(series[0]?.values.length).toBeGreaterThan(1_430);
});

test("groups with the most come first", () => {
  const windows = ["a", "b"].map((group, i) => ({ group, toMs: NOW_MS - MIN, value: i + 1, partial: false }));
  const { series } = courseOf(windows, { nowMs: NOW_MS, intervalMs: MIN });
  expect(series.map(({ group }) => group)).toEqual(["b", "a"]);
});
