import { expect, test } from "vitest";
import {
  formatBytes,
  formatCompact,
  formatCount,
  formatDuration,
  formatRatio,
  formatShare,
} from "#app/components/format.ts";

test("counts are written in full or short", () => {
  expect(formatCount(1_234_567)).toBe("1,234,567");
  expect([0, 999, 1_234, 1_250_000].map(formatCompact)).toEqual(["0", "999", "1.2K", "1.3M"]);
});

test("bytes take the largest unit of which there is one", () => {
  expect([0, 1023, 1024, 1_572_864, 2 ** 40].map(formatBytes)).toEqual(["0 B", "1,023 B", "1 KiB", "1.5 MiB", "1 TiB"]);
});

test("a ratio to nothing is none", () => {
  expect(formatRatio(108, 10)).toBe("10.8×");
  expect(formatRatio(1, 0)).toBe("–");
});

test("shares, durations and moments have their units", () => {
  expect(formatShare(0.0251)).toBe("2.5 %");
  expect([850, 12_000, 210_000, 7_200_000].map(formatDuration)).toEqual(["850 ms", "12 s", "3.5 min", "2 h"]);
});
