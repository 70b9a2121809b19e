import { randomUUID } from "node:crypto";
import { durationMs } from "#app/core/alert-rule.ts";
import { lastWindowEnd } from "#app/core/alert-window.ts";
import { readTargets } from "#app/server/alerts/alert-rules.ts";
import { logLink } from "#app/server/alerts/log-link.ts";
import type { Notification } from "#app/server/alerts/notification.ts";
import { recordTest } from "#app/server/alerts/notification-catalog.ts";
import type { Alerts } from "#app/server/alerts/open-alerts.ts";
import { nameOfTarget } from "#app/server/alerts/target-secrets.ts";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";

/** TestResult is what became of a test at one target. */
export interface TestResult {
  target: string;
  state: "delivered" | "failed";
  status: number | null;
  error: string | null;
}

/** sendTest sends a test to each of a rule's targets, once; null when there is no such rule. Throws CatalogError. */
export async function sendTest(
  { database, alerts }: { database: CatalogDatabase; alerts: Alerts },
  project: { id: string; slug: string },
  ruleId: string,
): Promise<TestResult[] | null> {
  const found = await readTargets(database, project.id, ruleId);
  if (found === null) return null;
  const { rule, targets } = found;
  const { nowMs, intervalMs } = alerts.ruleContext();
  const toMs = lastWindowEnd(nowMs, intervalMs);
  const window = { fromMs: toMs - durationMs(rule.window), toMs };
  const send = async (target: (typeof targets)[number]): Promise<TestResult> => {
    const id = randomUUID();
    const notification: Notification = {
      id,
      type: "alert.test",
      ruleId: rule.id,
      rule: rule.name,
      projectId: project.id,
      group: null,
      value: 0,
      condition: rule.condition,
      window,
      logQuery: rule.query,
      url: logLink(alerts.baseUrl, project.slug, rule.query, window),
    };
    const outcome = await alerts.deliveries.sendOnce(notification, target);
    const name = nameOfTarget(target);
    await recordTest(database, { id, ruleId: rule.id, target: { id: target.id, name } }, outcome);
    const error = outcome.state === "failed" ? outcome.error : null;
    return { target: name, state: outcome.state, status: outcome.status, error };
  };
  return await Promise.all(targets.map(send));
}
