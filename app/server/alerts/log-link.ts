import { allOf, levelIn, type Predicate } from "#app/core/query/predicate.ts";
import { LEVELS, type Level } from "#app/core/level.ts";
import { parseQuery } from "#app/core/query/parse-query.ts";
import { printQuery } from "#app/core/query/print-query.ts";
import type { AlertWindow } from "#app/core/alert-window.ts";
import type { Env } from "#app/server/env.ts";

/** predicateOf understands a query that was checked when it was stored. Throws InvalidQueryError where it no longer is one. */
export function predicateOf(query: string): Predicate {
  const predicate = parseQuery(query);
  if (predicate instanceof Error) throw predicate;
  return predicate;
}

/** logQueryOf asks for exactly the entries that were counted for a group; null is all of the rule's. */
export function logQueryOf(
  { query, groupBy }: { query: string; groupBy: string | null },
  group: string | null,
): string {
  const asked = query.trim();
  if (groupBy === null || group === null) return asked;
  const inGroup = printQuery(inGroupOf(groupBy, group));
  return asked === "" || asked === "*"
    ? inGroup
    : `${printQuery(allOf([predicateOf(asked), inGroupOf(groupBy, group)]))}`;
}

function inGroupOf(groupBy: string, group: string): Predicate {
  if (groupBy === "level") return levelIn(LEVELS.filter((level): level is Level => level === group));
  if (groupBy === "service") return { kind: "equals", field: { name: "service" }, values: [group] };
  return { kind: "equals", field: { name: "tag", key: tagOf(groupBy) }, values: [group] };
}

/** As in the query language, `tags.` may stand before a tag. */
function tagOf(field: string): string {
  return (field.startsWith("tags.") ? field.slice("tags.".length) : field).toWellFormed();
}

/** logLink leads to the log explorer at what an event is about. */
export function logLink(base: string, slug: string, logQuery: string, { fromMs, toMs }: AlertWindow): string {
  const parameters = new URLSearchParams({
    ...(logQuery === "" ? {} : { query: logQuery }),
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
  });
  return `${base}/p/${slug}/logs?${parameters.toString()}`;
}

/** baseUrl is where this server's pages are for those who read a notification. */
export function baseUrl({ publicUrl, host, port }: Pick<Env, "publicUrl" | "host" | "port">): string {
  if (publicUrl !== null) return publicUrl;
  const name = host === "0.0.0.0" || host === "::" ? "localhost" : host.includes(":") ? `[${host}]` : host;
  return `http://${name}:${port}`;
}
