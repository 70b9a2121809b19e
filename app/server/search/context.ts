import { parseEntryId } from "#app/core/entry.ts";
import type { ContextRequest } from "#app/core/read-requests.ts";
import { allOf, EVERYTHING, levelIn, type Predicate } from "#app/core/query/predicate.ts";
import { LEVELS, type Level } from "#app/core/level.ts";
import { parseTimestampText, partsToNs } from "#app/core/timestamp.ts";
import { findEntryTime, type FindEntryOptions } from "#app/server/search/find-entry.ts";
import type { Match } from "#app/server/search/page-selection.ts";
import { searchPage, type PageRequest, type SearchOptions } from "#app/server/search/search-page.ts";

/** Context is the lines around one line, ascending. */
export interface Context {
  matches: Match[];
  /** Where the line itself stands. */
  index: number;
  /** False when neighbours may lie in something that was not looked at. */
  complete: boolean;
}

/** Entries of one request that share a timestamp and all digits of their index but the last. */
const MAX_ID_NEIGHBOURS = 36;
const MAX_TIMESTAMP_NS = 2n ** 63n - 1n;

/**
 * findContext finds a line by its id and its neighbours in the total order, of the same service, host, … where `fields`
 * asks for that. Throws CatalogError.
 */
export async function findContext(
  options: SearchOptions & FindEntryOptions,
  projectId: string,
  asked: ContextRequest,
  signal: AbortSignal,
): Promise<Context | { missing: "no such entry" | "not everything was looked at" }> {
  const position = parseEntryId(asked.id);
  if (position === null) return { missing: "no such entry" };
  const hint = asked.timestamp === undefined ? null : parseTimestampText(asked.timestamp);
  let timestampNs = hint === null || hint.ms < 0 ? null : partsToNs(hint);
  let line = timestampNs === null ? null : await lineAt(timestampNs);
  if (line === null) {
    const found = await findEntryTime(options, projectId, position, signal);
    if ("missing" in found) return found;
    timestampNs = found.timestampNs;
    line = await lineAt(timestampNs);
  }
  // It was there a moment ago: it has expired meanwhile, or its object cannot be read.
  if (line === null || timestampNs === null) return { missing: "not everything was looked at" };

  const behind = { timestampNs, id: asked.id };
  const predicate = sameFields(line, asked.fields);
  const before = await pageOf({ range: { fromNs: 0n, toNs: timestampNs + 1n }, order: "desc", limit: asked.before });
  const after = await pageOf({
    range: { fromNs: timestampNs, toNs: MAX_TIMESTAMP_NS },
    order: "asc",
    limit: asked.after,
  });
  return {
    matches: [...before.matches.reverse(), line, ...after.matches],
    index: before.matches.length,
    complete: before.complete && after.complete,
  };

  async function lineAt(atNs: bigint): Promise<Match | null> {
    const { matches } = await readPage({
      projectId,
      range: { fromNs: atNs, toNs: atNs + 1n },
      predicate: EVERYTHING,
      order: "asc",
      limit: MAX_ID_NEIGHBOURS,
      // The start of an id sorts before the id, and few others lie between the two.
      behind: { timestampNs: atNs, id: asked.id.slice(0, -1) },
    });
    return matches.find(({ id }) => id === asked.id) ?? null;
  }

  async function pageOf(page: Pick<PageRequest, "range" | "order" | "limit">) {
    if (page.limit === 0) return { matches: [], complete: true };
    return await readPage({ projectId, predicate, behind, ...page });
  }

  async function readPage(page: PageRequest): Promise<{ matches: Match[]; complete: boolean }> {
    const matches: Match[] = [];
    let complete = false;
    for await (const event of searchPage(options, page, signal)) {
      if (event.kind === "matches") matches.push(...event.matches);
      else if (event.kind === "end") complete = event.end.complete;
    }
    return { matches, complete };
  }
}

/** sameFields asks for the line's own values; what the line does not have asks for nothing. */
function sameFields(match: Match, fields: string[]): Predicate {
  const { service, level, tags } = JSON.parse(match.line.toString("utf8")) as {
    service: string;
    level: Level;
    tags: Record<string, string>;
  };
  return allOf(
    fields.flatMap((name): Predicate[] => {
      if (name === "service") return [{ kind: "equals", field: { name: "service" }, values: [service] }];
      if (name === "level") return [levelIn(LEVELS.filter((one) => one === level))];
      const key = name.startsWith("tags.") ? name.slice("tags.".length) : name;
      const value = Object.hasOwn(tags, key) ? tags[key] : undefined;
      return value === undefined ? [] : [{ kind: "equals", field: { name: "tag", key }, values: [value] }];
    }),
  );
}
