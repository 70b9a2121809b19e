import type { Match } from "#app/server/search/page-selection.ts";
import type { QuerySlots } from "#app/server/search/query-slots.ts";
import { searchPage, type PageRequest, type SearchEnd, type SearchOptions } from "#app/server/search/search-page.ts";

export type ExportEvent = { kind: "matches"; matches: Match[] } | { kind: "end"; end: ExportEnd };

export interface ExportEnd {
  complete: boolean;
  matched: number;
  /** Where a further export goes on; null when nothing is left. */
  last: PageRequest["behind"];
  /** Of the batches that were there at the beginning. */
  batches: SearchEnd["batches"];
  reason: "timeout" | "unreachable" | null;
}

export interface ExportRequest extends Omit<PageRequest, "limit"> {
  /** Infinity for everything. */
  limit: number;
}

export interface ExportOptions extends SearchOptions {
  slots: QuerySlots;
  /** The whole export; each page has the time of a query. */
  maxExportMs: number;
}

const PAGE_ENTRIES = 50_000;

/** exportMatches streams any number of matches, page after page. Throws CatalogError, before the first event at the earliest. */
export async function* exportMatches(
  options: ExportOptions,
  request: ExportRequest,
  signal: AbortSignal,
): AsyncGenerator<ExportEvent> {
  const deadlineMs = options.clock.nowMs() + options.maxExportMs;
  let matched = 0;
  let reason: ExportEnd["reason"] = null;
  let total: number | null = null;
  let scanned = 0;
  let { behind } = request;
  for (;;) {
    const page = { ...request, behind, limit: Math.min(PAGE_ENTRIES, request.limit - matched) };
    const events = options.slots.each(request.projectId, signal, searchPage(options, page, signal));
    const before = matched;
    let last: ExportEnd["last"] = null;
    for await (const event of events) {
      if (event.kind === "matches") {
        matched += event.matches.length;
        yield event;
      } else if (event.kind === "end") {
        ({ last } = event.end);
        total ??= event.end.batches.total;
        // One that two pages share is read for both.
        scanned = Math.min(total, scanned + event.end.batches.scanned);
        // A page that ran out of time goes on in the next, as long as it came any further.
        if (event.end.reason !== null && (event.end.reason !== "timeout" || matched === before))
          ({ reason } = event.end);
      }
    }
    if (last !== null && options.clock.nowMs() > deadlineMs) reason = "timeout";
    if (last === null || reason === "timeout" || matched >= request.limit) {
      const batches = { total: total ?? 0, skipped: (total ?? 0) - scanned, scanned };
      yield { kind: "end", end: { complete: reason === null, matched, last, batches, reason } };
      return;
    }
    behind = last;
  }
}
