import type { AlertRule, ConditionOperator } from "#app/core/alert-rule.ts";

const OPERATOR_WORDS: Record<ConditionOperator, string> = {
  ">": "more than",
  ">=": "at least",
  "<": "fewer than",
  "<=": "at most",
  "==": "exactly",
  "!=": "other than",
};

export function operatorInWords(op: ConditionOperator): string {
  return OPERATOR_WORDS[op];
}

/** conditionInWords says when a rule fires: `more than 50 matches within 5m, by service, 3 windows in a row`. */
export function conditionInWords({
  kind,
  condition,
  window,
  groupBy,
  forWindows,
}: Pick<AlertRule, "kind" | "condition" | "window" | "groupBy" | "forWindows">): string {
  const count =
    kind === "absence"
      ? `no match within ${window}`
      : `${OPERATOR_WORDS[condition.op]} ${condition.value} ${condition.value === 1 ? "match" : "matches"} within ${window}`;
  const group = groupBy === null ? "" : `, by ${groupBy}`;
  return `${count}${group}${forWindows === 1 ? "" : `, ${forWindows} windows in a row`}`;
}
