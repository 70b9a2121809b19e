import { useMemo } from "react";
import type { Entry } from "#app/components/explorer/entry.ts";
import type { Search } from "#app/components/explorer/use-search.ts";
import type { Tail } from "#app/components/explorer/use-tail.ts";

/** Rows is what the list shows. */
export interface Rows {
  rows: readonly Entry[];
  count: number;
}

/** useRows puts what the live follow brought above what the search found; a line that came both ways is shown once. */
export function useRows(search: Search, tail: Tail, isLive: boolean): Rows {
  const { rows: found, count } = search.view;
  const { rows: followed } = tail.view;
  return useMemo(() => {
    if (!isLive || followed.length === 0) return { rows: found, count };
    const ids = new Set(followed.map(({ ref }) => ref.id));
    const rows = [...followed, ...found.slice(0, count).filter(({ ref }) => !ids.has(ref.id))];
    return { rows, count: rows.length };
  }, [isLive, followed, found, count]);
}

/** How many rows are looked through for the names of fields. */
const SAMPLE = 300;

/** seenLabels lists the tags of the first rows, the most frequent first. */
export function seenTagKeys(rows: readonly Entry[], count: number): string[] {
  const counts = new Map<string, number>();
  for (const { tags } of rows.slice(0, Math.min(count, SAMPLE)))
    for (const key of Object.keys(tags)) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([key]) => key);
}
