import type { Predicate } from "#app/core/query/predicate.ts";
import { parseTimestampText } from "#app/core/timestamp.ts";
import { emptySlices, sliceLine } from "#app/server/ingest/canonical-line.ts";
import { EntryBlockBuilder } from "#app/server/ingest/entry-block.ts";
import { compileMatcher } from "#app/server/search/compile-matcher.ts";
import type { SearchedEntry } from "#tests/support/predicates.ts";

const timestamp = parseTimestampText("2026-01-02T03:04:05.678Z");

/** searchEntries runs one matcher over the canonical lines of several entries, as a search does. */
export function searchEntries(predicate: Predicate, entries: SearchedEntry[]): boolean[] {
  if (timestamp === null) throw new Error("the support's timestamp is not one");
  const builder = new EntryBlockBuilder(1024);
  for (const entry of entries) builder.add({ ...entry, timestamp, levelOriginal: null });
  const { bytes, ends } = builder.build();
  const matches = compileMatcher(predicate);
  const slices = emptySlices();
  return entries.map((_, i) => {
    sliceLine(bytes, (i === 0 ? 0 : (ends[i - 1] ?? 0)) + 1, (ends[i] ?? 0) - 1, slices);
    return matches(bytes, slices);
  });
}
