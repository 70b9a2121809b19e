import { predicateOf } from "#app/server/alerts/log-link.ts";
import type { Notification } from "#app/server/alerts/notification.ts";
import { NS_PER_MS } from "#app/core/timestamp.ts";
import { searchPage, type SearchOptions } from "#app/server/search/search-page.ts";
import { entryJson } from "#app/server/http/entry-json.ts";

const SAMPLE_ENTRIES = 5;
/** A notification does not wait longer for what only illustrates it. */
const MAX_SAMPLE_MS = 3_000;

/** SampleEntry is an entry as answers show it. */
export interface SampleEntry {
  timestamp: string;
  service: string;
  level: string;
  message: string;
}

/** sampleEntries reads the newest entries that a notification is about; none when they cannot be read in time. */
export async function sampleEntries(
  options: SearchOptions,
  { projectId, logQuery, window }: Notification,
  signal: AbortSignal,
): Promise<SampleEntry[]> {
  const entries: SampleEntry[] = [];
  const asked = {
    projectId,
    range: { fromNs: BigInt(window.fromMs) * NS_PER_MS, toNs: BigInt(window.toMs) * NS_PER_MS },
    predicate: predicateOf(logQuery),
    order: "desc",
    limit: SAMPLE_ENTRIES,
    behind: null,
  } as const;
  for await (const event of searchPage({ ...options, maxQueryMs: MAX_SAMPLE_MS }, asked, signal)) {
    if (event.kind !== "matches") continue;
    for (const match of event.matches) entries.push(JSON.parse(entryJson(match).toString("utf8")) as SampleEntry);
  }
  return entries;
}
