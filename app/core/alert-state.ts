import type { AlertCondition, AlertKind } from "#app/core/alert-rule.ts";

/** A group is known for this long after its last entry; then nobody waits for it any more. */
export const KNOWN_GROUP_MS = 86_400_000;

/** WatchedRule is what of a rule decides about its state. */
export interface WatchedRule {
  kind: AlertKind;
  condition: AlertCondition;
  /** Ungrouped rules have one group, which is known for ever. */
  isGrouped: boolean;
  forWindows: number;
  notifyResolved: boolean;
  repeatEveryMs: number | null;
  silencedUntilMs: number | null;
}

/** GroupState is what a rule knows of one group after a window. Times are ends of windows. */
export interface GroupState {
  status: "ok" | "firing";
  /** Windows in a row that fulfilled the condition. */
  streak: number;
  /** Matches in the last window. */
  value: number;
  /** Since when it is firing, or not any more; null as long as it never was. */
  sinceMs: number | null;
  /** The last window with entries. */
  seenMs: number | null;
  /** The last firing that was sent; null while none was sent since it began. */
  notifiedMs: number | null;
}

/** CountedWindow is one window's matches by group; a known group that is not in it had none. */
export interface CountedWindow {
  toMs: number;
  values: ReadonlyMap<string, number>;
  /** Some of its entries may still be on their way: the counts are lower bounds. */
  isPartial: boolean;
  /** Nobody was there to take entries for a part of it, so that few of them prove nothing. */
  isUnwatched: boolean;
}

export interface AlertTransition {
  groupKey: string;
  type: "firing" | "resolved";
  reason: "began" | "repeated" | "after silence" | "ended";
  toMs: number;
  value: number;
  isPartial: boolean;
  /** Whether anybody is told. */
  isNotified: boolean;
}

export interface AdvancedRule {
  groups: Map<string, GroupState>;
  transitions: AlertTransition[];
}

const UNKNOWN: GroupState = {
  status: "ok",
  streak: 0,
  value: 0,
  sinceMs: null,
  seenMs: null,
  notifiedMs: null,
};

/** The group of a rule that has no groups. */
export const WHOLE = "";

/** advanceRule is the states and what happened after one more window. Windows must come in order, each once. */
export function advanceRule(
  rule: WatchedRule,
  groups: ReadonlyMap<string, GroupState>,
  window: CountedWindow,
): AdvancedRule {
  const advanced: AdvancedRule = { groups: new Map(), transitions: [] };
  const keys = rule.isGrouped ? new Set([...groups.keys(), ...window.values.keys()]) : [WHOLE];
  for (const groupKey of keys) {
    const value = window.values.get(groupKey) ?? 0;
    const before = groups.get(groupKey) ?? UNKNOWN;
    const state = { ...before, value, seenMs: value > 0 ? window.toMs : before.seenMs };
    if (rule.isGrouped && isForgotten(state, window)) continue;
    const step = advanceGroup(rule, state, window);
    advanced.groups.set(groupKey, step.state);
    if (step.happened !== null) {
      const { toMs, isPartial } = window;
      advanced.transitions.push({
        groupKey,
        toMs,
        value,
        isPartial: isPartial || window.isUnwatched,
        ...step.happened,
      });
    }
  }
  return advanced;
}

function isForgotten({ value, seenMs }: GroupState, { toMs }: CountedWindow): boolean {
  return value === 0 && (seenMs === null || toMs - seenMs >= KNOWN_GROUP_MS);
}

type Happened = Pick<AlertTransition, "type" | "reason" | "isNotified">;

function advanceGroup(
  rule: WatchedRule,
  state: GroupState,
  { toMs, isPartial, isUnwatched }: CountedWindow,
): { state: GroupState; happened: Happened | null } {
  const { value } = state;
  const isBreached = fulfils(rule.condition, value);
  const isProven = staysTrue(rule.condition, value, isBreached);
  if (!isProven && (isPartial || (isUnwatched && isBreached))) return { state, happened: null };
  const isSilenced = rule.silencedUntilMs !== null && toMs < rule.silencedUntilMs;

  if (!isBreached) {
    const calm: GroupState = { ...state, status: "ok", streak: 0, notifiedMs: null };
    if (state.status === "ok") return { state: calm, happened: null };
    // Whoever was not told that it began is not told that it ended.
    const isNotified = rule.notifyResolved && !isSilenced && state.notifiedMs !== null;
    return { state: { ...calm, sinceMs: toMs }, happened: { type: "resolved", reason: "ended", isNotified } };
  }
  const breached = { ...state, streak: state.streak + 1 };
  if (state.status === "ok" && breached.streak < rule.forWindows) return { state: breached, happened: null };
  const notifiedMs = isSilenced ? state.notifiedMs : toMs;
  if (state.status === "ok") {
    const firing: GroupState = { ...breached, status: "firing", sinceMs: toMs, notifiedMs };
    return { state: firing, happened: { type: "firing", reason: "began", isNotified: !isSilenced } };
  }
  const reason = isSilenced ? null : reasonToTellAgain(rule, state, toMs);
  if (reason === null) return { state: breached, happened: null };
  return { state: { ...breached, notifiedMs }, happened: { type: "firing", reason, isNotified: true } };
}

function reasonToTellAgain(
  { repeatEveryMs }: WatchedRule,
  { notifiedMs }: GroupState,
  toMs: number,
): "repeated" | "after silence" | null {
  if (notifiedMs === null) return "after silence";
  return repeatEveryMs !== null && toMs - notifiedMs >= repeatEveryMs ? "repeated" : null;
}

export function fulfils({ op, value: bound }: AlertCondition, value: number): boolean {
  switch (op) {
    case ">":
      return value > bound;
    case ">=":
      return value >= bound;
    case "<":
      return value < bound;
    case "<=":
      return value <= bound;
    case "==":
      return value === bound;
    case "!=":
      return value !== bound;
  }
}

/** Whether the condition would say the same of every larger value. */
function staysTrue({ op, value: bound }: AlertCondition, value: number, isFulfilled: boolean): boolean {
  if (op === ">" || op === ">=") return isFulfilled;
  if (op === "<" || op === "<=") return !isFulfilled;
  return value > bound;
}

/** needsKnownGroups is true when a group without entries can fire, so that it must be known before it falls silent. */
export function needsKnownGroups({ condition, isGrouped }: Pick<WatchedRule, "condition" | "isGrouped">): boolean {
  return isGrouped && fulfils(condition, 0);
}
