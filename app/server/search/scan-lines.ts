import { formatEntryId } from "#app/core/entry.ts";
import { createTimestampReader, emptySlices, sliceLine } from "#app/server/ingest/canonical-line.ts";
import type { Matcher } from "#app/server/search/compile-matcher.ts";
import type { FreshLines } from "#app/server/search/fresh-lines.ts";
import { comparePositions, type PageSelection, type Position } from "#app/server/search/page-selection.ts";
import {
  ID_END,
  ID_START,
  LF,
  OPEN_BRACE,
  STORED_TIMESTAMP_START,
  timestampEndAt,
} from "#app/server/search/stored-line.ts";

/** ScanBounds say which entries a page can still take: time `[from, to)`, and what lies behind the last one sent. */
export interface ScanBounds {
  fromMs: number;
  fromSubMsNs: number;
  toMs: number;
  toSubMsNs: number;
  order: "asc" | "desc";
  behind: Position | null;
}

/** PageTarget is what a page still takes. */
export interface PageTarget {
  bounds: ScanBounds;
  selection: PageSelection;
}

export interface ScanTarget extends PageTarget {
  matches: Matcher;
}

/** scanStoredLines looks at every line of a decompressed block. */
export function scanStoredLines(lines: Buffer, target: ScanTarget, batch: string | null, key: string | null): void {
  const slices = emptySlices();
  const timestamp = createTimestampReader();
  const { bounds, selection } = target;
  for (let start = 0; start < lines.length;) {
    const timestampStart = start + STORED_TIMESTAMP_START;
    const timestampEnd = timestampEndAt(lines, timestampStart);
    const isTime = timestamp.read(lines, timestampStart, timestampEnd);
    const end = lines.indexOf(LF, timestampEnd);
    const { ms, subMsNs } = timestamp;
    if (isTime && isInRange(bounds, ms, subMsNs) && !selection.isSettledBehind(ms)) {
      sliceLine(lines, start + ID_END + 2, end, slices);
      if (target.matches(lines, slices)) {
        const id = lines.toString("latin1", start + ID_START, start + ID_END);
        if (isBehind(bounds, ms, subMsNs, id)) {
          // The id goes out in the answer's `ref`, so the brace stands where its closing comma was.
          const line = Buffer.from(lines.subarray(start + ID_END + 1, end));
          line[0] = OPEN_BRACE;
          selection.add({ ms, subMsNs, id, line, batch, key });
        }
      }
    }
    start = end + 1;
  }
}

/** scanFreshLines looks at lines that no object has yet. */
export function scanFreshLines(fresh: FreshLines, target: ScanTarget): void {
  const slices = emptySlices();
  const { bounds, selection } = target;
  const bytes = Buffer.from(fresh.bytes.buffer);
  for (let i = 0, start = 0; i < fresh.count; start = fresh.ends[i++] as number) {
    const ms = fresh.ms[i] as number;
    const subMsNs = fresh.subMsNs[i] as number;
    if (!isInRange(bounds, ms, subMsNs) || selection.isSettledBehind(ms)) continue;
    const end = (fresh.ends[i] as number) - 1;
    sliceLine(bytes, start + 1, end, slices);
    if (!target.matches(bytes, slices)) continue;
    const id = formatEntryId(fresh.walId, fresh.sequences[i] as number, fresh.indexes[i] as number);
    if (!isBehind(bounds, ms, subMsNs, id)) continue;
    selection.add({ ms, subMsNs, id, line: Buffer.from(bytes.subarray(start, end)), batch: null, key: null });
  }
}

function isInRange(bounds: ScanBounds, ms: number, subMsNs: number): boolean {
  if (ms < bounds.fromMs || (ms === bounds.fromMs && subMsNs < bounds.fromSubMsNs)) return false;
  return ms < bounds.toMs || (ms === bounds.toMs && subMsNs < bounds.toSubMsNs);
}

function isBehind(bounds: ScanBounds, ms: number, subMsNs: number, id: string): boolean {
  if (bounds.behind === null) return true;
  const difference = comparePositions({ ms, subMsNs, id }, bounds.behind);
  return bounds.order === "asc" ? difference > 0 : difference < 0;
}
