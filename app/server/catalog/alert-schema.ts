import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
  uuid,
} from "drizzle-orm/pg-core";
import type { AlertCondition, AlertKind } from "#app/core/alert-rule.ts";
import type { AlertTransition, GroupState } from "#app/core/alert-state.ts";
import { projects } from "#app/server/catalog/schema.ts";

/*
 * The tables of alerts. Ends of windows are bigint milliseconds, as the rules count them. A group's key is empty for a rule
 * without groups, else `=` and the value, since a value may be empty as well.
 */

const moment = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });
const milliseconds = (name: string) => bigint(name, { mode: "number" });

/** StoredTarget is one of a rule's targets; `sealed` is what of it must not be read, encrypted. */
export type StoredTarget =
  | { id: string; type: "webhook"; url: string; sealed: string | null }
  | { id: string; type: "slack"; url: string; sealed: string }
  | { id: string; type: "email"; to: string[] };

export const alertRules = pgTable(
  "alert_rules",
  {
    id: uuid("id").primaryKey().defaultRandom(),
    projectId: uuid("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    name: text("name").notNull(),
    query: text("query").notNull(),
    kind: text("kind").notNull().$type<AlertKind>(),
    // Durations as they were written.
    window: text("window").notNull(),
    condition: jsonb("condition").notNull().$type<AlertCondition>(),
    groupBy: text("group_by"),
    forWindows: integer("for_windows").notNull(),
    notifyResolved: boolean("notify_resolved").notNull(),
    repeatEvery: text("repeat_every"),
    silencedUntil: moment("silenced_until"),
    enabled: boolean("enabled").notNull(),
    notify: jsonb("notify").notNull().$type<StoredTarget[]>(),
    createdAt: moment("created_at").notNull().defaultNow(),
    updatedAt: moment("updated_at").notNull().defaultNow(),
    // Grows with each change: what was counted for the rule as it was before is thrown away.
    revision: integer("revision").notNull().default(1),
    // The end of the last window that was evaluated; only whoever moves it on records what that window brought.
    evaluatedToMs: milliseconds("evaluated_to").notNull(),
    // Groups seen before the rule was there have still to be looked for.
    needsKnownGroups: boolean("needs_known_groups").notNull(),
    // Why it cannot be evaluated.
    failure: text("failure"),
    failedAt: moment("failed_at"),
  },
  (table) => [index("alert_rules_project").on(table.projectId)],
);

const ruleId = () =>
  uuid("rule_id")
    .notNull()
    .references(() => alertRules.id, { onDelete: "cascade" });

export const alertGroups = pgTable(
  "alert_groups",
  {
    ruleId: ruleId(),
    groupKey: text("group_key").notNull(),
    status: text("status").notNull().$type<GroupState["status"]>(),
    streak: integer("streak").notNull(),
    value: bigint("value", { mode: "number" }).notNull(),
    sinceMs: milliseconds("since"),
    seenMs: milliseconds("seen"),
    notifiedMs: milliseconds("notified"),
  },
  (table) => [primaryKey({ columns: [table.ruleId, table.groupKey] })],
);

/** The key makes each window of a group count once. */
export const alertEvaluations = pgTable(
  "alert_evaluations",
  {
    ruleId: ruleId(),
    groupKey: text("group_key").notNull(),
    windowEndMs: milliseconds("window_end").notNull(),
    value: bigint("value", { mode: "number" }).notNull(),
    isPartial: boolean("is_partial").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.ruleId, table.groupKey, table.windowEndMs] }),
    index("alert_evaluations_end").on(table.windowEndMs),
  ],
);

export const alertEvents = pgTable(
  "alert_events",
  {
    id: uuid("id").primaryKey(),
    ruleId: ruleId(),
    projectId: uuid("project_id").notNull(),
    groupKey: text("group_key").notNull(),
    type: text("type").notNull().$type<AlertTransition["type"]>(),
    reason: text("reason").notNull().$type<AlertTransition["reason"]>(),
    value: doublePrecision("value").notNull(),
    // As the rule had them then.
    ruleName: text("rule_name").notNull(),
    condition: jsonb("condition").notNull().$type<AlertCondition>(),
    logQuery: text("log_query").notNull(),
    windowFromMs: milliseconds("window_from").notNull(),
    windowEndMs: milliseconds("window_end").notNull(),
    isPartial: boolean("is_partial").notNull(),
    isNotified: boolean("is_notified").notNull(),
    createdAt: moment("created_at").notNull().defaultNow(),
  },
  (table) => [index("alert_events_rule").on(table.ruleId, table.windowEndMs.desc(), table.id)],
);

export const notifications = pgTable(
  "notifications",
  {
    // Goes out as webhook-id, the same at every try.
    id: uuid("id").primaryKey(),
    // Null for a test.
    eventId: uuid("event_id").references(() => alertEvents.id, { onDelete: "cascade" }),
    ruleId: ruleId(),
    targetId: text("target_id").notNull(),
    targetName: text("target_name").notNull(),
    groupKey: text("group_key").notNull(),
    // What was first said to a target of a group is sent first.
    position: bigint("position", { mode: "number" }).generatedAlwaysAsIdentity(),
    state: text("state").notNull().default("pending").$type<"pending" | "delivered" | "failed">(),
    attempts: integer("attempts").notNull().default(0),
    nextAttemptAt: moment("next_attempt_at").notNull().defaultNow(),
    // Who is sending it; others leave it alone until then, or until that process is known to be gone.
    leaseOwner: text("lease_owner"),
    leaseUntil: moment("lease_until"),
    lastStatus: smallint("last_status"),
    lastError: text("last_error"),
    createdAt: moment("created_at").notNull().defaultNow(),
    settledAt: moment("settled_at"),
  },
  (table) => [
    index("notifications_pending")
      .on(table.nextAttemptAt)
      .where(sql`${table.state} = 'pending'`),
    index("notifications_rule").on(table.ruleId, table.position.desc()),
    index("notifications_order")
      .on(table.ruleId, table.targetId, table.groupKey, table.position)
      .where(sql`${table.state} = 'pending'`),
    check("notifications_state", sql`${table.state} in ('pending', 'delivered', 'failed')`),
  ],
);

/** One row: who evaluates, which saves work only, and when the last process was there to take entries. */
export const alertWatch = pgTable("alert_watch", {
  id: smallint("id").primaryKey().default(1),
  leaseOwner: text("lease_owner"),
  leaseUntil: moment("lease_until"),
  seenAt: moment("seen_at").notNull(),
  // The last time that nobody was there.
  gapFrom: moment("gap_from"),
  gapTo: moment("gap_to"),
});
