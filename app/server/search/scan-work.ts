import type { Predicate } from "#app/core/query/predicate.ts";
import type { Tier0Block } from "#app/server/ingest/tier0-format.ts";
import type { FreshLines } from "#app/server/search/fresh-lines.ts";
import type { Match, SelectionState } from "#app/server/search/page-selection.ts";
import type { ScanBounds } from "#app/server/search/scan-lines.ts";
import type { CountSpan, SpanCount } from "#app/server/search/span-counters.ts";

/** ScanQuery is what lines must fulfil; by its number the thread knows what it made of the predicate for an earlier piece. */
export interface ScanQuery {
  id: number;
  predicate: Predicate;
}

/** StoredLines is one block of an object of tier 0 as it is stored. */
export interface StoredLines {
  kind: "stored";
  frame: Uint8Array<ArrayBuffer>;
  block: Tier0Block;
  /** For messages. */
  objectName: string;
}

/** ScanWork is what some lines are looked through for. */
export type ScanWork =
  | { kind: "page"; query: ScanQuery; bounds: ScanBounds; selection: SelectionState }
  | { kind: "count"; query: ScanQuery; spans: CountSpan[] }
  | { kind: "find"; entryId: string };

/** PageFound is what a selection keeps of some lines, and what it then knows. */
export interface PageFound {
  matches: Pick<Match, "ms" | "subMsNs" | "id">[];
  /** Their lines one after another, and where each ends. */
  lines: Uint8Array<ArrayBuffer>;
  lineEnds: number[];
  state: SelectionState;
}

/** Of counting: for each span and grouping. Of finding: the entry's time in ns. */
export type ScanFound = PageFound | SpanCount[][] | bigint | null;

export interface ScanPiece {
  id: number;
  work: ScanWork;
  lines: StoredLines | FreshLines;
}

export type ScanAnswer = { id: number; found: ScanFound } | { id: number; failed: string };

export function memoryOfFound(found: ScanFound): ArrayBuffer[] {
  return found !== null && typeof found === "object" && "lines" in found ? [found.lines.buffer] : [];
}

/** memoryOf is the memory that goes to the other thread instead of being copied once more. */
export function memoryOf(lines: ScanPiece["lines"]): ArrayBuffer[] {
  if (lines.kind === "stored") return [lines.frame.buffer];
  const { bytes, ends, ms, subMsNs, sequences, indexes } = lines;
  return [bytes, ends, ms, subMsNs, sequences, indexes].map(({ buffer }) => buffer);
}
