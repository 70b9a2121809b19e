import { nsToParts } from "#app/core/timestamp.ts";
import type { ScanBounds } from "#app/server/search/scan-lines.ts";
import type { RowGroup } from "#app/server/search/tier1-format.ts";

/** Entries do not come evenly: so many times the time that they would take is looked through. */
const MARGIN = 4;
/** A larger share of a row group costs about as much as all of it. */
const MAX_SHARE = 1 / 2;

/**
 * likelyBounds narrows the bounds of a page to the time of a row group in which its first `limit` entries should lie, or is
 * null when that would spare little. Whoever finds fewer there has to look within the bounds themselves.
 */
export function likelyBounds(
  bounds: ScanBounds,
  { tsStartNs, tsEndNs, rows }: Pick<RowGroup, "tsStartNs" | "tsEndNs" | "rows">,
  limit: number,
): ScanBounds | null {
  const share = (limit * MARGIN) / rows;
  if (share > MAX_SHARE) return null;
  const startMs = nsToParts(tsStartNs).ms;
  const endMs = nsToParts(tsEndNs).ms;
  const spanMs = Math.ceil((endMs - startMs) * share);
  const behindMs = bounds.behind?.ms;
  if (bounds.order === "asc") {
    const toMs = Math.max(startMs, bounds.fromMs, behindMs ?? startMs) + spanMs + 1;
    return toMs < bounds.toMs ? { ...bounds, toMs, toSubMsNs: 0 } : null;
  }
  const fromMs = Math.min(endMs, bounds.toMs, behindMs ?? endMs) - spanMs;
  return fromMs > bounds.fromMs ? { ...bounds, fromMs, fromSubMsNs: 0 } : null;
}
