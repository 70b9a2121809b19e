import type { Predicate } from "#app/core/query/predicate.ts";
import type { BatchFilter } from "#app/server/ingest/batch-catalog.ts";
import type { PageRequest } from "#app/server/search/search-page.ts";

/**
 * batchFilter names what an entry must have to be on this page. Only conditions that every match fulfils may leave out
 * batches: those on whole values that stand at the top, joined by AND.
 */
export function batchFilter({ projectId, range, order, behind, predicate }: PageRequest): BatchFilter {
  const filter: BatchFilter = { projectId, ...range };
  if (behind !== null && order === "asc" && behind.timestampNs > filter.fromNs) filter.fromNs = behind.timestampNs;
  if (behind !== null && order === "desc" && behind.timestampNs < filter.toNs) filter.toNs = behind.timestampNs + 1n;
  for (const condition of predicate.kind === "all" ? predicate.of : [predicate]) addCondition(filter, condition);
  return filter;
}

function addCondition(filter: BatchFilter, condition: Predicate): void {
  if (condition.kind === "level") filter.levels = shorter(filter.levels, condition.values);
  if (condition.kind !== "equals" || !condition.values.every(isStorable)) return;
  const { field, values } = condition;
  const [value] = values;
  if (field.name === "service") filter.services = shorter(filter.services, values);
  else if (values.length === 1 && value !== undefined && isStorable(field.key))
    filter.tags = { ...filter.tags, [field.key]: value };
}

/** Of two conditions on the same field each must hold, so either will do. */
function shorter<T>(before: readonly T[] | undefined, values: readonly T[]): readonly T[] {
  return before === undefined || values.length < before.length ? values : before;
}

/** PostgreSQL refuses a statement with a NUL in a text. */
function isStorable(text: string): boolean {
  return !text.includes("\0");
}
