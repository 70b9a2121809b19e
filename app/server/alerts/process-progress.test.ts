import { describe, expect, test } from "vitest";
import { isHeldBack, isUnwatched, MAX_HELD_MS, type ProcessProgress } from "#app/server/alerts/process-progress.ts";
import { HEARTBEAT_TIMEOUT_MS } from "#app/server/ingest/idempotency-catalog.ts";

const MIN = 60_000;
const NOW_MS = 100 * MIN;
const OFFSET_MS = 10_000;
const WINDOW = { fromMs: 97 * MIN, toMs: 98 * MIN };

function isHeld(progress: Partial<ProcessProgress>, window = WINDOW): boolean {
  const other = { walId: "w", committedThroughMs: null, silentMs: 0, ...progress };
  return isHeldBack(other, window, { nowMs: NOW_MS, offsetMs: OFFSET_MS });
}

describe("isHeldBack", () => {
  test("waits for a living process until what it had acknowledged by the window's end and offset is committed", () => {
    expect(isHeld({ committedThroughMs: WINDOW.toMs + OFFSET_MS - 1 })).toBe(true);
    expect(isHeld({ committedThroughMs: WINDOW.toMs + OFFSET_MS })).toBe(false);
    expect(isHeld({ committedThroughMs: null })).toBe(true);
  });

  test("waits for a dead process only for windows that it lived in, and not for ever", () => {
    const dead = { committedThroughMs: 0, silentMs: HEARTBEAT_TIMEOUT_MS + 1 };
    const heardMs = NOW_MS - dead.silentMs;
    expect(isHeld(dead, { fromMs: heardMs - MIN, toMs: heardMs + MIN })).toBe(true);
    expect(isHeld(dead, { fromMs: heardMs + MIN, toMs: heardMs + 2 * MIN })).toBe(false);
    const long = { fromMs: 0, toMs: heardMs + MAX_HELD_MS };
    expect([isHeld(dead, long), isHeld(dead, { ...long, toMs: long.toMs - 1 })]).toEqual([false, true]);
  });
});

describe("isUnwatched", () => {
  test("is true where nobody was there for more than a fifth of a window", () => {
    const at = (fromMs: number, toMs: number) => isUnwatched({ fromMs: 0, toMs: 100 }, { fromMs, toMs });
    expect([at(0, 20), at(0, 21), at(79, 200), at(80, 200), at(-50, 10), at(200, 300)]).toEqual([
      false,
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(isUnwatched({ fromMs: 0, toMs: 100 }, null)).toBe(false);
  });
});
