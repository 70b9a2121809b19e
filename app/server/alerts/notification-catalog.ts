import type { Delivery } from "#app/core/alert-delivery.ts";
import { and, desc, eq, sql } from "drizzle-orm";
import type { AlertCondition } from "#app/core/alert-rule.ts";
import type { Notification } from "#app/server/alerts/notification.ts";
import { groupOf } from "#app/server/alerts/group-key.ts";
import { logLink } from "#app/server/alerts/log-link.ts";
import { alertEvents, alertRules, notifications, type StoredTarget } from "#app/server/catalog/alert-schema.ts";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import { isUuid } from "#app/server/catalog/is-uuid.ts";
import { processes, projects } from "#app/server/catalog/schema.ts";

/** ClaimedNotification is one that this process is to send now. */
export interface ClaimedNotification {
  notification: Notification;
  /** Null when the rule has no such target any more. */
  target: StoredTarget | null;
  /** This try included. */
  attempts: number;
}

interface ClaimedRow extends Record<string, unknown> {
  id: string;
  attempts: number;
  type: "firing" | "resolved";
  rule_id: string;
  rule_name: string;
  project_id: string;
  slug: string;
  group_key: string;
  value: number;
  condition: AlertCondition;
  log_query: string;
  from_ms: string;
  to_ms: string;
  target: StoredTarget | null;
}

export interface ClaimOptions {
  walId: string;
  /** Those of this process's earlier lives, too, which send nothing any more. */
  walIds: readonly string[];
  leaseMs: number;
  most: number;
  baseUrl: string;
}

/**
 * claimNotifications takes what is due, so that no other process sends it meanwhile. Of what one target is to hear about one
 * group only the oldest is taken: nobody shall learn that something is over before they learn that it began. A process that
 * is gone has lost its claims. Throws CatalogError.
 */
export async function claimNotifications(
  database: CatalogDatabase,
  { walId, walIds, leaseMs, most, baseUrl }: ClaimOptions,
): Promise<ClaimedNotification[]> {
  const own = sql`(select jsonb_array_elements_text(${JSON.stringify(walIds.filter((id) => id !== walId))}::text::jsonb))`;
  const rows = await database.run("claim notifications", (db) =>
    db.execute<ClaimedRow>(sql`
      with due as (
        select waiting.id from ${notifications} as waiting
        where waiting.state = 'pending' and waiting.event_id is not null and waiting.next_attempt_at <= now()
          and (waiting.lease_until is null or waiting.lease_until < now() or waiting.lease_owner in ${own}
            or not exists (select 1 from ${processes} where wal_id = waiting.lease_owner))
          and not exists (select 1 from ${notifications} as earlier
            where earlier.state = 'pending' and earlier.rule_id = waiting.rule_id and earlier.target_id = waiting.target_id
              and earlier.group_key = waiting.group_key and earlier.position < waiting.position)
        order by waiting.next_attempt_at
        limit ${most}
        for update skip locked
      ), claimed as (
        update ${notifications} as taken set attempts = taken.attempts + 1, lease_owner = ${walId},
          lease_until = now() + make_interval(secs => ${leaseMs / 1000}::double precision)
        from due where taken.id = due.id
        returning taken.id, taken.attempts, taken.event_id, taken.rule_id, taken.target_id
      )
      select claimed.id, claimed.attempts, events.type, events.rule_id, events.rule_name, events.project_id, projects.slug,
        events.group_key, events.value, events.condition, events.log_query, events.window_from as from_ms,
        events.window_end as to_ms,
        (select target from jsonb_array_elements(rules.notify) as target where target ->> 'id' = claimed.target_id) as target
      from claimed join ${alertEvents} as events on events.id = claimed.event_id
        join ${alertRules} as rules on rules.id = claimed.rule_id
        join ${projects} as projects on projects.id = events.project_id`),
  );
  return rows.map((row) => {
    const window = { fromMs: Number(row.from_ms), toMs: Number(row.to_ms) };
    const notification: Notification = {
      id: row.id,
      type: `alert.${row.type}`,
      ruleId: row.rule_id,
      rule: row.rule_name,
      projectId: row.project_id,
      group: groupOf(row.group_key),
      value: row.value,
      condition: row.condition,
      window,
      logQuery: row.log_query,
      url: logLink(baseUrl, row.slug, row.log_query, window),
    };
    return { notification, target: row.target, attempts: row.attempts };
  });
}

/** DeliveryOutcome is what became of one try. */
export type DeliveryOutcome =
  | { state: "delivered"; status: number | null }
  | { state: "failed"; status: number | null; error: string }
  /** Another try follows. */
  | { state: "pending"; status: number | null; error: string; retryAfterMs: number };

/** recordDelivery writes the outcome down, unless another process has taken the notification over. Throws CatalogError. */
export async function recordDelivery(
  database: CatalogDatabase,
  { id, walId }: { id: string; walId: string },
  outcome: DeliveryOutcome,
): Promise<void> {
  const retryAfterMs = outcome.state === "pending" ? outcome.retryAfterMs : 0;
  await database.run("record delivery", (db) =>
    db
      .update(notifications)
      .set({
        state: outcome.state,
        lastStatus: outcome.status,
        lastError: outcome.state === "delivered" ? null : outcome.error,
        leaseOwner: null,
        leaseUntil: null,
        nextAttemptAt: sql`now() + make_interval(secs => ${retryAfterMs / 1000}::double precision)`,
        settledAt: outcome.state === "pending" ? null : sql`now()`,
      })
      .where(and(eq(notifications.id, id), eq(notifications.leaseOwner, walId))),
  );
}

/** recordTest writes a test into the delivery log. Throws CatalogError. */
export async function recordTest(
  database: CatalogDatabase,
  test: { id: string; ruleId: string; target: { id: string; name: string } },
  outcome: Exclude<DeliveryOutcome, { state: "pending" }>,
): Promise<void> {
  await database.run("record test delivery", (db) =>
    db.insert(notifications).values({
      id: test.id,
      eventId: null,
      ruleId: test.ruleId,
      targetId: test.target.id,
      targetName: test.target.name,
      groupKey: "",
      state: outcome.state,
      attempts: 1,
      lastStatus: outcome.status,
      lastError: outcome.state === "failed" ? outcome.error : null,
      settledAt: sql`now()`,
    }),
  );
}

/** listDeliveries is the latest of a rule's notifications, newest first. Throws CatalogError. */
export async function listDeliveries(
  database: CatalogDatabase,
  projectId: string,
  ruleId: string,
  most: number,
): Promise<Delivery[]> {
  if (!isUuid(ruleId)) return [];
  const rows = await database.run("list deliveries", (db) =>
    db
      .select({ notification: notifications })
      .from(notifications)
      .innerJoin(alertRules, and(eq(alertRules.id, notifications.ruleId), eq(alertRules.projectId, projectId)))
      .where(eq(notifications.ruleId, ruleId))
      .orderBy(desc(notifications.position))
      .limit(most),
  );
  return rows.map(({ notification: row }) => ({
    id: row.id,
    eventId: row.eventId,
    target: row.targetName,
    state: row.state,
    attempts: row.attempts,
    status: row.lastStatus,
    error: row.lastError,
    createdAt: row.createdAt.toISOString(),
    settledAt: row.settledAt?.toISOString() ?? null,
    nextAttemptAt: row.state === "pending" ? row.nextAttemptAt.toISOString() : null,
  }));
}
