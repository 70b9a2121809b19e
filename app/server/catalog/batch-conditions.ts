import { and, eq, gte, inArray, isNull, lt, or, sql, type SQL } from "drizzle-orm";
import { logBatches, projects } from "#app/server/catalog/schema.ts";
import type { BatchFilter } from "#app/server/ingest/batch-catalog.ts";

/** BatchWording is what of a filter changes how its conditions are worded; the rest are values. */
export interface BatchWording {
  hasLevels: boolean;
  hasServices: boolean;
  hasWal: boolean;
  tags: number;
}

/**
 * batchConditions is the WHERE of a search over `log_batches` joined with `projects`, whose values are placeholders for
 * those of `batchValues`. It may keep a batch that holds nothing wanted, and never drops one that does. Cheap conditions
 * come first: PostgreSQL keeps their order, and the tag summary may lie outside the row.
 */
export function batchConditions({ hasLevels, hasServices, hasWal, tags }: BatchWording): SQL | undefined {
  return and(
    eq(logBatches.projectId, sql.placeholder("projectId")),
    isNull(projects.deletedAt),
    inArray(logBatches.state, ["stored", "missing"]),
    gte(logBatches.tsEndNs, sql.param(sql.placeholder("fromNs"), logBatches.tsEndNs)),
    lt(logBatches.tsStartNs, sql.param(sql.placeholder("toNs"), logBatches.tsStartNs)),
    hasLevels ? sql`${logBatches.levels} && ${textArray("levels")}` : undefined,
    hasServices ? or(isNull(logBatches.services), sql`${logBatches.services} && ${textArray("services")}`) : undefined,
    hasWal
      ? sql`case when ${logBatches.lineage} is null
      then ${logBatches.walId} = ${sql.placeholder("walId")}
      else jsonb_path_exists(${logBatches.lineage}, '$[*] ? (@[0] == $wal)',
        jsonb_build_object('wal', ${sql.placeholder("walId")}::text))
      end`
      : undefined,
    ...Array.from({ length: tags }, (_, i) => tagMayHave(i)),
  );
}

/** batchWording is how the conditions of this filter are worded. */
export function batchWording(filter: BatchFilter): BatchWording {
  return {
    hasLevels: isGiven(filter.levels),
    hasServices: isGiven(filter.services) && filter.services.every(isStorable),
    hasWal: filter.walId !== undefined,
    tags: storableTags(filter).length,
  };
}

/** batchValues are the values that belong into the conditions of this filter. */
export function batchValues(filter: BatchFilter): Record<string, unknown> {
  const { projectId, fromNs, toNs, levels, services, walId } = filter;
  return {
    projectId,
    fromNs,
    toNs,
    levels: JSON.stringify(levels),
    services: JSON.stringify(services),
    walId,
    ...Object.fromEntries(
      storableTags(filter).flatMap(([key, value], i) => [
        [`tag${i}`, key],
        [`value${i}`, value],
      ]),
    ),
  };
}

/** hasFewWordings is false where there may be any number of them: of tags there may be. */
export function hasFewWordings({ tags }: BatchWording): boolean {
  return tags <= 1;
}

function storableTags({ tags = {} }: BatchFilter): [key: string, value: string][] {
  return Object.entries(tags).filter((tag) => tag.every(isStorable));
}

function isGiven<T>(values: readonly T[] | undefined): values is readonly T[] {
  return values !== undefined && values.length > 0;
}

/** PostgreSQL refuses the whole statement for a NUL or half a surrogate pair; such texts are in no row, only in objects. */
function isStorable(text: string): boolean {
  return !text.includes("\0") && text.isWellFormed();
}

function textArray(name: string): SQL {
  // As JSON, because drizzle spreads a plain array over one parameter for each value.
  return sql`array(select jsonb_array_elements_text(${sql.placeholder(name)}::text::jsonb))`;
}

/**
 * A listed key must list the value, unless its values were too many (null). A key that is not listed is in no entry,
 * unless the summary ran out of room for keys.
 */
function tagMayHave(i: number): SQL {
  const keys = sql`${logBatches.tags}->'keys'`;
  const key = sql`${sql.placeholder(`tag${i}`)}::text`;
  return sql`case when ${keys} ? ${key}
    then jsonb_typeof(${keys}->${key}) = 'null' or (${keys}->${key}) ? ${sql.placeholder(`value${i}`)}::text
    else ${logBatches.tags}->'complete' <> 'true'::jsonb end`;
}
