import type { Level } from "#app/core/level.ts";
import type { BatchFilter, MinuteCount, StoredBatch, WalFloor } from "#app/server/ingest/batch-catalog.ts";

/** CountCatalog answers from the counts that are kept with each batch, so that no object is read. */
export interface CountCatalog {
  /** Counts of batches that may match, and which of them must be looked into, both of one moment. Throws CatalogError. */
  countMinutes(request: MinuteCountRequest): Promise<FoundCounts>;
}

export interface MinuteCountRequest {
  filter: BatchFilter;
  floors: readonly WalFloor[];
  ranges: MinuteRange[];
  /** Minutes of which only a part is asked: batches with entries there are to be looked into for that part. */
  edgeMinutes: number[];
  /** Whether services are told apart; batches whose services are too many to be counted by name are then looked into. */
  byService: boolean;
}

/** MinuteRange is minutes `[from, to)` since 1970, summed up by steps of `stepMinutes` from `originMinute` on; null: in one. */
export interface MinuteRange {
  from: number;
  to: number;
  step: { originMinute: number; stepMinutes: number } | null;
}

export interface FoundCounts {
  counts: RangeCount[];
  /** The batches to look into; the counts of those that are `isCounted` are in `counts`, all but their edge minutes. */
  batches: (StoredBatch & { isCounted: boolean })[];
  /** `ledgerKey` of the batches above the floors that are stored; a local copy of one must not be counted too. */
  inLedger: ReadonlySet<string>;
}

export interface RangeCount {
  /** Index in `ranges`, and which step of it. */
  range: number;
  step: number;
  /** Null when services are not told apart. */
  service: string | null;
  level: Level;
  count: number;
}

/** stepOf is the step of a range that a minute belongs to, as the catalog counts it. */
export function stepOf({ step }: MinuteRange, minute: number): number {
  return step === null ? 0 : Math.floor((minute - step.originMinute) / step.stepMinutes);
}

export function isInRange({ from, to }: MinuteRange, { minute }: Pick<MinuteCount, "minute">): boolean {
  return minute >= from && minute < to;
}
