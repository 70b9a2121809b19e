import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatFullTime, formatRowTime, rangeLabel } from "#app/components/explorer/time-format.ts";
import { parseRangeInput } from "#app/components/explorer/time-input.ts";
import { parseTimePoint } from "#app/core/time-range.ts";

const NOW_MS = Date.parse("2026-03-04T12:30:00Z");

describe("a typed range", () => {
  it.each([
    ["-3h", "now-3h", "now"],
    ["3h", "now-3h", "now"],
    ["15 min", "now-15m", "now"],
    ["last 2 days", "now-2d", "now"],
    ["past week", "now-1w", "now"],
    ["2 hours ago", "now-2h", "now"],
    ["now-1h", "now-1h", "now"],
    ["now-2d to now-1d", "now-2d", "now-1d"],
    ["-2h - -1h", "now-2h", "now-1h"],
    ["today", "2026-03-04T00:00:00.000Z", "now"],
    ["yesterday", "2026-03-03T00:00:00.000Z", "2026-03-04T00:00:00.000Z"],
    ["2026-01-02", "2026-01-02T00:00:00.000Z", "2026-01-03T00:00:00.000Z"],
    ["2026-01-02 10:00", "2026-01-02T10:00:00.000Z", "now"],
    ["2026-01-02 10:00 to 11:30", "2026-01-02T10:00:00.000Z", "2026-01-02T11:30:00.000Z"],
    ["10:00 - 11:00:05", "2026-03-04T10:00:00.000Z", "2026-03-04T11:00:05.000Z"],
    ["2026-01-02T10:00:00Z..2026-01-02T12:00:00+01:00", "2026-01-02T10:00:00.000Z", "2026-01-02T11:00:00.000Z"],
    ["1767348000", "2026-01-02T10:00:00.000Z", "now"],
  ])("%s", (text, from, to) => {
    expect(parseRangeInput(text, NOW_MS, "utc")).toEqual({ from, to });
  });

  it.each(["", "soon", "h", "0h", "2026-02-30", "25:00 to 26:00", "11:00 to 10:00", "a to b to c", "now"])(
    "%s is none",
    (text) => {
      expect(parseRangeInput(text, NOW_MS, "utc")).toHaveProperty("problem");
    },
  );

  it("is always one that the server understands, or none", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const range = parseRangeInput(text, NOW_MS, "local");
        if ("problem" in range) return;
        expect(parseTimePoint(range.from, NOW_MS)).not.toBeNull();
        expect(parseTimePoint(range.to, NOW_MS)).not.toBeNull();
      }),
    );
  });
});

describe("times", () => {
  it("keep every digit", () => {
    expect(formatFullTime("2026-01-02T10:00:00.123456789Z", "utc")).toBe("2026-01-02 10:00:00.123456789 UTC");
    expect(formatRowTime("2026-01-02T10:00:00.120Z", "utc", false)).toBe("10:00:00.120");
    expect(formatRowTime("2026-01-02T10:00:00.120Z", "utc", true)).toBe("01-02 10:00:00.120");
  });

  it.each([
    [{ from: "now-1h", to: "now" }, "Last hour"],
    [{ from: "now-2d", to: "now-1d" }, "now-2d to now-1d"],
    [{ from: "2026-01-02T10:00:00Z", to: "2026-01-02T11:30:00Z" }, "Jan 2, 10:00 to 11:30"],
    [{ from: "2026-01-02T10:00:00Z", to: "2026-01-03T11:30:05Z" }, "Jan 2, 10:00:00 to Jan 3, 11:30:05"],
    [{ from: "2026-01-02T10:00:00Z", to: "now" }, "Jan 2, 10:00 to now"],
  ])("say the range %j", (range, expected) => {
    expect(rangeLabel(range, "utc")).toBe(expected);
  });
});
