import { setImmediate as nextTurn } from "node:timers/promises";
import type { Predicate } from "#app/core/query/predicate.ts";
import type { SearchRange } from "#app/core/query-request.ts";
import { nsToParts, partsToNs } from "#app/core/timestamp.ts";
import type { BatchCatalog, StoredBatch } from "#app/server/ingest/batch-catalog.ts";
import type { LocalBatches, LocalView } from "#app/server/ingest/local-batches.ts";
import { CorruptBatchError, decodeTier0Header, decompressBlock } from "#app/server/ingest/tier0-format.ts";
import { batchFilter } from "#app/server/search/batch-filter.ts";
import { compileMatcher } from "#app/server/search/compile-matcher.ts";
import { readObject, type ObjectReaderOptions, type ReadOutcome } from "#app/server/search/object-reader.ts";
import { PageSelection, type Match, type Position } from "#app/server/search/page-selection.ts";
import { scanPart, scanStoredLines, type ScanBounds, type ScanTarget } from "#app/server/search/scan-lines.ts";
import { findSources } from "#app/server/search/find-sources.ts";
import type { Clock } from "#app/server/system/clock.ts";
import type { Logger } from "#app/server/system/logger.ts";

export interface SearchOptions extends ObjectReaderOptions {
  catalog: BatchCatalog;
  local: LocalBatches;
  /** Reads a spool file and checks its sha256. */
  readSpool: (spoolPath: string, sha256: string) => Promise<Buffer>;
  clock: Clock;
  logger: Logger;
  maxQueryMs: number;
}

export interface PageRequest {
  projectId: string;
  range: SearchRange;
  predicate: Predicate;
  order: "asc" | "desc";
  limit: number;
  /** The last entry of the page before. */
  behind: { timestampNs: bigint; id: string } | null;
}

export type SearchEvent =
  | { kind: "matches"; matches: Match[] }
  | { kind: "progress"; progress: SearchProgress }
  | { kind: "end"; end: SearchEnd };

export interface SearchProgress {
  batchesTotal: number;
  batchesDone: number;
  bytesScanned: number;
  matched: number;
}

export interface SearchEnd {
  complete: boolean;
  matched: number;
  /** Where the next page goes on; null when nothing is left. */
  last: { timestampNs: bigint; id: string } | null;
  batches: { total: number; skipped: number; scanned: number };
  reason: "timeout" | "unreachable" | null;
}

/** Source is a batch that may hold matches, wherever its lines lie. `firstMs` is its best time in the asked order. */
interface Source {
  firstMs: number;
  lastMs: number;
  batch: StoredBatch | LocalView;
}

/** A page is cut when it has grown to this size. */
const MAX_PAGE_BYTES = 32 * 1024 * 1024;
/**
 * Matches held back for sorting. A larger page is made in rounds that each look again at what is left, so that a reader
 * who stalls costs this much and no page.
 */
const MAX_HELD_BYTES = 256 * 1024;
const PROGRESS_INTERVAL_MS = 1_000;
/** Lines of a part that are looked at before other work gets its turn. */
const LINES_PER_TURN = 5_000;
/** After this many failed reads in a row the store counts as away, and only what is local is still looked at. */
const MAX_STORE_FAILURES = 2;

/**
 * searchPage streams the first matches in the asked order, each as soon as no unread batch can precede it. It reads the
 * catalog first and this process's own batches after, so that a batch committed in between is seen in one of them.
 * Throws CatalogError. Aborting the signal ends all work at the next block.
 */
export async function* searchPage(
  options: SearchOptions,
  request: PageRequest,
  signal: AbortSignal,
): AsyncGenerator<SearchEvent> {
  const endQuery = options.local.register();
  try {
    const { stored, local } = await findSources(options, batchFilter(request));
    signal.throwIfAborted();
    const sources = sourcesOf(request, stored, local);
    yield* new PageSearch(options, request, sources, signal).run();
  } finally {
    endQuery();
  }
}

function sourcesOf(request: PageRequest, stored: StoredBatch[], views: LocalView[]): Source[] {
  const isAscending = request.order === "asc";
  const sources: Source[] = [];
  function addSource(batch: Source["batch"], minMs: number, maxMs: number): void {
    sources.push({ batch, firstMs: isAscending ? minMs : maxMs, lastMs: isAscending ? maxMs : minMs });
  }
  for (const batch of stored) addSource(batch, nsToParts(batch.tsStartNs).ms, nsToParts(batch.tsEndNs).ms);
  for (const view of views) {
    addSource(view, view.batch.minMs, view.batch.maxMs);
  }
  return sources.sort((a, b) => (isAscending ? a.firstMs - b.firstMs : b.firstMs - a.firstMs));
}

/** PageSearch is one run of a page over its sources. */
class PageSearch {
  readonly #options: SearchOptions;
  readonly #request: PageRequest;
  readonly #sources: Source[];
  readonly #signal: AbortSignal;
  readonly #deadlineMs: number;
  readonly #matcher;
  #bytesScanned = 0;
  #matched = 0;
  #sentBytes = 0;
  #scanned = new Set<Source>();
  #failedReads = 0;
  #isUnreachable = false;
  #isTimedOut = false;
  #lastProgressMs: number;
  #lastSent: Position | null = null;

  constructor(options: SearchOptions, request: PageRequest, sources: Source[], signal: AbortSignal) {
    this.#options = options;
    this.#request = request;
    this.#sources = sources;
    this.#signal = signal;
    this.#matcher = compileMatcher(request.predicate);
    this.#lastProgressMs = options.clock.nowMs();
    this.#deadlineMs = this.#lastProgressMs + options.maxQueryMs;
  }

  async *run(): AsyncGenerator<SearchEvent> {
    let hasMore = true;
    while (hasMore && this.#matched < this.#request.limit && this.#sentBytes < MAX_PAGE_BYTES && !this.#isTimedOut) {
      hasMore = yield* this.#runRound();
    }
    yield { kind: "end", end: this.#end(hasMore) };
  }

  /** Sends the next matches that fit into memory; returns whether there are more behind them. */
  async *#runRound(): AsyncGenerator<SearchEvent, boolean> {
    const { order, limit } = this.#request;
    const selection = new PageSelection({ order, maxEntries: limit - this.#matched, maxBytes: MAX_HELD_BYTES });
    const target: ScanTarget = { bounds: this.#bounds(), matches: this.#matcher, selection };
    for (const source of this.#sources) {
      if (selection.isSettledBehind(source.firstMs)) break;
      if (this.#isBeforeRound(source)) continue;
      yield* this.#send(selection.takeBefore(source.firstMs));
      if (this.#options.clock.nowMs() > this.#deadlineMs) {
        this.#isTimedOut = true;
        break;
      }
      yield* this.#withProgress(this.#scanSource(source, target));
    }
    // When time ran out, what is held back may lie behind unread entries; the cursor comes back for it.
    if (this.#isTimedOut) return true;
    yield* this.#send(selection.takeBefore(null));
    return selection.hasMore;
  }

  /** All entries of this source were sent in earlier rounds. */
  #isBeforeRound(source: Source): boolean {
    if (this.#lastSent === null) return false;
    const difference = source.lastMs - this.#lastSent.ms;
    return this.#request.order === "asc" ? difference < 0 : difference > 0;
  }

  async *#send(matches: Match[]): AsyncGenerator<SearchEvent> {
    const last = matches.at(-1);
    if (last === undefined) return;
    this.#matched += matches.length;
    for (const match of matches) this.#sentBytes += match.line.length;
    this.#lastSent = { ms: last.ms, subMsNs: last.subMsNs, id: last.id };
    yield { kind: "matches", matches };
  }

  async *#withProgress(work: Promise<void>): AsyncGenerator<SearchEvent> {
    const { clock } = this.#options;
    for (let isDone = false; !isDone;) {
      const timer = new AbortController();
      const tick = clock.sleep(PROGRESS_INTERVAL_MS, timer.signal).then(
        () => false,
        () => true,
      );
      isDone = await Promise.race([work.then(() => true), tick]).finally(() => timer.abort());
      if (clock.nowMs() - this.#lastProgressMs < PROGRESS_INTERVAL_MS) continue;
      this.#lastProgressMs = clock.nowMs();
      yield { kind: "progress", progress: this.#progress() };
    }
  }

  #progress(): SearchProgress {
    return {
      batchesTotal: this.#sources.length,
      batchesDone: this.#scanned.size,
      bytesScanned: this.#bytesScanned,
      matched: this.#matched,
    };
  }

  #end(hasMore: boolean): SearchEnd {
    const isComplete = !this.#isTimedOut && !this.#isUnreachable;
    const total = this.#sources.length;
    const last = this.#lastSent;
    return {
      complete: isComplete,
      matched: this.#matched,
      last: hasMore ? (last === null ? this.#start() : { timestampNs: partsToNs(last), id: last.id }) : null,
      batches: { total, skipped: total - this.#scanned.size, scanned: this.#scanned.size },
      reason: isComplete ? null : this.#isTimedOut ? "timeout" : "unreachable",
    };
  }

  /** The position before the first entry of this page. */
  #start(): { timestampNs: bigint; id: string } {
    const { behind, order, range } = this.#request;
    return behind ?? { timestampNs: order === "asc" ? range.fromNs : range.toNs, id: "" };
  }

  #bounds(): ScanBounds {
    const { range, order, behind } = this.#request;
    const from = nsToParts(range.fromNs);
    const to = nsToParts(range.toNs);
    const sentBefore = behind === null ? null : { ...nsToParts(behind.timestampNs), id: behind.id };
    return {
      fromMs: from.ms,
      fromSubMsNs: from.subMsNs,
      toMs: to.ms,
      toSubMsNs: to.subMsNs,
      order,
      behind: this.#lastSent ?? sentBefore,
    };
  }

  async #scanSource(source: Source, target: ScanTarget): Promise<void> {
    const { batch } = source;
    if ("parts" in batch && batch.parts.length > 0) await this.#scanParts(batch, target);
    else {
      const outcome = await this.#read(batch);
      // A thousand readers who hang up while objects are read must not leave a thousand objects to be looked through.
      this.#signal.throwIfAborted();
      if ("failed" in outcome) {
        this.#isUnreachable = true;
        return;
      }
      const key = "parts" in batch ? null : batch.objectKey;
      await this.#scanObject(outcome.bytes, target, "parts" in batch ? null : batch.id, key);
    }
    this.#scanned.add(source);
  }

  async #scanParts(view: LocalView, target: ScanTarget): Promise<void> {
    for (const part of view.parts) {
      for (let from = part.from; from < part.to; from += LINES_PER_TURN) {
        const to = Math.min(part.to, from + LINES_PER_TURN);
        scanPart(part, view.batch.walId, target, from, to);
        if (to - from === LINES_PER_TURN) await this.#takeTurn();
      }
    }
    await this.#takeTurn();
  }

  async #scanObject(object: Buffer, target: ScanTarget, batchId: string | null, key: string | null): Promise<void> {
    const name = key ?? "in the spool";
    const { header, blocksStart } = decodeTier0Header(object, name);
    let start = blocksStart;
    const blocks = header.blocks.map((block) => {
      const startMs = nsToParts(block.tsStartNs).ms;
      const endMs = nsToParts(block.tsEndNs).ms;
      const placed = { block, start, startMs, endMs };
      start += block.bytes;
      return placed;
    });
    // Best times first: once a page is full, the blocks behind it are not even decompressed.
    const isAscending = target.bounds.order === "asc";
    blocks.sort((a, b) => (isAscending ? a.startMs - b.startMs : b.endMs - a.endMs));
    for (const { block, start: at, startMs, endMs } of blocks) {
      if (!canHold(target, startMs, endMs)) continue;
      const lines = decompressBlock(object, at, block, name);
      scanStoredLines(lines, target, batchId, key);
      this.#bytesScanned += lines.length;
      await this.#takeTurn();
    }
  }

  /** Lets other requests run, and ends here when nobody waits for the answer any more. */
  async #takeTurn(): Promise<void> {
    await nextTurn();
    this.#signal.throwIfAborted();
  }

  async #read(batch: StoredBatch | LocalView): Promise<ReadOutcome> {
    if ("parts" in batch) {
      const { spoolPath, sealed } = batch.batch;
      if (spoolPath === null || sealed === null) return { failed: "missing", error: null };
      return await this.#readSpool(spoolPath, sealed);
    }
    if (batch.state === "missing") return { failed: "missing", error: null };
    if (this.#failedReads >= MAX_STORE_FAILURES) return { failed: "unreachable", error: null };
    const outcome = await readObject(this.#options, batch, this.#signal);
    if ("bytes" in outcome) {
      this.#failedReads = 0;
      return outcome;
    }
    const { objectKey } = batch;
    this.#options.logger.error(
      { err: outcome.error, objectKey, failed: outcome.failed },
      "cannot read the object of a batch",
    );
    if (outcome.failed === "unreachable") this.#failedReads++;
    if (outcome.failed === "missing") await this.#options.catalog.markMissing(batch.id).catch(() => undefined);
    return outcome;
  }

  async #readSpool(spoolPath: string, sealed: { sha256: string; objectKey: string }): Promise<ReadOutcome> {
    try {
      return { bytes: await this.#options.readSpool(spoolPath, sealed.sha256) };
    } catch (error) {
      this.#options.logger.error({ err: error, spoolPath }, "cannot read a spool file");
      return { failed: error instanceof CorruptBatchError ? "corrupt" : "unreachable", error };
    }
  }
}

function canHold({ bounds, selection }: ScanTarget, minMs: number, maxMs: number): boolean {
  if (maxMs < bounds.fromMs || minMs > bounds.toMs) return false;
  if (bounds.behind !== null && (bounds.order === "asc" ? maxMs < bounds.behind.ms : minMs > bounds.behind.ms))
    return false;
  return !selection.isSettledBehind(bounds.order === "asc" ? minMs : maxMs);
}
