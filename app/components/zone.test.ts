import { afterEach, expect, it } from "vitest";
import { timeText, zoneName } from "#app/components/zone.ts";

const zoneBefore = process.env["TZ"];

afterEach(() => {
  if (zoneBefore === undefined) delete process.env["TZ"];
  else process.env["TZ"] = zoneBefore;
});

it("a time is written in the zone that was chosen, and names it", () => {
  process.env["TZ"] = "America/New_York";
  expect(timeText("2026-11-25T03:30:12.123Z", "utc")).toBe("2026-11-25 03:30 UTC");
  expect(timeText("2026-11-25T03:30:12.123Z", "local")).toBe("2026-11-24 22:30 UTC-05:00");
  expect(timeText("2026-07-01T03:30:00Z", "local")).toBe("2026-06-30 23:30 UTC-04:00");
});

it("a zone is named by its offset at that time", () => {
  process.env["TZ"] = "Asia/Kolkata";
  expect(zoneName("local", 0)).toBe("UTC+05:30");
  expect(zoneName("utc", 0)).toBe("UTC");
});
