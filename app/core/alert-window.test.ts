import { expect, test } from "vitest";
import { dueWindows, lastWindowEnd } from "#app/core/alert-window.ts";

const BOUNDS = { intervalMs: 60, most: 100, mostBack: 100 };

function endsOf(
  rule: { evaluatedToMs: number; windowMs: number },
  bounds: Partial<typeof BOUNDS> & { untilMs: number },
) {
  return dueWindows(rule, { ...BOUNDS, ...bounds }).map(({ toMs }) => toMs);
}

test("windows end on multiples of the interval, behind the last that was evaluated", () => {
  expect(lastWindowEnd(179, 60)).toBe(120);
  expect(endsOf({ evaluatedToMs: 120, windowMs: 300 }, { untilMs: 299 })).toEqual([180, 240]);
  expect(endsOf({ evaluatedToMs: 120, windowMs: 300 }, { untilMs: 300 })).toEqual([180, 240, 300]);
  expect(endsOf({ evaluatedToMs: 120, windowMs: 300 }, { untilMs: 179 })).toEqual([]);
  expect(dueWindows({ evaluatedToMs: 600, windowMs: 90 }, { ...BOUNDS, untilMs: 660 })).toEqual([
    { fromMs: 570, toMs: 660 },
  ]);
});

test("when the interval has changed, the next window is on the new grid", () => {
  expect(endsOf({ evaluatedToMs: 130, windowMs: 60 }, { untilMs: 250 })).toEqual([180, 240]);
});

test("missed windows come oldest first, some at once, and not from arbitrarily long ago", () => {
  expect(endsOf({ evaluatedToMs: 0, windowMs: 60 }, { untilMs: 600, most: 3 })).toEqual([60, 120, 180]);
  expect(endsOf({ evaluatedToMs: 0, windowMs: 60 }, { untilMs: 600, mostBack: 2 })).toEqual([540, 600]);
});
