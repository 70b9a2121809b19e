import type { AlertCondition } from "#app/core/alert-rule.ts";
import type { AlertWindow } from "#app/core/alert-window.ts";

/** Notification is what is to be told, before it has the shape of any channel. */
export interface Notification {
  /** Stays over all tries. */
  id: string;
  type: "alert.firing" | "alert.resolved" | "alert.test";
  ruleId: string;
  rule: string;
  projectId: string;
  group: string | null;
  value: number;
  condition: AlertCondition;
  window: AlertWindow;
  /** Asks for exactly the entries that were counted. */
  logQuery: string;
  url: string;
}

/** webhookBody is the JSON that webhooks get. `sample` are entries as answers show them. */
export function webhookBody(notification: Notification, sample: readonly unknown[]) {
  const { type, ruleId, rule, projectId, group, value, condition, window, url } = notification;
  const { fromMs, toMs } = window;
  return {
    type,
    ruleId,
    rule,
    projectId,
    group,
    value,
    condition,
    window: { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() },
    sample,
    url,
  };
}

/** headlineOf says in one line what happened. */
export function headlineOf({ type, rule, group }: Notification): string {
  const what = { "alert.firing": "Firing", "alert.resolved": "Resolved", "alert.test": "Test" }[type];
  return `${what}: ${rule}${group === null ? "" : ` (${group})`}`;
}

/** detailOf says what was counted. */
export function detailOf({ value, condition, window: { fromMs, toMs } }: Notification): string {
  const times = `${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()}`;
  return `${value} matches, condition ${condition.op} ${condition.value}, ${times}`;
}
