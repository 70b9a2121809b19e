import type { Predicate } from "#app/core/query/predicate.ts";
import type { SearchRange } from "#app/core/query-request.ts";
import { countMatches, type CountOptions } from "#app/server/search/count-matches.ts";
import type { Grouping } from "#app/server/search/group-counts.ts";

export interface FacetsRequest {
  projectId: string;
  range: SearchRange;
  predicate: Predicate;
  /** `service`, `level` and tags; null asks for the usual ones that occur. */
  fields: string[] | null;
  /** Values of each field, the most frequent first. */
  top: number;
}

/** Facets is the answer of POST /facets. */
export interface Facets {
  fields: Facet[];
  complete: boolean;
  reason?: "timeout" | "unreachable";
}

export interface Facet {
  name: string;
  values: { value: string; count: number }[];
  /** Different values; where `exact` is false, at least so many. */
  distinct: number;
  /** False when there were more values than are kept apart, or something was not looked at. */
  exact: boolean;
}

/** Tags that people filter by wherever they have them. */
const USUAL_TAGS = [
  "host",
  "hostname",
  "env",
  "environment",
  "region",
  "version",
  "namespace",
  "pod",
  "container",
  "component",
  "status",
  "method",
];

/** countFacets counts the values of several fields in one pass. Throws CatalogError. */
export async function countFacets(
  options: CountOptions,
  { projectId, range, predicate, fields, top }: FacetsRequest,
  signal: AbortSignal,
): Promise<Facets> {
  const names = fields ?? ["service", "level", ...USUAL_TAGS];
  const groupings = names.map((name) => [groupingOf(name)]);
  const counted = await countMatches(
    options,
    { projectId, predicate, spans: range.fromNs < range.toNs ? [{ ...range, groupings }] : [] },
    signal,
  );
  const facets = names.map((name, i): Facet => {
    const { groups, ungrouped } = counted.spans[0]?.[i] ?? { groups: [], ungrouped: 0 };
    const values = groups.flatMap(({ values: [value], count }) =>
      typeof value === "string" ? [{ value, count }] : [],
    );
    values.sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
    return { name, values: values.slice(0, top), distinct: values.length, exact: ungrouped === 0 && counted.complete };
  });
  return {
    fields: fields === null ? facets.filter(({ name, distinct }) => distinct > 0 || isFixed(name)) : facets,
    complete: counted.complete,
    ...(counted.reason === null ? {} : { reason: counted.reason }),
  };
}

function isFixed(name: string): boolean {
  return name === "service" || name === "level";
}

/** As in the query language, `tags.` may stand before a tag, and must where it is called as a field is. */
export function groupingOf(name: string): Grouping {
  if (name === "service") return { kind: "service" };
  if (name === "level") return { kind: "level" };
  return { kind: "tag", key: (name.startsWith("tags.") ? name.slice("tags.".length) : name).toWellFormed() };
}
