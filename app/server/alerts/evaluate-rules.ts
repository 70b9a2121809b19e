import type { AlertWindow } from "#app/core/alert-window.ts";
import { advanceRule, WHOLE, type AlertTransition } from "#app/core/alert-state.ts";
import type { WindowCounts } from "#app/server/alerts/count-windows.ts";
import type { DueRule, Evaluation } from "#app/server/alerts/evaluation-catalog.ts";

/** More groups than these are not watched: each costs rows in every window. */
export const MAX_RULE_GROUPS = 1_000;

/** WindowCircumstances is what is known of a window beside its counts. */
export interface WindowCircumstances {
  isPartial: boolean;
  isUnwatched: boolean;
}

/** evaluateWindows moves a rule through windows that were counted, in their order. */
export function evaluateWindows(
  rule: DueRule,
  windows: readonly AlertWindow[],
  counts: readonly WindowCounts[],
  circumstancesOf: (window: AlertWindow) => WindowCircumstances,
): Evaluation {
  let groups = rule.groups;
  let warning: string | null = null;
  const values: Evaluation["values"] = [];
  const transitions: AlertTransition[] = [];
  for (const [i, window] of windows.entries()) {
    const { isPartial, isUnwatched } = circumstancesOf(window);
    const counted = counts[i] ?? new Map<string, number>();
    const watched = rule.watched.isGrouped ? keepWatchable(counted, groups) : counted;
    warning = watched.size < counted.size ? `has more than ${MAX_RULE_GROUPS} groups; the rest is not watched` : null;
    const advanced = advanceRule(rule.watched, groups, {
      toMs: window.toMs,
      values: watched,
      isPartial,
      isUnwatched,
    });
    groups = advanced.groups;
    transitions.push(...advanced.transitions);
    const keys = rule.watched.isGrouped ? groups.keys() : [WHOLE];
    for (const groupKey of keys) {
      values.push({
        groupKey,
        toMs: window.toMs,
        value: watched.get(groupKey) ?? 0,
        isPartial: isPartial || isUnwatched,
      });
    }
  }
  const evaluatedToMs = windows.at(-1)?.toMs ?? rule.evaluatedToMs;
  return { rule, evaluatedToMs, groups, values, transitions, warning };
}

/** Groups that are known stay; of new ones the largest come in. */
function keepWatchable(counts: WindowCounts, known: ReadonlyMap<string, unknown>): WindowCounts {
  const unknown = [...counts].filter(([key]) => !known.has(key));
  const room = MAX_RULE_GROUPS - known.size;
  if (unknown.length <= room) return counts;
  unknown.sort(([, a], [, b]) => b - a);
  const kept = new Set(unknown.slice(0, Math.max(0, room)).map(([key]) => key));
  return new Map([...counts].filter(([key]) => known.has(key) || kept.has(key)));
}
