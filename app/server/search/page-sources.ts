import { nsToParts } from "#app/core/timestamp.ts";
import type { StoredBatch } from "#app/server/ingest/batch-catalog.ts";
import type { LocalView } from "#app/server/ingest/local-batches.ts";
import type { Sources } from "#app/server/search/find-sources.ts";
import type { RowGroup } from "#app/server/search/tier1-format.ts";
import type { Tier1Object } from "#app/server/search/tier1-objects.ts";

/**
 * PageSource is something with lines that may be on the page: a batch of this process, an object of tier 0, or a row group.
 * An object of tier 1 stands for its row groups until its turn comes. `firstMs` is its best time in the asked order.
 */
export type PageSource = { firstMs: number; lastMs: number } & (
  | { kind: "batch"; batch: StoredBatch | LocalView }
  | { kind: "tier1"; batch: StoredBatch }
  | { kind: "rowGroup"; batch: StoredBatch; object: Tier1Object; rowGroup: RowGroup }
);

type Order = "asc" | "desc";

/** pageSources is what may be on a page, in the asked order of the best times. */
export function pageSources({ stored, local }: Sources, order: Order): PageSource[] {
  const sources: PageSource[] = [];
  for (const batch of stored) {
    const times = timesOf(batch, order);
    sources.push(batch.tier === 1 ? { kind: "tier1", batch, ...times } : { kind: "batch", batch, ...times });
  }
  for (const view of local) {
    const { minMs, maxMs } = view.batch;
    sources.push({ kind: "batch", batch: view, ...inOrder(minMs, maxMs, order) });
  }
  return sources.sort((a, b) => compare(a, b, order));
}

/** expandSource puts the row groups of an object in the place of the object, each where its time belongs. */
export function expandSource(
  sources: PageSource[],
  at: number,
  object: Tier1Object,
  rowGroups: RowGroup[],
  order: Order,
): void {
  const added = rowGroups.map((rowGroup): PageSource => {
    return { kind: "rowGroup", batch: object.batch, object, rowGroup, ...timesOf(rowGroup, order) };
  });
  // None of them is better than the object was, so what lies before stays where it is.
  const rest = [...sources.splice(at).slice(1), ...added].sort((a, b) => compare(a, b, order));
  sources.push(...rest);
}

function timesOf({ tsStartNs, tsEndNs }: { tsStartNs: bigint; tsEndNs: bigint }, order: Order) {
  return inOrder(nsToParts(tsStartNs).ms, nsToParts(tsEndNs).ms, order);
}

function inOrder(minMs: number, maxMs: number, order: Order): { firstMs: number; lastMs: number } {
  return order === "asc" ? { firstMs: minMs, lastMs: maxMs } : { firstMs: maxMs, lastMs: minMs };
}

function compare(a: PageSource, b: PageSource, order: Order): number {
  return order === "asc" ? a.firstMs - b.firstMs : b.firstMs - a.firstMs;
}
