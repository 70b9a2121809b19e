import { expect, it } from "vitest";
import { absoluteRange, spansDays, zoomOut } from "#app/components/explorer/zoom.ts";

const NOW_MS = Date.parse("2026-03-04T12:00:00Z");

it.each([
  [
    { from: "now-1h", to: "now" },
    { from: "now-3h", to: "now" },
  ],
  [
    { from: "now-30m", to: "now" },
    { from: "now-90m", to: "now" },
  ],
  [
    { from: "now-8h", to: "now" },
    { from: "now-1d", to: "now" },
  ],
  [
    { from: "2026-03-04T10:00:00.000Z", to: "2026-03-04T10:10:00.000Z" },
    { from: "2026-03-04T09:50:00.000Z", to: "2026-03-04T10:20:00.000Z" },
  ],
  [
    { from: "2026-03-04T11:00:00.000Z", to: "2026-03-04T12:00:00.000Z" },
    { from: "2026-03-04T10:00:00.000Z", to: "now" },
  ],
])("out of %j comes %j", (range, expected) => {
  expect(zoomOut(range, NOW_MS)).toEqual(expected);
});

it("fixes a range that moves with the clock", () => {
  expect(absoluteRange({ from: "now-1h", to: "now" }, NOW_MS)).toEqual({
    from: "2026-03-04T11:00:00.000Z",
    to: "2026-03-04T12:00:00.000Z",
  });
});

it("tells when times need their date", () => {
  expect(spansDays({ from: "now-1h", to: "now" }, NOW_MS)).toBe(false);
  expect(spansDays({ from: "now-2d", to: "now" }, NOW_MS)).toBe(true);
  expect(spansDays({ from: "2026-01-01T00:00:00Z", to: "2026-01-01T01:00:00Z" }, NOW_MS)).toBe(true);
});
