import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CONDITION_OPERATORS, NOTHING } from "#app/core/alert-rule.ts";
import {
  advanceRule,
  fulfils,
  KNOWN_GROUP_MS,
  WHOLE,
  type AlertTransition,
  type CountedWindow,
  type GroupState,
  type WatchedRule,
} from "#app/core/alert-state.ts";

const MIN = 60_000;

const OVER_TEN: WatchedRule = {
  kind: "threshold",
  condition: { op: ">", value: 10 },
  isGrouped: false,
  forWindows: 1,
  notifyResolved: true,
  repeatEveryMs: null,
  silencedUntilMs: null,
};
const SILENCE: WatchedRule = { ...OVER_TEN, kind: "absence", condition: NOTHING };

type Given = number | Record<string, number>;

/** Runs windows that end every minute, from minute 1 on. `partial` and `unwatched` are minutes. */
function run(
  rule: Partial<WatchedRule>,
  values: readonly Given[],
  { partial = [], unwatched = [] }: { partial?: number[]; unwatched?: number[] } = {},
): { told: string[]; groups: Map<string, GroupState>; transitions: AlertTransition[] } {
  const whole = { ...OVER_TEN, ...rule };
  let groups = new Map<string, GroupState>();
  const transitions: AlertTransition[] = [];
  for (const [i, value] of values.entries()) {
    const window: CountedWindow = {
      toMs: (i + 1) * MIN,
      values: new Map(typeof value === "number" ? [[WHOLE, value]] : Object.entries(value)),
      isPartial: partial.includes(i + 1),
      isUnwatched: unwatched.includes(i + 1),
    };
    const advanced = advanceRule(whole, groups, window);
    groups = advanced.groups;
    transitions.push(...advanced.transitions);
  }
  return { told: transitions.map(describeTransition), groups, transitions };
}

function describeTransition({ groupKey, type, reason, toMs, isNotified }: AlertTransition): string {
  return `${toMs / MIN}${groupKey} ${type} ${reason}${isNotified ? "" : " (untold)"}`;
}

describe("a threshold", () => {
  test("fires once while it is passed, and resolves at the first window below", () => {
    expect(run({}, [10, 11, 50, 12, 10, 3, 11]).told).toEqual(["2 firing began", "5 resolved ended", "7 firing began"]);
  });

  test.each([
    [">", 11, 10],
    [">=", 10, 9],
    ["<", 9, 10],
    ["<=", 10, 11],
    ["==", 10, 11],
    ["!=", 9, 10],
  ] as const)("%s 10 is true of %i and false of %i", (op, yes, no) => {
    expect([fulfils({ op, value: 10 }, yes), fulfils({ op, value: 10 }, no)]).toEqual([true, false]);
  });

  test("for N windows fires at the Nth in a row, and begins to count anew after a gap", () => {
    expect(run({ forWindows: 3 }, [11, 11, 3, 11, 11, 11, 11, 0]).told).toEqual(["6 firing began", "8 resolved ended"]);
  });

  test("repeats as often as it is asked to, counted from what was told last", () => {
    expect(run({ repeatEveryMs: 3 * MIN }, [11, 11, 11, 11, 11, 11, 11, 11]).told).toEqual([
      "1 firing began",
      "4 firing repeated",
      "7 firing repeated",
    ]);
  });

  test("tells nobody that it is over when that is not wanted", () => {
    expect(run({ notifyResolved: false }, [11, 0]).told).toEqual(["1 firing began", "2 resolved ended (untold)"]);
  });
});

describe("silence", () => {
  test("ends with the window that reaches it; what is still firing is told then", () => {
    expect(run({ silencedUntilMs: 3 * MIN }, [11, 11, 11, 11, 0]).told).toEqual([
      "1 firing began (untold)",
      "3 firing after silence",
      "5 resolved ended",
    ]);
  });

  test("makes whoever was not told that it began not be told that it ended", () => {
    expect(run({ silencedUntilMs: 2 * MIN }, [11, 0, 0]).told).toEqual([
      "1 firing began (untold)",
      "2 resolved ended (untold)",
    ]);
  });
});

describe("absence", () => {
  test("fires when nothing matches, and resolves with the first entry", () => {
    expect(run(SILENCE, [5, 0, 0, 1]).told).toEqual(["2 firing began", "4 resolved ended"]);
  });

  test("fires for groups that were there, for a day after their last entry, and for no other", () => {
    const grouped = { ...SILENCE, isGrouped: true };
    expect(run(grouped, [{}, { a: 1, b: 2 }, { b: 1 }, { b: 1 }]).told).toEqual(["3a firing began"]);
    const day = KNOWN_GROUP_MS / MIN;
    const days = run(grouped, [{ a: 1 }, ...Array.from({ length: day - 1 }, () => ({}))]);
    expect([days.told, [...days.groups.keys()]]).toEqual([["2a firing began"], ["a"]]);
    const longer = run(grouped, [{ a: 1 }, ...Array.from({ length: day }, () => ({}))]);
    expect([longer.told, longer.groups.size]).toEqual([["2a firing began"], 0]);
  });

  test("never fires on a partial window, and one entry in it is enough to resolve", () => {
    expect(run(SILENCE, [1, 0, 0, 0], { partial: [2, 3] }).told).toEqual(["4 firing began"]);
    expect(run(SILENCE, [1, 0, 1], { partial: [3] }).told).toEqual(["2 firing began", "3 resolved ended"]);
  });

  test("does not fire for a time in which nobody was there to take entries", () => {
    expect(run(SILENCE, [1, 0, 0, 0], { unwatched: [2, 3] }).told).toEqual(["4 firing began"]);
  });
});

describe("a partial window", () => {
  test("proves what is there: it can fire, and it does not resolve", () => {
    expect(run({}, [11, 3, 3], { partial: [1, 2] }).told).toEqual(["1 firing began", "3 resolved ended"]);
    expect(run({}, [11], { partial: [1] }).transitions[0]).toMatchObject({ isPartial: true });
  });

  test("neither counts in a row nor breaks one", () => {
    expect(run({ forWindows: 2 }, [11, 3, 11], { partial: [2] }).told).toEqual(["3 firing began"]);
  });

  test("does not fire because of what may still be on its way", () => {
    for (const condition of [
      { op: "<", value: 5 },
      { op: "<=", value: 5 },
      { op: "==", value: 3 },
      { op: "!=", value: 7 },
    ] as const)
      expect([condition, run({ condition }, [3], { partial: [1] }).told]).toEqual([condition, []]);
    expect(run({ condition: { op: "!=", value: 7 } }, [8], { partial: [1] }).told).toEqual(["1 firing began"]);
  });
});

describe("groups", () => {
  test("have states of their own", () => {
    expect(run({ isGrouped: true }, [{ a: 11, b: 1 }, { a: 11, b: 12 }, { b: 12 }]).told).toEqual([
      "1a firing began",
      "2b firing began",
      "3a resolved ended",
    ]);
  });
});

const anyRule: fc.Arbitrary<WatchedRule> = fc.record({
  kind: fc.constant("threshold" as const),
  condition: fc.record({ op: fc.constantFrom(...CONDITION_OPERATORS), value: fc.integer({ min: 0, max: 4 }) }),
  isGrouped: fc.boolean(),
  forWindows: fc.integer({ min: 1, max: 4 }),
  notifyResolved: fc.boolean(),
  repeatEveryMs: fc.option(fc.integer({ min: 1, max: 5 }).map((n) => n * MIN)),
  silencedUntilMs: fc.option(fc.integer({ min: 1, max: 20 }).map((n) => n * MIN)),
});
const anyValues = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 60 });
const anyMinutes = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 10 });

describe("whatever is counted", () => {
  test("a group begins, repeats and ends in turn, and nobody hears of an end without a beginning", () => {
    fc.assert(
      fc.property(anyRule, anyValues, anyMinutes, anyMinutes, (rule, values, partial, unwatched) => {
        const given = rule.isGrouped ? values.map((a) => ({ a })) : values;
        const { transitions } = run(rule, given, { partial, unwatched });
        let isFiring = false;
        let isTold = false;
        let toldMs = -Infinity;
        for (const { type, reason, toMs, isNotified } of transitions) {
          expect(isFiring).toBe(reason !== "began");
          isFiring = type === "firing";
          const isSilenced = rule.silencedUntilMs !== null && toMs < rule.silencedUntilMs;
          if (isSilenced) expect(isNotified).toBe(false);
          if (type === "resolved") {
            if (isNotified) expect(isTold).toBe(true);
            isTold = false;
            continue;
          }
          if (reason === "repeated") expect(toMs - toldMs).toBeGreaterThanOrEqual(rule.repeatEveryMs ?? Infinity);
          if (reason === "after silence") expect(isTold).toBe(false);
          if (isNotified) [isTold, toldMs] = [true, toMs];
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test("whole windows fire exactly where a plain reading of the rule says so", () => {
    fc.assert(
      fc.property(anyRule, anyValues, (rule, values) => {
        const { transitions } = run({ ...rule, isGrouped: false }, values);
        const isFiringAt = (i: number): boolean => {
          const { condition, forWindows } = rule;
          // Since the last window that did not fulfil it, were there enough?
          const sinceCalm = i - values.slice(0, i + 1).findLastIndex((value) => !fulfils(condition, value));
          return sinceCalm >= forWindows;
        };
        const expected = values.flatMap((_, i) => {
          const [before, now] = [i > 0 && isFiringAt(i - 1), isFiringAt(i)];
          return before === now ? [] : [`${i + 1} ${now ? "began" : "ended"}`];
        });
        const found = transitions
          .filter(({ reason }) => reason === "began" || reason === "ended")
          .map(({ toMs, reason }) => `${toMs / MIN} ${reason}`);
        expect(found).toEqual(expected);
      }),
      { numRuns: 2_000 },
    );
  });
});
