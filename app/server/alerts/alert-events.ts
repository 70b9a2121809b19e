import { and, desc, eq, getTableColumns, lt, or, sql } from "drizzle-orm";
import type { AlertCondition } from "#app/core/alert-rule.ts";
import type { AlertTransition } from "#app/core/alert-state.ts";
import { groupOf } from "#app/server/alerts/group-key.ts";
import { logLink } from "#app/server/alerts/log-link.ts";
import { alertEvaluations, alertEvents, alertRules } from "#app/server/catalog/alert-schema.ts";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import { isUuid } from "#app/server/catalog/is-uuid.ts";
import { projects } from "#app/server/catalog/schema.ts";

/** AlertEvent is one change of a group's state as answers show it. Times are RFC 3339. */
export interface AlertEvent {
  id: string;
  type: AlertTransition["type"];
  reason: AlertTransition["reason"];
  group: string | null;
  value: number;
  condition: AlertCondition;
  window: { from: string; to: string };
  /** Some of the window's entries may not have been counted. */
  partial: boolean;
  /** Whether anybody was told. */
  notified: boolean;
  /** When it was recorded. */
  at: string;
  /** Leads to exactly the matching logs. */
  url: string;
}

export interface EventPage {
  events: AlertEvent[];
  /** Where the next page goes on; null when nothing is left. */
  cursor: string | null;
}

export interface EventRequest {
  limit: number;
  /** As the page before gave it. */
  cursor: string | null;
  baseUrl: string;
}

/** listAlertEvents returns a rule's history, newest first. Throws CatalogError. */
export async function listAlertEvents(
  database: CatalogDatabase,
  projectId: string,
  ruleId: string,
  { limit, cursor, baseUrl }: EventRequest,
): Promise<EventPage> {
  if (!isUuid(ruleId) || !isUuid(projectId)) return { events: [], cursor: null };
  const behind = cursor === null ? null : parseCursor(cursor);
  const rows = await database.run("list alert events", (db) =>
    db
      .select({ event: alertEvents, slug: projects.slug })
      .from(alertEvents)
      .innerJoin(projects, eq(projects.id, alertEvents.projectId))
      .where(
        and(
          eq(alertEvents.ruleId, ruleId),
          eq(alertEvents.projectId, projectId),
          behind === null
            ? undefined
            : or(
                lt(alertEvents.windowEndMs, behind.toMs),
                and(eq(alertEvents.windowEndMs, behind.toMs), sql`${alertEvents.id} > ${behind.id}::uuid`),
              ),
        ),
      )
      .orderBy(desc(alertEvents.windowEndMs), alertEvents.id)
      .limit(limit + 1),
  );
  const page = rows.slice(0, limit);
  const last = page.at(-1)?.event;
  return {
    events: page.map(({ event, slug }) => toAlertEvent(event, slug, baseUrl)),
    cursor: rows.length > limit && last !== undefined ? `${last.windowEndMs}.${last.id}` : null,
  };
}

/** isEventCursor is true for what a page of events may have given. */
export function isEventCursor(text: string): boolean {
  return parseCursor(text) !== null;
}

function parseCursor(text: string): { toMs: number; id: string } | null {
  const match = /^(\d{1,15})\.([0-9a-f-]{36})$/.exec(text);
  const [, toMs = "", id = ""] = match ?? [];
  return isUuid(id) ? { toMs: Number(toMs), id } : null;
}

function toAlertEvent(row: typeof alertEvents.$inferSelect, slug: string, baseUrl: string): AlertEvent {
  const window = { fromMs: row.windowFromMs, toMs: row.windowEndMs };
  return {
    id: row.id,
    type: row.type,
    reason: row.reason,
    group: groupOf(row.groupKey),
    value: row.value,
    condition: row.condition,
    window: { from: new Date(window.fromMs).toISOString(), to: new Date(window.toMs).toISOString() },
    partial: row.isPartial,
    notified: row.isNotified,
    at: row.createdAt.toISOString(),
    url: logLink(baseUrl, slug, row.logQuery, window),
  };
}

/** EvaluatedWindow is what a rule saw in one window of one group. */
export interface EvaluatedWindow {
  group: string | null;
  toMs: number;
  value: number;
  partial: boolean;
}

/** More than a day's windows of a few groups; a chart shows no more. */
const MAX_EVALUATIONS = 10_000;

/** listEvaluations returns what a rule saw since a time, oldest first, the newest that fit. Throws CatalogError. */
export async function listEvaluations(
  database: CatalogDatabase,
  projectId: string,
  ruleId: string,
  sinceMs: number,
): Promise<EvaluatedWindow[]> {
  if (!isUuid(ruleId)) return [];
  const rows = await database.run("list alert evaluations", (db) =>
    db
      .select(getTableColumns(alertEvaluations))
      .from(alertEvaluations)
      .innerJoin(alertRules, and(eq(alertRules.id, alertEvaluations.ruleId), eq(alertRules.projectId, projectId)))
      .where(and(eq(alertEvaluations.ruleId, ruleId), sql`${alertEvaluations.windowEndMs} >= ${sinceMs}::bigint`))
      .orderBy(desc(alertEvaluations.windowEndMs))
      .limit(MAX_EVALUATIONS),
  );
  return rows
    .map(({ groupKey, windowEndMs, value, isPartial }) => {
      return { group: groupOf(groupKey), toMs: windowEndMs, value, partial: isPartial };
    })
    .reverse();
}
