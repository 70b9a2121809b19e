import { partsToNs, nsToParts } from "#app/core/timestamp.ts";
import { createTimestampReader, emptySlices } from "#app/server/ingest/canonical-line.ts";
import { decompressBlock } from "#app/server/ingest/tier0-format.ts";
import { compileMatcher, type Matcher } from "#app/server/search/compile-matcher.ts";
import { createLine } from "#app/server/search/line.ts";
import { PageSelection } from "#app/server/search/page-selection.ts";
import { scanFreshLines, scanStoredLines } from "#app/server/search/scan-lines.ts";
import { visitFreshLines, visitStoredLines, type MatchVisitor } from "#app/server/search/scan-matches.ts";
import type {
  PageFound,
  ScanFound,
  ScanPiece,
  ScanQuery,
  ScanWork,
  StoredLines,
} from "#app/server/search/scan-work.ts";
import { SpanCounters, type CountSpan, type SpanCount } from "#app/server/search/span-counters.ts";
import { ID_START, LF, STORED_TIMESTAMP_START, timestampEndAt } from "#app/server/search/stored-line.ts";

/** More queries than are at work at the same time. */
const MAX_MATCHERS = 64;
const matchers = new Map<number, Matcher>();

/** scanPiece looks through some lines. Throws CorruptBatchError. */
export function scanPiece({ work, lines }: Pick<ScanPiece, "work" | "lines">): ScanFound {
  switch (work.kind) {
    case "page":
      return selectPage(work, lines);
    case "count":
      return countSpans(work, lines);
    case "find":
      // Of what is fresh the time is known.
      return lines.kind === "fresh" ? null : findTime(work.entryId, linesOf(lines));
  }
}

/** Pieces of a query come one soon after another, so what was compiled last is kept. */
function matcherOf({ id, predicate }: ScanQuery): Matcher {
  const known = matchers.get(id);
  if (known !== undefined) return known;
  const matcher = compileMatcher(predicate);
  for (const oldest of matchers.keys()) {
    if (matchers.size < MAX_MATCHERS) break;
    matchers.delete(oldest);
  }
  matchers.set(id, matcher);
  return matcher;
}

function linesOf({ frame, block, objectName }: StoredLines): Buffer {
  return decompressBlock(Buffer.from(frame.buffer, frame.byteOffset, frame.length), 0, block, objectName);
}

function selectPage(
  { query, bounds, selection: state }: ScanWork & { kind: "page" },
  lines: ScanPiece["lines"],
): PageFound {
  const selection = new PageSelection(state);
  const target = { bounds, matches: matcherOf(query), selection };
  if (lines.kind === "fresh") scanFreshLines(lines, target);
  else scanStoredLines(linesOf(lines), target, null, null);
  const matches = selection.takeBefore(null);
  let size = 0;
  return {
    matches: matches.map(({ ms, subMsNs, id }) => ({ ms, subMsNs, id })),
    // Not `Buffer.concat`, whose memory may be shared by others.
    lines: joined(matches.map(({ line }) => line)),
    lineEnds: matches.map(({ line }) => (size += line.length)),
    state: selection.state(),
  };
}

function joined(lines: readonly Buffer[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(lines.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const line of lines) {
    all.set(line, at);
    at += line.length;
  }
  return all;
}

function countSpans({ query, spans }: ScanWork & { kind: "count" }, lines: ScanPiece["lines"]): SpanCount[][] {
  const counters = new SpanCounters(spans);
  const line = createLine(counters.tagKeys, emptySlices());
  const visitor = visitorOf(spans, counters, matcherOf(query));
  if (lines.kind === "fresh") visitFreshLines(lines, line, visitor);
  else visitStoredLines(linesOf(lines), line, visitor);
  return counters.results();
}

function visitorOf(spans: readonly CountSpan[], { counters }: SpanCounters, matches: Matcher): MatchVisitor {
  const counted = spans.map(({ fromNs, toNs }, span) => {
    const from = nsToParts(fromNs);
    const to = nsToParts(toNs);
    return {
      counters: counters[span] ?? [],
      isAsked: (ms: number, sub: number) => isAtOrAfter(ms, sub, from) && !isAtOrAfter(ms, sub, to),
    };
  });
  return {
    matches,
    wants: (ms, subMsNs) => counted.some(({ isAsked }) => isAsked(ms, subMsNs)),
    visit: (line, ms, subMsNs) => {
      for (const { counters: each, isAsked } of counted) {
        if (isAsked(ms, subMsNs)) for (const counter of each) counter.count(line, ms);
      }
    },
  };
}

function isAtOrAfter(ms: number, subMsNs: number, bound: { ms: number; subMsNs: number }): boolean {
  return ms > bound.ms || (ms === bound.ms && subMsNs >= bound.subMsNs);
}

function findTime(entryId: string, lines: Buffer): bigint | null {
  const id = Buffer.from(`"${entryId}",`);
  const timestamp = createTimestampReader();
  // The same text may stand in a message; at the start of a line it is the id.
  for (let at = lines.indexOf(id); at !== -1; at = lines.indexOf(id, at + 1)) {
    const lineStart = at + 1 - ID_START;
    if (lineStart !== 0 && lines[lineStart - 1] !== LF) continue;
    const timestampStart = lineStart + STORED_TIMESTAMP_START;
    if (timestamp.read(lines, timestampStart, timestampEndAt(lines, timestampStart))) return partsToNs(timestamp);
  }
  return null;
}
