import { describe, expect, test } from "vitest";
import {
  alertPreviewSchema,
  alertRuleSchema,
  applyChange,
  changesMeaning,
  updateAlertRuleSchema,
  type AlertRule,
} from "#app/core/alert-rule.ts";

const GIVEN = { name: "errors", query: "level:error", window: "5m", condition: { op: ">", value: 50 } };

function fieldsOf(given: object): string[] {
  const parsed = alertRuleSchema.safeParse(given);
  return parsed.success ? [] : parsed.error.issues.map(({ path }) => path.join("."));
}

describe("alertRuleSchema", () => {
  test("fills in what was left out", () => {
    expect(alertRuleSchema.parse(GIVEN)).toEqual({
      ...GIVEN,
      kind: "threshold",
      groupBy: null,
      forWindows: 1,
      notifyResolved: true,
      repeatEvery: null,
      silencedUntil: null,
      enabled: true,
      notify: [],
    });
  });

  test.each([
    [{ name: "" }, "name"],
    [{ query: "level:(" }, "query"],
    [{ query: "a /(/ message:/(/" }, "query"],
    [{ query: "a\0b" }, "query"],
    [{ kind: "sometimes" }, "kind"],
    [{ window: "5" }, "window"],
    [{ window: "0s" }, "window"],
    [{ window: "8d" }, "window"],
    [{ window: "1500ms" }, "window"],
    [{ window: "3601s" }, "window"],
    [{ condition: { op: "~", value: 1 } }, "condition.op"],
    [{ condition: { op: ">", value: -1 } }, "condition.value"],
    [{ condition: { op: ">", value: "1" } }, "condition.value"],
    [{ condition: undefined }, "condition"],
    [{ groupBy: "message" }, "groupBy"],
    [{ groupBy: "" }, "groupBy"],
    [{ forWindows: 0 }, "forWindows"],
    [{ forWindows: 1.5 }, "forWindows"],
    [{ repeatEvery: "often" }, "repeatEvery"],
    [{ silencedUntil: "tomorrow" }, "silencedUntil"],
    [{ notify: [{ type: "webhook", url: "ftp://host/x" }] }, "notify.0.url"],
    [{ notify: [{ type: "webhook", url: "https://user:pw@host/x" }] }, "notify.0.url"],
    [{ notify: [{ type: "webhook", url: "nowhere" }] }, "notify.0.url"],
    [{ notify: [{ type: "webhook", url: "https://h/", secret: "short" }] }, "notify.0.secret"],
    [{ notify: [{ type: "email", to: ["somebody"] }] }, "notify.0.to.0"],
    [{ notify: [{ type: "email", to: ["a@b.c\r\nBcc: d@e.f"] }] }, "notify.0.to.0"],
    [{ notify: [{ type: "email", to: [] }] }, "notify.0.to"],
    [{ notify: [{ type: "pigeon" }] }, "notify.0.type"],
    [{ extra: true }, ""],
  ])("refuses %j and names the field %s", (change, field) => {
    expect(fieldsOf({ ...GIVEN, ...change })).toEqual([field]);
  });

  test("takes absence without a condition, or with one that says the same", () => {
    const { condition: _condition, ...absence } = { ...GIVEN, kind: "absence" };
    for (const condition of [undefined, { op: "<", value: 1 }, { op: "==", value: 0 }, { op: "<=", value: 0 }]) {
      expect(alertRuleSchema.parse({ ...absence, condition }).condition).toEqual({ op: "<", value: 1 });
    }
    expect(fieldsOf({ ...absence, condition: { op: "<", value: 5 } })).toEqual(["condition"]);
  });
});

describe("applyChange", () => {
  const rule: AlertRule = alertRuleSchema.parse(GIVEN);
  const changed = (change: object) => applyChange(rule, updateAlertRuleSchema.parse(change));

  test("changes what is given and keeps the rest, including what a default would replace", () => {
    const quiet = alertRuleSchema.parse({ ...GIVEN, notifyResolved: false, repeatEvery: "1h" });
    expect(applyChange(quiet, updateAlertRuleSchema.parse({ enabled: false })).data).toEqual({
      ...quiet,
      enabled: false,
    });
    expect(applyChange(quiet, updateAlertRuleSchema.parse({ repeatEvery: null })).data?.repeatEvery).toBeNull();
  });

  test("a threshold that becomes absence leaves its condition behind; the other way round it needs one", () => {
    expect(changed({ kind: "absence" }).data?.condition).toEqual({ op: "<", value: 1 });
    const absence = alertRuleSchema.parse({ ...GIVEN, kind: "absence", condition: undefined });
    expect(applyChange(absence, updateAlertRuleSchema.parse({ kind: "threshold" })).success).toBe(false);
  });

  test("must change something", () => {
    expect(updateAlertRuleSchema.safeParse({}).success).toBe(false);
    expect(updateAlertRuleSchema.safeParse({ id: "x" }).success).toBe(false);
  });

  test("tells apart what changes the meaning of what was counted", () => {
    const means = (change: object) => changesMeaning(rule, changed(change).data as AlertRule);
    for (const change of [{ query: "" }, { window: "10m" }, { condition: { op: ">", value: 51 } }, { groupBy: "host" }])
      expect([change, means(change)]).toEqual([change, true]);
    for (const change of [{ name: "other" }, { repeatEvery: "1h" }, { silencedUntil: "2030-01-01T00:00:00Z" }])
      expect([change, means(change)]).toEqual([change, false]);
  });
});

test("a preview needs no name and tells nobody", () => {
  const { name: _name, ...nameless } = GIVEN;
  expect(alertPreviewSchema.parse({ ...nameless, notify: [{ type: "pigeon" }] }).notify).toEqual([]);
  expect(alertPreviewSchema.safeParse({ ...nameless, window: "x" }).success).toBe(false);
  expect(alertPreviewSchema.safeParse([]).success).toBe(false);
});
