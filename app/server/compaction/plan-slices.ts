import { partsToNs } from "#app/core/timestamp.ts";
import { STORED_ID_BYTES } from "#app/server/ingest/tier0-batch.ts";
import { keysAt, type EntryKey, type SurveyedBlock } from "#app/server/compaction/survey-lines.ts";
import { MAX_RAW_BYTES_PER_GROUP, MAX_ROWS_PER_GROUP, ROWS_PER_VECTOR } from "#app/server/search/tier1-format.ts";

/** TimeSlice is the entries of one row group before they are sorted inside. */
export interface TimeSlice {
  rows: number;
  rawBytes: number;
  maxEntryBytes: number;
  tsStartNs: bigint;
  tsEndNs: bigint;
}

export interface SlicePlan {
  rowsPerSlice: number;
  /** The first entry of each slice but the first. */
  borders: EntryKey[];
  slices: TimeSlice[];
}

/**
 * planSlices cuts the entries of all blocks, in the order of time, into slices of equal numbers of rows (the last has the
 * rest), few enough that no slice is larger than a row group may be. Sizes and bounds of time may claim a little more than is
 * there, where neighbours share a moment, and never less.
 */
export function planSlices(blocks: readonly SurveyedBlock[]): SlicePlan {
  const entries = blocks.reduce((sum, { ms }) => sum + ms.length, 0);
  const times = new Float64Array(entries);
  let at = 0;
  for (const { ms } of blocks) {
    times.set(ms, at);
    at += ms.length;
  }
  times.sort();
  for (let rows = MAX_ROWS_PER_GROUP; ; rows = Math.max(ROWS_PER_VECTOR, halfOf(rows))) {
    const borders = findBorders(blocks, times, rows);
    const slices = measureSlices(blocks, borders, entries, rows);
    const isSmall = slices.every(
      ({ rawBytes, rows: count }) => rawBytes - count * STORED_ID_BYTES <= MAX_RAW_BYTES_PER_GROUP,
    );
    if (!isSmall && rows > ROWS_PER_VECTOR) continue;
    return { rowsPerSlice: rows, borders, slices };
  }
}

function halfOf(rows: number): number {
  return Math.floor(rows / 2 / ROWS_PER_VECTOR) * ROWS_PER_VECTOR;
}

/** Only entries that share a border's millisecond are compared by their whole keys. */
function findBorders(blocks: readonly SurveyedBlock[], times: Float64Array, rows: number): EntryKey[] {
  const borders: EntryKey[] = [];
  for (let first = rows; first < times.length; first += rows) {
    const ms = times[first] as number;
    const tied = blocks
      .filter((block) => block.minMs <= ms && ms <= block.maxMs)
      .flatMap((block) => keysAt(block, ms))
      .sort(compareKeys);
    borders.push(tied[first - lowerBound(times, ms)] as EntryKey);
  }
  return borders;
}

function compareKeys(a: EntryKey, b: EntryKey): number {
  return a.ms - b.ms || a.subMsNs - b.subMsNs || (a.id < b.id ? -1 : 1);
}

function lowerBound(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function measureSlices(
  blocks: readonly SurveyedBlock[],
  borders: readonly EntryKey[],
  entries: number,
  rowsPerSlice: number,
): TimeSlice[] {
  const slices = Array.from({ length: borders.length + 1 }, (_, i) => ({
    rows: Math.min(rowsPerSlice, entries - i * rowsPerSlice),
    rawBytes: 0,
    maxEntryBytes: 0,
    startMs: Infinity,
    startSubMsNs: 0,
    endMs: -Infinity,
    endSubMsNs: 0,
  }));
  for (const block of blocks) {
    for (let i = 0; i < block.ms.length; i++) {
      const ms = block.ms[i] as number;
      const subMsNs = block.subMsNs[i] as number;
      const bytes = block.bytes[i] as number;
      let first = 0;
      while (first < borders.length && isBehind(borders[first] as EntryKey, ms, subMsNs)) first++;
      // An entry as early as a border is on one side of it, by its id; it counts for both.
      let last = first;
      while (last < borders.length && isEqual(borders[last] as EntryKey, ms, subMsNs)) last++;
      for (let s = first; s <= last; s++) {
        const slice = slices[s] as (typeof slices)[number];
        slice.rawBytes += bytes;
        if (bytes > slice.maxEntryBytes) slice.maxEntryBytes = bytes;
        if (ms < slice.startMs || (ms === slice.startMs && subMsNs < slice.startSubMsNs)) {
          slice.startMs = ms;
          slice.startSubMsNs = subMsNs;
        }
        if (ms > slice.endMs || (ms === slice.endMs && subMsNs > slice.endSubMsNs)) {
          slice.endMs = ms;
          slice.endSubMsNs = subMsNs;
        }
      }
    }
  }
  return slices.map(({ rows, rawBytes, maxEntryBytes, startMs, startSubMsNs, endMs, endSubMsNs }) => ({
    rows,
    rawBytes,
    maxEntryBytes,
    tsStartNs: partsToNs({ ms: startMs, subMsNs: startSubMsNs }),
    tsEndNs: partsToNs({ ms: endMs, subMsNs: endSubMsNs }),
  }));
}

function isBehind(border: EntryKey, ms: number, subMsNs: number): boolean {
  return ms > border.ms || (ms === border.ms && subMsNs > border.subMsNs);
}

function isEqual(border: EntryKey, ms: number, subMsNs: number): boolean {
  return ms === border.ms && subMsNs === border.subMsNs;
}
