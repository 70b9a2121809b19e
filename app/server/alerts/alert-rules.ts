import { and, asc, eq, sql } from "drizzle-orm";
import { applyChange, changesMeaning, type AlertRule, type AlertRuleChange } from "#app/core/alert-rule.ts";
import { needsKnownGroups, type GroupState } from "#app/core/alert-state.ts";
import { lastWindowEnd } from "#app/core/alert-window.ts";
import { AkavelogError } from "#app/core/errors.ts";
import { groupOf } from "#app/server/alerts/group-key.ts";
import { refusalOfUrl, type Cidr } from "#app/server/alerts/public-address.ts";
import { maskTarget, type TargetSecrets } from "#app/server/alerts/target-secrets.ts";
import { alertGroups, alertRules, type StoredTarget } from "#app/server/catalog/alert-schema.ts";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import { isUuid } from "#app/server/catalog/is-uuid.ts";

/** UnusableRuleError names the fields that keep a rule or one of its targets from working. */
export class UnusableRuleError extends AkavelogError {
  readonly errors: { field: string; reason: string }[];

  constructor(errors: { field: string; reason: string }[]) {
    super("UNUSABLE_RULE", errors.map(({ field, reason }) => `${field}: ${reason}`).join("; "));
    this.errors = errors;
  }
}

/** RuleContext is what rules are checked and stored with. */
export interface RuleContext {
  database: CatalogDatabase;
  secrets: TargetSecrets;
  allowedCidrs: readonly Cidr[];
  /** Whether mail can be sent at all. */
  canMail: boolean;
  intervalMs: number;
  nowMs: number;
}

type RuleRow = typeof alertRules.$inferSelect;

/** AlertGroup is a group as answers show it. Times are RFC 3339. */
export interface AlertGroup {
  group: string | null;
  status: GroupState["status"];
  value: number;
  since: string | null;
  lastSeen: string | null;
}

/** AlertStatus: `failing` cannot be evaluated, `ok` and `firing` go by its groups. */
export type AlertStatus = "disabled" | "failing" | "firing" | "ok";

/** StoredRule is a rule as answers show it: secrets are masked, times RFC 3339. */
export interface StoredRule extends Omit<AlertRule, "notify"> {
  id: string;
  projectId: string;
  notify: ReturnType<typeof maskTarget>[];
  status: AlertStatus;
  firingGroups: number;
  /** The end of the last window that was evaluated. */
  evaluatedTo: string;
  /** Why it cannot be evaluated, or not in full. */
  failure: string | null;
  createdAt: string;
  updatedAt: string;
}

/** createAlertRule throws UnusableRuleError and CatalogError. Its first window is the one that is running. */
export async function createAlertRule(context: RuleContext, projectId: string, rule: AlertRule): Promise<StoredRule> {
  const notify = sealTargets(context, rule.notify, []);
  const rows = await context.database.run("create alert rule", (db) =>
    db
      .insert(alertRules)
      .values({ ...columnsOf(rule), ...freshState(context, rule), projectId, notify })
      .returning(),
  );
  return toStoredRule(rows[0] as RuleRow, 0);
}

/** listAlertRules returns a project's rules, oldest first. Throws CatalogError. */
export async function listAlertRules(database: CatalogDatabase, projectId: string): Promise<StoredRule[]> {
  if (!isUuid(projectId)) return [];
  const rows = await database.run("list alert rules", (db) =>
    db
      .select({ rule: alertRules, firing: firingGroups() })
      .from(alertRules)
      .where(eq(alertRules.projectId, projectId))
      .orderBy(asc(alertRules.createdAt), asc(alertRules.id)),
  );
  return rows.map(({ rule, firing }) => toStoredRule(rule, Number(firing)));
}

/** getAlertRule returns null for what is not there or another project's. Throws CatalogError. */
export async function getAlertRule(
  database: CatalogDatabase,
  projectId: string,
  ruleId: string,
): Promise<StoredRule | null> {
  const found = await readRule(database, projectId, ruleId);
  return found === null ? null : toStoredRule(found.rule, found.firing);
}

/** readTargets returns a rule with its targets as they are stored, for who sends to them. Throws CatalogError. */
export async function readTargets(
  database: CatalogDatabase,
  projectId: string,
  ruleId: string,
): Promise<{ rule: RuleRow; targets: StoredTarget[] } | null> {
  const found = await readRule(database, projectId, ruleId);
  return found === null ? null : { rule: found.rule, targets: found.rule.notify };
}

/** listAlertGroups returns what a rule knows of its groups, those that fire first. Throws CatalogError. */
export async function listAlertGroups(
  database: CatalogDatabase,
  projectId: string,
  ruleId: string,
): Promise<AlertGroup[]> {
  if (!isUuid(ruleId) || !isUuid(projectId)) return [];
  const rows = await database.run("list alert groups", (db) =>
    db
      .select({ group: alertGroups })
      .from(alertGroups)
      .innerJoin(alertRules, and(eq(alertRules.id, alertGroups.ruleId), eq(alertRules.projectId, projectId)))
      .where(eq(alertGroups.ruleId, ruleId))
      .orderBy(sql`${alertGroups.status} = 'firing' desc`, asc(alertGroups.groupKey)),
  );
  return rows.map(({ group }) => ({
    group: groupOf(group.groupKey),
    status: group.status,
    value: group.value,
    since: toTime(group.sinceMs),
    lastSeen: toTime(group.seenMs),
  }));
}

/**
 * updateAlertRule changes what is given; null when there is no such rule. What decides about its state begins anew, silently,
 * when that has changed or when the rule was off. Throws UnusableRuleError and CatalogError.
 */
export async function updateAlertRule(
  context: RuleContext,
  projectId: string,
  ruleId: string,
  change: AlertRuleChange,
): Promise<StoredRule | null> {
  const { database } = context;
  for (;;) {
    const found = await readRule(database, projectId, ruleId);
    if (found === null) return null;
    const before = toRule(found.rule);
    const changed = applyChange(before, change);
    if (!changed.success) {
      throw new UnusableRuleError(
        changed.error.issues.map(({ path, message }) => ({ field: path.join("."), reason: message })),
      );
    }
    const after = changed.data;
    const notify =
      change.notify === undefined ? found.rule.notify : sealTargets(context, change.notify, found.rule.notify);
    const isNew = changesMeaning(before, after) || before.enabled !== after.enabled;
    const rows = await database.run("update alert rule", (db) => {
      const forgotten = db.$with("forgotten").as(
        db
          .delete(alertGroups)
          .where(and(eq(alertGroups.ruleId, ruleId), sql`${isNew}::boolean`))
          .returning({ key: alertGroups.groupKey }),
      );
      return db
        .with(forgotten)
        .update(alertRules)
        .set({
          ...columnsOf(after),
          ...(isNew ? freshState(context, after) : {}),
          notify,
          revision: sql`${alertRules.revision} + 1`,
          updatedAt: sql`now()`,
        })
        .where(
          and(
            eq(alertRules.id, ruleId),
            // Whoever changed it in between is not overwritten unseen, and no window is evaluated unseen either: it may
            // have brought groups that are not among the forgotten.
            eq(alertRules.revision, found.rule.revision),
            eq(alertRules.evaluatedToMs, found.rule.evaluatedToMs),
          ),
        )
        .returning();
    });
    if (rows[0] !== undefined) return toStoredRule(rows[0], isNew ? 0 : found.firing);
  }
}

/** deleteAlertRule takes its history with it, and what was still to be sent; false when there is no such rule. */
export async function deleteAlertRule(database: CatalogDatabase, projectId: string, ruleId: string): Promise<boolean> {
  if (!isUuid(ruleId) || !isUuid(projectId)) return false;
  const rows = await database.run("delete alert rule", (db) =>
    db
      .delete(alertRules)
      .where(and(eq(alertRules.id, ruleId), eq(alertRules.projectId, projectId)))
      .returning({ id: alertRules.id }),
  );
  return rows.length === 1;
}

async function readRule(
  database: CatalogDatabase,
  projectId: string,
  ruleId: string,
): Promise<{ rule: RuleRow; firing: number } | null> {
  if (!isUuid(ruleId) || !isUuid(projectId)) return null;
  const rows = await database.run("read alert rule", (db) =>
    db
      .select({ rule: alertRules, firing: firingGroups() })
      .from(alertRules)
      .where(and(eq(alertRules.id, ruleId), eq(alertRules.projectId, projectId))),
  );
  const [found] = rows;
  return found === undefined ? null : { rule: found.rule, firing: Number(found.firing) };
}

function firingGroups() {
  return sql<string>`(select count(*) from ${alertGroups}
    where ${alertGroups.ruleId} = ${alertRules.id} and ${alertGroups.status} = 'firing')`;
}

/** A rule that is new, or means something new, starts with the window that is running and knows nothing. */
function freshState({ nowMs, intervalMs }: RuleContext, rule: AlertRule) {
  return {
    evaluatedToMs: lastWindowEnd(nowMs, intervalMs),
    needsKnownGroups: needsKnownGroups({ condition: rule.condition, isGrouped: rule.groupBy !== null }),
    failure: null,
    failedAt: null,
  };
}

function sealTargets(
  { secrets, allowedCidrs, canMail }: RuleContext,
  targets: AlertRule["notify"],
  stored: readonly StoredTarget[],
): StoredTarget[] {
  const errors: { field: string; reason: string }[] = [];
  for (const [at, target] of targets.entries()) {
    if (target.type === "email") {
      if (!canMail) errors.push({ field: `notify.${at}.to`, reason: "needs SMTP_URL, which is not set" });
      continue;
    }
    const reason = refusalOfUrl(target.url, allowedCidrs);
    if (reason !== null) errors.push({ field: `notify.${at}.url`, reason });
  }
  const sealed = secrets.seal(targets, stored);
  if (Array.isArray(sealed) && errors.length === 0) return sealed;
  if (!Array.isArray(sealed)) {
    errors.push({ field: `notify.${sealed.at}.${sealed.field}`, reason: "is masked, and no such target is stored" });
  }
  throw new UnusableRuleError(errors);
}

function columnsOf({ notify: _notify, silencedUntil, ...rule }: AlertRule) {
  return { ...rule, silencedUntil: silencedUntil === null ? null : new Date(silencedUntil) };
}

function toRule(row: RuleRow): AlertRule {
  const { name, query, kind, window, condition, groupBy, forWindows, notifyResolved, repeatEvery, enabled } = row;
  const silencedUntil = row.silencedUntil?.toISOString() ?? null;
  return {
    name,
    query,
    kind,
    window,
    condition,
    groupBy,
    forWindows,
    notifyResolved,
    repeatEvery,
    silencedUntil,
    enabled,
    notify: [],
  };
}

function toStoredRule(row: RuleRow, firing: number): StoredRule {
  return {
    id: row.id,
    projectId: row.projectId,
    ...toRule(row),
    notify: row.notify.map(maskTarget),
    status: statusOf(row, firing),
    firingGroups: firing,
    evaluatedTo: new Date(row.evaluatedToMs).toISOString(),
    failure: row.failure,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}

function statusOf({ enabled, failure }: RuleRow, firing: number): AlertStatus {
  if (!enabled) return "disabled";
  if (firing > 0) return "firing";
  return failure === null ? "ok" : "failing";
}

/** isSilenced is true while nobody is told of what a rule sees. */
export function isSilenced({ silencedUntil }: Pick<AlertRule, "silencedUntil">, nowMs: number): boolean {
  return silencedUntil !== null && Date.parse(silencedUntil) > nowMs;
}

function toTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
