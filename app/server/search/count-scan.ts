import type { Predicate } from "#app/core/query/predicate.ts";
import { nsToParts } from "#app/core/timestamp.ts";
import type { StoredBatch } from "#app/server/ingest/batch-catalog.ts";
import type { LocalView } from "#app/server/ingest/local-batches.ts";
import type { CountOptions } from "#app/server/search/count-matches.ts";
import { copyFreshLines } from "#app/server/search/fresh-lines.ts";
import type { CopyLines } from "#app/server/search/line-scanner.ts";
import { OpenAhead } from "#app/server/search/open-ahead.ts";
import { placedBlocks, type PlacedBlock } from "#app/server/search/placed-blocks.ts";
import { piecesOfParts } from "#app/server/search/pieces-of-parts.ts";
import { compileWordTest, findRowGroups, type WordTest } from "#app/server/search/prune-row-groups.ts";
import {
  isLocal,
  isTier1,
  SourceReader,
  type QuerySource,
  type SourceFailure,
  type SourceOutcome,
} from "#app/server/search/source-reader.ts";
import type { ScanQuery } from "#app/server/search/scan-work.ts";
import type { StatementOptions } from "#app/server/search/search-engine.ts";
import type { SpanCounters } from "#app/server/search/span-counters.ts";
import type { RowGroup } from "#app/server/search/tier1-format.ts";
import type { Tier1Object } from "#app/server/search/tier1-objects.ts";
import { countStatement, groupsOf } from "#app/server/search/tier1-statements.ts";

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
/** Row groups of one statement: two million rows, so that a query that is out of time ends soon. */
const ROW_GROUPS_PER_STATEMENT = 16;

/** Blocks of an object that one query has with the scanner: one more than is looked through. */
const BLOCKS_AT_ONCE = 2;
/** Objects of tier 1 that one query has the engine look through at the same time. */
const OBJECTS_AT_ONCE = 3;

/** CountScan looks through the sources of one count: line by line, or where they are compacted by the engine. */
export class CountScan {
  readonly #options: CountOptions;
  readonly #predicate: Predicate;
  readonly #wordTest: WordTest | null;
  readonly #signal: AbortSignal;
  readonly #counters: SpanCounters;
  readonly #reader: SourceReader;
  readonly #query: ScanQuery;
  readonly #by: StatementOptions;
  readonly #deadlineMs: number;
  #isTimedOut = false;
  #isUnreachable = false;
  /** A batch was compacted away or expired meanwhile: what was counted is worth nothing. */
  isOutdated = false;
  scanned = 0;

  constructor(
    options: CountOptions,
    { projectId, predicate }: { projectId: string; predicate: Predicate },
    { counters, deadlineMs, signal }: { counters: SpanCounters; deadlineMs: number; signal: AbortSignal },
  ) {
    this.#options = options;
    this.#predicate = predicate;
    this.#wordTest = compileWordTest(predicate);
    this.#signal = signal;
    this.#counters = counters;
    this.#reader = new SourceReader(options, projectId, signal);
    this.#query = options.scanner.query(predicate);
    this.#by = { projectId, signal };
    this.#deadlineMs = deadlineMs;
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
    const compacted = relevant.flatMap(({ source, pieces }) => (isTier1(source) ? [{ source, pieces }] : []));
    const opener = new OpenAhead(
      this.#reader,
      compacted.map(({ source }) => source),
      { isPruning: this.#wordTest !== null, isAll: true },
    );
    const queue = compacted.values();
    const workers = Array.from({ length: OBJECTS_AT_ONCE }, () => this.#countObjects(queue, opener));
    await Promise.all([this.#scanSources(relevant.filter(({ source }) => !isTier1(source))), ...workers]);
  }

  /** Each worker takes the next object that none has taken. */
  async #countObjects(
    tasks: Iterable<{ source: StoredBatch; pieces: CountPiece[] }>,
    opener: OpenAhead,
  ): Promise<void> {
    for (const { source, pieces } of tasks) {
      if (this.#isTimedOut || this.isOutdated) return;
      const outcome = await opener.open(source);
      this.#signal.throwIfAborted();
      if ("failed" in outcome) this.#note(outcome);
      else await this.#countRows(outcome.found, pieces);
    }
  }

  async #scanSources(tasks: CountTask[]): Promise<void> {
    const reads = new Map<CountTask, Promise<SourceOutcome<Buffer>>>();
    for (const [i, task] of tasks.entries()) {
      for (const ahead of tasks.slice(i, i + READ_AHEAD)) {
        if (hasParts(ahead.source) || reads.has(ahead)) continue;
        const read = this.#reader.read(ahead.source);
        // One that fails while an earlier source is looked through is waited for in its own turn, or not at all.
        read.catch(() => undefined);
        reads.set(ahead, read);
      }
      await this.#scanTask(task, reads.get(task));
      reads.delete(task);
      if (this.#isTimedOut || this.isOutdated) return;
    }
  }

  async #scanTask({ source, pieces }: CountTask, read: Promise<SourceOutcome<Buffer>> | undefined): Promise<void> {
    if (isLocal(source) && read === undefined) await this.#scanParts(source, pieces);
    else {
      const outcome = (await read) ?? { failed: "missing", error: null };
      this.#signal.throwIfAborted();
      if ("failed" in outcome) return this.#note(outcome);
      await this.#scanObject(outcome.found, isLocal(source) ? "in the spool" : source.objectKey, pieces);
    }
    this.scanned++;
  }

  #note({ failed }: SourceFailure): void {
    if (failed === "replaced") this.isOutdated = true;
    else this.#isUnreachable = true;
  }

  async #countRows(object: Tier1Object, pieces: CountPiece[]): Promise<void> {
    let isLookedInto = false;
    for (const piece of pieces) {
      const rowGroups = findRowGroups(object, this.#wordTest, piece);
      for (let from = 0; from < rowGroups.length; from += ROW_GROUPS_PER_STATEMENT) {
        isLookedInto = true;
        await this.#countRowGroups(object, rowGroups.slice(from, from + ROW_GROUPS_PER_STATEMENT), piece);
        this.#lookAtTime();
        if (this.#isTimedOut || this.isOutdated) return;
      }
    }
    if (isLookedInto) this.scanned++;
  }

  async #countRowGroups(object: Tier1Object, rowGroups: RowGroup[], piece: CountPiece): Promise<void> {
    const groupings = this.#counters.groupingsOf(piece.span);
    const asked = { predicate: this.#predicate, time: piece, groupings };
    const outcome = await this.#reader.rows(object, rowGroups, countStatement(object, rowGroups, asked));
    this.#signal.throwIfAborted();
    if ("failed" in outcome) return this.#note(outcome);
    this.#counters.takeAll(piece.span, groupsOf(object, groupings, outcome.found));
  }

  async #scanParts(view: LocalView, pieces: CountPiece[]): Promise<void> {
    const { walId } = view.batch;
    for (const parts of piecesOfParts(view.parts)) {
      this.#lookAtTime();
      if (this.#isTimedOut) return;
      await this.#scanLines(() => copyFreshLines(walId, parts), pieces);
    }
  }

  async #scanObject(object: Buffer, name: string, pieces: CountPiece[]): Promise<void> {
    const blocks = placedBlocks(object, name).values();
    await Promise.all(Array.from({ length: BLOCKS_AT_ONCE }, () => this.#scanBlocks(blocks, pieces)));
  }

  async #scanBlocks(blocks: Iterable<PlacedBlock>, pieces: CountPiece[]): Promise<void> {
    for (const { block, copy } of blocks) {
      const asked = pieces.filter(({ fromNs, toNs }) => block.tsEndNs >= fromNs && block.tsStartNs < toNs);
      if (asked.length === 0) continue;
      this.#lookAtTime();
      if (this.#isTimedOut) return;
      await this.#scanLines(copy, asked);
    }
  }

  async #scanLines(copyLines: CopyLines, pieces: CountPiece[]): Promise<void> {
    const spans = pieces.map(({ span, fromNs, toNs }) => {
      return { fromNs, toNs, groupings: this.#counters.groupingsOf(span) };
    });
    const work = { query: this.#query, spans };
    const counted = await this.#options.scanner.count(work, copyLines, this.#by);
    for (const [i, { span }] of pieces.entries()) this.#counters.takeAll(span, counted[i] ?? []);
  }

  #lookAtTime(): void {
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
