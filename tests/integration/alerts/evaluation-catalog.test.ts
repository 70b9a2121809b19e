import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { alertRuleSchema } from "#app/core/alert-rule.ts";
import { createAlertRule, updateAlertRule, type RuleContext, type StoredRule } from "#app/server/alerts/alert-rules.ts";
import { evaluateWindows } from "#app/server/alerts/evaluate-rules.ts";
import {
  commitEvaluations,
  readDueRules,
  type DueRule,
  type Evaluation,
} from "#app/server/alerts/evaluation-catalog.ts";
import { claimNotifications, recordDelivery } from "#app/server/alerts/notification-catalog.ts";
import { publishProgress, takeWatch } from "#app/server/alerts/process-progress.ts";
import { TargetSecrets } from "#app/server/alerts/target-secrets.ts";
import { createProject } from "#app/server/catalog/projects.ts";
import { openTestDatabase, type TestDatabase } from "#tests/support/postgres.ts";

const MIN = 60_000;
const NOW_MS = Math.floor(Date.now() / MIN) * MIN;

let db: TestDatabase;
let context: RuleContext;
let projectId: string;
let rule: StoredRule;

beforeAll(async () => {
  db = await openTestDatabase();
  projectId = (await createProject(db.database, { name: "alerts", retentionDays: 30 })).id;
  context = {
    database: db.database,
    secrets: new TargetSecrets("a session secret of this test"),
    allowedCidrs: [],
    canMail: true,
    intervalMs: MIN,
    nowMs: NOW_MS,
  };
});

beforeEach(async () => {
  await db.sql`truncate alert_rules, processes, alert_watch cascade`;
  const wanted = alertRuleSchema.parse({
    name: "errors",
    query: "level:error",
    window: "5m",
    condition: { op: ">", value: 5 },
    notify: [{ type: "email", to: ["a@b.test"] }],
  });
  rule = await createAlertRule(context, projectId, wanted);
});

afterAll(() => db.drop());

async function dueRule(): Promise<DueRule> {
  const [due] = await readDueRules(db.database, NOW_MS + 60 * MIN);
  return due as DueRule;
}

/** What windows with these counts bring. */
function evaluate(due: DueRule, counts: readonly number[]): Evaluation {
  const windows = counts.map((_, i) => {
    const toMs = due.evaluatedToMs + (i + 1) * MIN;
    return { fromMs: toMs - due.windowMs, toMs };
  });
  const values = counts.map((count) => new Map([["", count]]));
  return evaluateWindows(due, windows, values, () => ({ isPartial: false, isUnwatched: false }));
}

async function count(table: "alert_evaluations" | "alert_events" | "notifications"): Promise<number> {
  const [row] = await db.sql`select count(*) as count from ${db.sql(table)}`;
  return Number(row?.["count"]);
}

test("of many who evaluate the same windows at once one records them, whole", async () => {
  const due = await dueRule();
  const others = Array.from({ length: 4 }, () => db.connect({ maxConnections: 2 }));
  const recorded = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      commitEvaluations(others[i % others.length] ?? db.database, [evaluate(due, [9, 9, 0])]),
    ),
  );
  expect(recorded.filter((ids) => ids.has(rule.id))).toHaveLength(1);
  expect([await count("alert_evaluations"), await count("alert_events"), await count("notifications")]).toEqual([
    3, 2, 2,
  ]);
  expect((await dueRule()).evaluatedToMs).toBe(due.evaluatedToMs + 3 * MIN);
});

test("what was counted for a rule that was changed, switched off or deleted meanwhile is thrown away", async () => {
  for (const change of [
    { condition: { op: ">" as const, value: 6 } },
    { silencedUntil: "2100-01-01T00:00:00.000Z" },
    { enabled: false },
  ]) {
    const due = await dueRule();
    await updateAlertRule(context, projectId, rule.id, change);
    expect((await commitEvaluations(db.database, [evaluate(due, [9])])).size).toBe(0);
  }
  await updateAlertRule(context, projectId, rule.id, { enabled: true });
  const due = await dueRule();
  await db.sql`delete from alert_rules`;
  expect((await commitEvaluations(db.database, [evaluate(due, [9])])).size).toBe(0);
  expect([await count("alert_evaluations"), await count("alert_events"), await count("notifications")]).toEqual([
    0, 0, 0,
  ]);
});

test("a change of what a rule means forgets its groups; another change does not", async () => {
  await commitEvaluations(db.database, [evaluate(await dueRule(), [9])]);
  expect((await updateAlertRule(context, projectId, rule.id, { name: "other" }))?.status).toBe("firing");
  expect((await dueRule()).groups.size).toBe(1);
  expect((await updateAlertRule(context, projectId, rule.id, { window: "10m" }))?.status).toBe("ok");
  expect((await dueRule()).groups.size).toBe(0);
});

test("a notification is claimed by one process at a time, and the oldest of a target's group first", async () => {
  await commitEvaluations(db.database, [evaluate(await dueRule(), [9, 0])]);
  const claim = (walId: string, leaseMs = 60_000) =>
    claimNotifications(db.database, { walId, walIds: [walId], leaseMs, most: 10, baseUrl: "http://h" });
  for (const walId of ["first", "second"])
    await publishProgress(db.database, { walId, committedThroughMs: NOW_MS, intervalMs: 1_000 });
  const claims = (await Promise.all(["first", "second", "first", "second"].map((walId) => claim(walId)))).flat();
  expect(claims.map(({ notification }) => notification.type)).toEqual(["alert.firing"]);
  const [{ owner, id }] = (await db.sql`
    select lease_owner as owner, id from notifications where lease_owner is not null`) as unknown as [
    { owner: string; id: string },
  ];
  // Its process is gone: another takes it over, and what the dead one would have written down no longer counts.
  await db.sql`delete from processes where wal_id = ${owner}`;
  const heir = owner === "first" ? "second" : "first";
  const [taken] = await claim(heir);
  expect([taken?.notification.id, taken?.attempts]).toEqual([id, 2]);
  await recordDelivery(db.database, { id, walId: owner }, { state: "failed", status: 500, error: "too late" });
  await recordDelivery(db.database, { id, walId: heir }, { state: "delivered", status: 200 });
  const [row] = await db.sql`select state from notifications where id = ${id}`;
  expect(row?.["state"]).toBe("delivered");
  expect((await claim(heir)).map(({ notification }) => notification.type)).toEqual(["alert.resolved"]);
});

test("one process evaluates; when it is gone or its lease ends another does, and a time without any is known", async () => {
  const publish = (walId: string) =>
    publishProgress(db.database, { walId, committedThroughMs: NOW_MS, intervalMs: 100 });
  const take = (walId: string, leaseMs = 60_000) => takeWatch(db.database, { walId, walIds: [walId], leaseMs });
  await Promise.all([publish("first"), publish("second")]);
  const first = await take("first");
  expect(first?.others.map(({ walId }) => walId)).toEqual(["second"]);
  expect(first?.unwatched).toBeNull();
  expect(await take("second")).toBeNull();
  expect(await take("first", 0)).not.toBeNull();
  expect(await take("second")).not.toBeNull();
  await db.sql`delete from processes where wal_id = 'second'`;
  expect(await take("first")).not.toBeNull();

  await db.sql`update alert_watch set seen_at = seen_at - interval '10 minutes'`;
  await publish("first");
  const { fromMs = 0, toMs = 0 } = (await take("first"))?.unwatched ?? {};
  expect(Math.round((toMs - fromMs) / MIN)).toBe(10);
  // Down once more right after: the two are one.
  await db.sql`update alert_watch set gap_to = gap_to - interval '5 minutes', seen_at = seen_at - interval '4 minutes 30 seconds'`;
  await publish("first");
  expect((await take("first"))?.unwatched?.fromMs).toBe(fromMs);
});
