import { describe, expect, it } from "vitest";
import { axisTicks } from "#app/components/explorer/axis-ticks.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

function buckets(from: string, stepMs: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => Date.parse(from) + index * stepMs);
}

function labels(startsMs: readonly number[], most = 6): string[] {
  return axisTicks(startsMs, "utc", most).map(({ label }) => label);
}

describe("the labels below a histogram", () => {
  it("stand at round times, wherever the buckets begin", () => {
    expect(labels(buckets("2026-11-30T16:44:00Z", MINUTE_MS, 60))).toEqual([
      "16:50",
      "17:00",
      "17:10",
      "17:20",
      "17:30",
      "17:40",
    ]);
    expect(labels(buckets("2026-11-30T16:45:00Z", 5 * MINUTE_MS, 37))).toEqual([
      "17:00",
      "17:30",
      "18:00",
      "18:30",
      "19:00",
      "19:30",
    ]);
    expect(labels(buckets("2026-11-30T16:44:57Z", 1_000, 10), 3)).toEqual(["16:45:00", "16:45:05"]);
  });

  it("name the day where one begins", () => {
    expect(labels(buckets("2026-11-29T18:30:00Z", 30 * MINUTE_MS, 48))).toEqual(["Nov 30", "06:00", "12:00", "18:00"]);
    expect(labels(buckets("2026-11-02T00:00:00Z", DAY_MS, 14), 7)).toEqual([
      "Nov 3",
      "Nov 5",
      "Nov 7",
      "Nov 9",
      "Nov 11",
      "Nov 13",
      "Nov 15",
    ]);
  });

  it("stand at the first bucket of a new step where none begins with it", () => {
    expect(axisTicks(buckets("2026-11-30T16:10:00Z", 25 * MINUTE_MS, 6), "utc", 3)).toEqual([
      { index: 2, label: "17:00" },
      { index: 5, label: "18:15" },
    ]);
  });

  it("stand below decades as well", () => {
    for (const years of [27, 57, 290]) {
      const found = labels(buckets("1970-01-01T00:00:00Z", (years * 365 * DAY_MS) / 60, 60));
      expect({ years, isLabelled: found.length >= 2 }).toEqual({ years, isLabelled: true });
    }
  });

  it("are never more than asked for", () => {
    for (const stepMs of [1_000, 5_000, MINUTE_MS, 30 * MINUTE_MS, DAY_MS, 7 * DAY_MS, 70 * DAY_MS])
      for (const count of [1, 2, 7, 60, 120])
        expect(labels(buckets("2026-11-30T16:44:00Z", stepMs, count)).length).toBeLessThanOrEqual(6);
  });
});
