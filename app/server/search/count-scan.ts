import { setImmediate as nextTurn } from "node:timers/promises";
import type { Predicate } from "#app/core/query/predicate.ts";
import { nsToParts } from "#app/core/timestamp.ts";
import { emptySlices } from "#app/server/ingest/canonical-line.ts";
import type { LocalView } from "#app/server/ingest/local-batches.ts";
import { decodeTier0Header, decompressBlock } from "#app/server/ingest/tier0-format.ts";
import { compileMatcher, type Matcher } from "#app/server/search/compile-matcher.ts";
import type { CountOptions, SpanCounters } from "#app/server/search/count-matches.ts";
import { createLine, type Line } from "#app/server/search/line.ts";
import type { ReadOutcome } from "#app/server/search/object-reader.ts";
import { isLocal, SourceReader, type QuerySource } from "#app/server/search/source-reader.ts";
import { visitPart, visitStoredLines, type MatchVisitor } from "#app/server/search/scan-matches.ts";

/** CountTask is a source and the times in it that are still to be counted, each for one span. */
export interface CountTask {
  source: QuerySource;
  pieces: CountPiece[];
}

export interface CountPiece {
  span: number;
  fromNs: bigint;
  toNs: bigint;
}

/** Objects that are read while another is looked through; a store far away costs its delay once for all of them. */
const READ_AHEAD = 4;
/** Lines of a part that are looked at before other work gets its turn. */
const LINES_PER_TURN = 5_000;

/** CountScan looks through the sources of one count, line by line. */
export class CountScan {
  readonly #options: CountOptions;
  readonly #signal: AbortSignal;
  readonly #counters: SpanCounters;
  readonly #reader: SourceReader;
  readonly #matcher: Matcher;
  readonly #line: Line;
  readonly #deadlineMs: number;
  #isTimedOut = false;
  #isUnreachable = false;
  scanned = 0;

  constructor(options: CountOptions, predicate: Predicate, counters: SpanCounters, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    this.#counters = counters;
    this.#reader = new SourceReader(options, signal);
    this.#matcher = compileMatcher(predicate);
    this.#line = createLine(counters.tagKeys, emptySlices());
    this.#deadlineMs = options.clock.nowMs() + options.maxQueryMs;
  }

  /** Why not everything was looked at. */
  get reason(): "timeout" | "unreachable" | null {
    return this.#isTimedOut ? "timeout" : this.#isUnreachable ? "unreachable" : null;
  }

  async run(tasks: CountTask[]): Promise<void> {
    const relevant = tasks.flatMap(({ source, pieces }) => {
      const inside = pieces.filter((piece) => overlaps(source, piece));
      return inside.length === 0 ? [] : [{ source, pieces: inside }];
    });
    const reads = new Map<CountTask, Promise<ReadOutcome>>();
    for (const [i, task] of relevant.entries()) {
      for (const ahead of relevant.slice(i, i + READ_AHEAD)) {
        if (hasParts(ahead.source) || reads.has(ahead)) continue;
        const read = this.#reader.read(ahead.source);
        // One that fails while an earlier source is looked through is waited for in its own turn, or not at all.
        read.catch(() => undefined);
        reads.set(ahead, read);
      }
      await this.#scanTask(task, reads.get(task));
      reads.delete(task);
      if (this.#isTimedOut) return;
    }
  }

  async #scanTask({ source, pieces }: CountTask, read: Promise<ReadOutcome> | undefined): Promise<void> {
    const visitor = this.#visitorOf(pieces);
    if (isLocal(source) && read === undefined) await this.#scanParts(source, visitor);
    else {
      const outcome = await read;
      this.#signal.throwIfAborted();
      if (outcome === undefined || "failed" in outcome) {
        this.#isUnreachable = true;
        return;
      }
      const name = isLocal(source) ? "in the spool" : source.objectKey;
      await this.#scanObject(outcome.bytes, name, pieces, visitor);
    }
    this.scanned++;
  }

  #visitorOf(pieces: CountPiece[]): MatchVisitor {
    const counted = pieces.map(({ span, fromNs, toNs }) => {
      const from = nsToParts(fromNs);
      const to = nsToParts(toNs);
      const counters = this.#counters.counters[span] ?? [];
      return {
        from,
        to,
        counters,
        isAsked: (ms: number, sub: number) => isAtOrAfter(ms, sub, from) && !isAtOrAfter(ms, sub, to),
      };
    });
    return {
      matches: this.#matcher,
      wants: (ms, subMsNs) => counted.some(({ isAsked }) => isAsked(ms, subMsNs)),
      visit: (line, ms, subMsNs) => {
        for (const { counters, isAsked } of counted) {
          if (isAsked(ms, subMsNs)) for (const counter of counters) counter.count(line, ms);
        }
      },
    };
  }

  async #scanParts(view: LocalView, visitor: MatchVisitor): Promise<void> {
    for (const part of view.parts) {
      for (let from = part.from; from < part.to && !this.#isTimedOut; from += LINES_PER_TURN) {
        visitPart(part, from, Math.min(part.to, from + LINES_PER_TURN), this.#line, visitor);
        await this.#takeTurn();
      }
    }
  }

  async #scanObject(object: Buffer, name: string, pieces: CountPiece[], visitor: MatchVisitor): Promise<void> {
    const { header, blocksStart } = decodeTier0Header(object, name);
    let start = blocksStart;
    for (const block of header.blocks) {
      const at = start;
      start += block.bytes;
      if (!pieces.some(({ fromNs, toNs }) => block.tsEndNs >= fromNs && block.tsStartNs < toNs)) continue;
      visitStoredLines(decompressBlock(object, at, block, name), this.#line, visitor);
      await this.#takeTurn();
      if (this.#isTimedOut) return;
    }
  }

  /** Lets other requests run, and ends here when nobody waits for the answer any more. */
  async #takeTurn(): Promise<void> {
    await nextTurn();
    this.#signal.throwIfAborted();
    if (this.#options.clock.nowMs() > this.#deadlineMs) this.#isTimedOut = true;
  }
}

function hasParts(source: QuerySource): boolean {
  return isLocal(source) && source.parts.length > 0;
}

function overlaps(source: QuerySource, { fromNs, toNs }: CountPiece): boolean {
  if (!isLocal(source)) return source.tsEndNs >= fromNs && source.tsStartNs < toNs;
  const { minMs, maxMs } = source.batch;
  return maxMs >= nsToParts(fromNs).ms && minMs <= nsToParts(toNs).ms;
}

function isAtOrAfter(ms: number, subMsNs: number, bound: { ms: number; subMsNs: number }): boolean {
  return ms > bound.ms || (ms === bound.ms && subMsNs >= bound.subMsNs);
}
