import { createTimestampReader, emptySlices, sliceLine } from "#app/server/ingest/canonical-line.ts";
import type { Matcher } from "#app/server/search/compile-matcher.ts";
import type { FreshLines } from "#app/server/search/fresh-lines.ts";
import type { Line } from "#app/server/search/line.ts";
import { resetLine } from "#app/server/search/line.ts";
import { ID_END, LF, STORED_TIMESTAMP_START, timestampEndAt } from "#app/server/search/stored-line.ts";

/** MatchVisitor is told of every entry that matches; `line` is the same object each time. */
export interface MatchVisitor {
  /** Whether entries at this time are wanted; asked before anything else of them is looked at. */
  wants: (ms: number, subMsNs: number) => boolean;
  matches: Matcher;
  visit: (line: Line, ms: number, subMsNs: number) => void;
}

/** visitStoredLines looks at every line of a decompressed block. */
export function visitStoredLines(lines: Buffer, line: Line, visitor: MatchVisitor): void {
  const slices = emptySlices();
  const timestamp = createTimestampReader();
  for (let start = 0; start < lines.length;) {
    const timestampStart = start + STORED_TIMESTAMP_START;
    const timestampEnd = timestampEndAt(lines, timestampStart);
    const isTime = timestamp.read(lines, timestampStart, timestampEnd);
    const end = lines.indexOf(LF, timestampEnd);
    const { ms, subMsNs } = timestamp;
    if (isTime && visitor.wants(ms, subMsNs)) {
      sliceLine(lines, start + ID_END + 2, end, slices);
      if (visitor.matches(lines, slices)) {
        resetLine(line, lines, slices);
        visitor.visit(line, ms, subMsNs);
      }
    }
    start = end + 1;
  }
}

/** visitFreshLines looks at lines that no object has yet. */
export function visitFreshLines(fresh: FreshLines, line: Line, visitor: MatchVisitor): void {
  const slices = emptySlices();
  const bytes = Buffer.from(fresh.bytes.buffer);
  for (let i = 0, start = 0; i < fresh.count; start = fresh.ends[i++] as number) {
    const ms = fresh.ms[i] as number;
    const subMsNs = fresh.subMsNs[i] as number;
    if (!visitor.wants(ms, subMsNs)) continue;
    sliceLine(bytes, start + 1, (fresh.ends[i] as number) - 1, slices);
    if (!visitor.matches(bytes, slices)) continue;
    resetLine(line, bytes, slices);
    visitor.visit(line, ms, subMsNs);
  }
}
