import { randomUUID } from "node:crypto";
import { and, eq, isNull, lt, sql } from "drizzle-orm";
import { durationMs } from "#app/core/alert-rule.ts";
import type { AlertTransition, GroupState, WatchedRule } from "#app/core/alert-state.ts";
import { groupOf } from "#app/server/alerts/group-key.ts";
import { logQueryOf } from "#app/server/alerts/log-link.ts";
import { nameOfTarget } from "#app/server/alerts/target-secrets.ts";
import {
  alertEvaluations,
  alertEvents,
  alertGroups,
  alertRules,
  notifications,
  type StoredTarget,
} from "#app/server/catalog/alert-schema.ts";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import { projects } from "#app/server/catalog/schema.ts";

/** DueRule is a rule with windows to evaluate, and what is known of its groups. */
export interface DueRule {
  id: string;
  projectId: string;
  revision: number;
  name: string;
  query: string;
  groupBy: string | null;
  windowMs: number;
  evaluatedToMs: number;
  needsKnownGroups: boolean;
  failure: string | null;
  targets: StoredTarget[];
  watched: WatchedRule;
  groups: Map<string, GroupState>;
}

type GroupRow = [
  groupKey: string,
  status: GroupState["status"],
  streak: number,
  value: number,
  sinceMs: number | null,
  seenMs: number | null,
  notifiedMs: number | null,
];

/** readDueRules returns the rules whose last evaluated window ended before `beforeMs`. Throws CatalogError. */
export async function readDueRules(database: CatalogDatabase, beforeMs: number): Promise<DueRule[]> {
  const rows = await database.run("read due alert rules", (db) =>
    db
      .select({
        rule: alertRules,
        groups: sql<GroupRow[]>`coalesce((
          select jsonb_agg(jsonb_build_array(${alertGroups.groupKey}, ${alertGroups.status}, ${alertGroups.streak},
            ${alertGroups.value}, ${alertGroups.sinceMs}, ${alertGroups.seenMs}, ${alertGroups.notifiedMs}))
          from ${alertGroups} where ${alertGroups.ruleId} = ${alertRules.id}), '[]')`,
      })
      .from(alertRules)
      .innerJoin(projects, and(eq(projects.id, alertRules.projectId), isNull(projects.deletedAt)))
      .where(and(alertRules.enabled, lt(alertRules.evaluatedToMs, beforeMs))),
  );
  return rows.map(({ rule, groups }) => ({
    id: rule.id,
    projectId: rule.projectId,
    revision: rule.revision,
    name: rule.name,
    query: rule.query,
    groupBy: rule.groupBy,
    windowMs: durationMs(rule.window),
    evaluatedToMs: rule.evaluatedToMs,
    needsKnownGroups: rule.needsKnownGroups,
    failure: rule.failure,
    targets: rule.notify,
    watched: {
      kind: rule.kind,
      condition: rule.condition,
      isGrouped: rule.groupBy !== null,
      forWindows: rule.forWindows,
      notifyResolved: rule.notifyResolved,
      repeatEveryMs: rule.repeatEvery === null ? null : durationMs(rule.repeatEvery),
      silencedUntilMs: rule.silencedUntil?.getTime() ?? null,
    },
    groups: new Map(
      groups.map(([key, status, streak, value, sinceMs, seenMs, notifiedMs]) => [
        key,
        { status, streak, value, sinceMs, seenMs, notifiedMs },
      ]),
    ),
  }));
}

/** Evaluation is what some windows of one rule, in order, brought. */
export interface Evaluation {
  rule: DueRule;
  evaluatedToMs: number;
  groups: Map<string, GroupState>;
  values: { groupKey: string; toMs: number; value: number; isPartial: boolean }[];
  transitions: AlertTransition[];
  /** What the rule's owner should know although it was evaluated. */
  warning: string | null;
}

/**
 * commitEvaluations records them and returns the ids of the rules whose evaluation was recorded. One statement, so one
 * transaction: whoever moves a rule's `evaluated_to` on from where it was read records its states, events and
 * notifications; all others, and those who read the rule before it was changed, record nothing. Throws CatalogError.
 */
export async function commitEvaluations(
  database: CatalogDatabase,
  evaluations: readonly Evaluation[],
): Promise<Set<string>> {
  const rows = await database.run("record alert evaluations", (db) =>
    db.execute<{ id: string }>(sql`
      with moved as (
        update ${alertRules} as rules
        set evaluated_to = given.to_ms, needs_known_groups = false, failure = given.warning,
          failed_at = case when given.warning is null then null else coalesce(rules.failed_at, now()) end
        from ${recordset(evaluations.map(toMove))} as given(id uuid, revision integer, before_ms bigint, to_ms bigint, warning text)
        where rules.id = given.id and rules.revision = given.revision and rules.evaluated_to = given.before_ms
          and rules.enabled
        returning rules.id, rules.project_id
      ), known as (
        insert into ${alertGroups} (rule_id, group_key, status, streak, value, since, seen, notified)
        select moved.id, given.key, given.status, given.streak, given.value, given.since, given.seen, given.notified
        from ${recordset(evaluations.flatMap(toGroups))} as given(id uuid, key text, status text, streak integer, value bigint,
          since bigint, seen bigint, notified bigint) join moved on moved.id = given.id
        on conflict (rule_id, group_key) do update set status = excluded.status, streak = excluded.streak,
          value = excluded.value, since = excluded.since, seen = excluded.seen, notified = excluded.notified
      ), forgotten as (
        delete from ${alertGroups} using moved, ${recordset(evaluations.flatMap(toForgotten))} as given(id uuid, key text)
        where moved.id = given.id and rule_id = given.id and group_key = given.key
      ), counted as (
        insert into ${alertEvaluations} (rule_id, group_key, window_end, value, is_partial)
        select moved.id, given.key, given.to_ms, given.value, given.partial
        from ${recordset(evaluations.flatMap(toValues))} as given(id uuid, key text, to_ms bigint, value bigint, partial boolean)
          join moved on moved.id = given.id
      ), happened as (
        insert into ${alertEvents} (id, rule_id, project_id, group_key, type, reason, value, rule_name, condition, log_query,
          window_from, window_end, is_partial, is_notified)
        select given.event, moved.id, moved.project_id, given.key, given.type, given.reason, given.value, given.name,
          given.condition, given.query, given.from_ms, given.to_ms, given.partial, given.notified
        from ${recordset(events(evaluations))} as given(event uuid, id uuid, key text, type text, reason text,
          value double precision, name text, condition jsonb, query text, from_ms bigint, to_ms bigint, partial boolean,
          notified boolean) join moved on moved.id = given.id
      ), told as (
        insert into ${notifications} (id, event_id, rule_id, target_id, target_name, group_key)
        select given.notification, given.event, moved.id, given.target, given.name, given.key
        from ${recordset(tellings(evaluations))} as given(at integer, notification uuid, event uuid, id uuid, target text,
          name text, key text) join moved on moved.id = given.id
        order by given.at
      )
      select id from moved`),
  );
  return new Set(rows.map(({ id }) => id));
}

function recordset(rows: readonly object[]) {
  return sql`jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb)`;
}

function toMove({ rule, evaluatedToMs, warning }: Evaluation) {
  return { id: rule.id, revision: rule.revision, before_ms: rule.evaluatedToMs, to_ms: evaluatedToMs, warning };
}

function toGroups({ rule, groups }: Evaluation) {
  return [...groups].map(([key, { status, streak, value, sinceMs, seenMs, notifiedMs }]) => {
    return { id: rule.id, key, status, streak, value, since: sinceMs, seen: seenMs, notified: notifiedMs };
  });
}

function toForgotten({ rule, groups }: Evaluation) {
  return [...rule.groups.keys()].filter((key) => !groups.has(key)).map((key) => ({ id: rule.id, key }));
}

function toValues({ rule, values }: Evaluation) {
  return values.map(({ groupKey, toMs, value, isPartial }) => {
    return { id: rule.id, key: groupKey, to_ms: toMs, value, partial: isPartial };
  });
}

/** The ids are made once, since events and notifications both name them. */
const eventIds = new WeakMap<AlertTransition, string>();

function eventIdOf(transition: AlertTransition): string {
  let id = eventIds.get(transition);
  if (id === undefined) eventIds.set(transition, (id = randomUUID()));
  return id;
}

function events(evaluations: readonly Evaluation[]) {
  return evaluations.flatMap(({ rule, transitions }) =>
    transitions.map((transition) => {
      const { groupKey, type, reason, toMs, value, isPartial, isNotified } = transition;
      return {
        event: eventIdOf(transition),
        id: rule.id,
        key: groupKey,
        type,
        reason,
        value,
        name: rule.name,
        condition: rule.watched.condition,
        query: logQueryOf(rule, groupOf(groupKey)),
        from_ms: Math.max(0, toMs - rule.windowMs),
        to_ms: toMs,
        partial: isPartial,
        notified: isNotified,
      };
    }),
  );
}

function tellings(evaluations: readonly Evaluation[]) {
  return evaluations
    .flatMap(({ rule, transitions }) =>
      transitions
        .filter(({ isNotified }) => isNotified)
        .flatMap((transition) =>
          rule.targets.map((target) => ({
            notification: randomUUID(),
            event: eventIdOf(transition),
            id: rule.id,
            target: target.id,
            name: nameOfTarget(target),
            key: transition.groupKey,
          })),
        ),
    )
    .map((telling, at) => ({ at, ...telling }));
}

/** markFailed says on the rules why they cannot be evaluated; a rule that was changed meanwhile is another. Throws CatalogError. */
export async function markFailed(
  database: CatalogDatabase,
  failed: readonly { rule: DueRule; reason: string }[],
): Promise<void> {
  const rows = failed.map(({ rule, reason }) => ({ id: rule.id, revision: rule.revision, reason }));
  await database.run("mark failed alert rules", (db) =>
    db.execute(sql`
      update ${alertRules} as rules set failure = given.reason, failed_at = coalesce(rules.failed_at, now())
      from ${recordset(rows)} as given(id uuid, revision integer, reason text)
      where rules.id = given.id and rules.revision = given.revision and rules.failure is distinct from given.reason`),
  );
}

/** expireEvaluations forgets what no chart shows any more; that they are not evaluated again is what `evaluated_to` says. */
export async function expireEvaluations(database: CatalogDatabase, beforeMs: number): Promise<void> {
  await database.run("expire alert evaluations", (db) =>
    db.delete(alertEvaluations).where(lt(alertEvaluations.windowEndMs, beforeMs)),
  );
}
