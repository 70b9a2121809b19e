import { and, eq, gte, inArray, isNull, lt, or, sql, type SQL } from "drizzle-orm";
import { logBatches, projects } from "#app/server/catalog/schema.ts";
import type { BatchFilter } from "#app/server/ingest/batch-catalog.ts";

/**
 * batchConditions is the WHERE of a search over `log_batches` joined with `projects`.
 * It may keep a batch that holds nothing wanted, and never drops one that does. Cheap conditions come first:
 * PostgreSQL keeps their order, and the tag summary may lie outside the row.
 */
export function batchConditions(filter: BatchFilter): SQL | undefined {
  return and(
    eq(logBatches.projectId, filter.projectId),
    isNull(projects.deletedAt),
    inArray(logBatches.state, ["stored", "missing"]),
    gte(logBatches.tsEndNs, filter.fromNs),
    lt(logBatches.tsStartNs, filter.toNs),
    isGiven(filter.levels) ? sql`${logBatches.levels} && ${textArray(filter.levels)}` : undefined,
    isGiven(filter.services) && filter.services.every(isStorable)
      ? or(isNull(logBatches.services), sql`${logBatches.services} && ${textArray(filter.services)}`)
      : undefined,
    filter.walId === undefined
      ? undefined
      : sql`case when ${logBatches.lineage} is null
      then ${logBatches.walId} = ${filter.walId}
      else jsonb_path_exists(${logBatches.lineage}, '$[*] ? (@[0] == $wal)', jsonb_build_object('wal', ${filter.walId}::text))
      end`,
    ...Object.entries(filter.tags ?? {}).map(([key, value]) =>
      isStorable(key) && isStorable(value) ? tagMayHave(key, value) : undefined,
    ),
  );
}

/** Every part that is given changes the wording of the conditions, and of tags there may be any number. */
export function hasFewWordings({ tags = {} }: BatchFilter): boolean {
  return Object.keys(tags).length <= 1;
}

function isGiven<T>(values: readonly T[] | undefined): values is readonly T[] {
  return values !== undefined && values.length > 0;
}

/** PostgreSQL refuses the whole statement for a NUL or half a surrogate pair; such texts are in no row, only in objects. */
function isStorable(text: string): boolean {
  return !text.includes("\0") && text.isWellFormed();
}

function textArray(values: readonly string[]): SQL {
  // As JSON, because drizzle spreads a plain array over one parameter for each value.
  return sql`array(select jsonb_array_elements_text(${JSON.stringify(values)}::text::jsonb))`;
}

/**
 * A listed key must list the value, unless its values were too many (null). A key that is not listed is in no entry,
 * unless the summary ran out of room for keys.
 */
function tagMayHave(key: string, value: string): SQL {
  const keys = sql`${logBatches.tags}->'keys'`;
  return sql`case when ${keys} ? ${key}::text
    then jsonb_typeof(${keys}->${key}::text) = 'null' or (${keys}->${key}::text) ? ${value}::text
    else ${logBatches.tags}->'complete' <> 'true'::jsonb end`;
}
