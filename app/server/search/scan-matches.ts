import { createTimestampReader, emptySlices, sliceLine } from "#app/server/ingest/canonical-line.ts";
import type { BatchPart } from "#app/server/ingest/tier0-input.ts";
import type { Matcher } from "#app/server/search/compile-matcher.ts";
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

/** visitPart looks at the entries of a part that is still in memory. */
export function visitPart({ block, from, to }: BatchPart, line: Line, visitor: MatchVisitor): void {
  const slices = emptySlices();
  for (let i = from; i < to; i++) {
    const ms = block.ms[i] as number;
    const subMsNs = block.subMsNs[i] as number;
    if (!visitor.wants(ms, subMsNs)) continue;
    const start = i === 0 ? 0 : (block.ends[i - 1] as number);
    sliceLine(block.bytes, start + 1, (block.ends[i] as number) - 1, slices);
    if (!visitor.matches(block.bytes, slices)) continue;
    resetLine(line, block.bytes, slices);
    visitor.visit(line, ms, subMsNs);
  }
}
