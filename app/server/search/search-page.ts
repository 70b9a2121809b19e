import type { Predicate } from "#app/core/query/predicate.ts";
import type { SearchRange } from "#app/core/query-request.ts";
import { nsToParts, partsToNs } from "#app/core/timestamp.ts";
import { batchFilter } from "#app/server/search/batch-filter.ts";
import { OpenAhead } from "#app/server/search/open-ahead.ts";
import { PageScan } from "#app/server/search/page-scan.ts";
import { PageSelection, type Match, type Position } from "#app/server/search/page-selection.ts";
import { expandSource, pageSources, type PageSource } from "#app/server/search/page-sources.ts";
import { compileWordTest, findRowGroups } from "#app/server/search/prune-row-groups.ts";
import type { ScanBounds, PageTarget } from "#app/server/search/scan-lines.ts";
import { findSources } from "#app/server/search/find-sources.ts";
import { SourceReader, type QuerySourceOptions, type SourceFailure } from "#app/server/search/source-reader.ts";
import type { Clock } from "#app/server/system/clock.ts";

export interface SearchOptions extends QuerySourceOptions {
  clock: Clock;
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

/** A page is cut when it has grown to this size. */
const MAX_PAGE_BYTES = 32 * 1024 * 1024;
/**
 * Matches held back for sorting. A larger page is made in rounds that each look again at what is left, so that a reader
 * who stalls costs this much and no page.
 */
const MAX_HELD_BYTES = 256 * 1024;
const PROGRESS_INTERVAL_MS = 1_000;
/** A page whose objects are compacted away under it again and again is given up; each time takes a grace period. */
const MAX_PLANS = 5;

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
  const search = new PageSearch(options, request, signal);
  try {
    yield* search.run();
  } finally {
    endQuery();
    await search.close();
  }
}

/** PageSearch is one run of a page over its sources. */
class PageSearch {
  readonly #options: SearchOptions;
  readonly #request: PageRequest;
  readonly #signal: AbortSignal;
  readonly #reader: SourceReader;
  readonly #scan: PageScan;
  readonly #deadlineMs: number;
  readonly #wordTest;
  #sources: PageSource[] = [];
  #opener: OpenAhead;
  #total = 0;
  #matched = 0;
  #sentBytes = 0;
  /** Batches that were looked into. */
  readonly #scanned = new Set<PageSource["batch"]>();
  #isUnreachable = false;
  #isTimedOut = false;
  #lastProgressMs: number;
  #lastSent: Position | null = null;

  constructor(options: SearchOptions, request: PageRequest, signal: AbortSignal) {
    this.#options = options;
    this.#request = request;
    this.#signal = signal;
    this.#reader = new SourceReader(options, request.projectId, signal);
    this.#opener = new OpenAhead(this.#reader, [], { isPruning: false, isAll: false });
    this.#scan = new PageScan(this.#reader, options, request, signal);
    this.#wordTest = compileWordTest(request.predicate);
    this.#lastProgressMs = options.clock.nowMs();
    this.#deadlineMs = this.#lastProgressMs + options.maxQueryMs;
  }

  async *run(): AsyncGenerator<SearchEvent> {
    await this.#plan();
    let hasMore = true;
    for (let plans = 1; hasMore && !this.#isFull && !this.#isTimedOut;) {
      const outcome = yield* this.#runRound();
      if (outcome !== "outdated") hasMore = outcome === "more";
      else if (plans++ < MAX_PLANS) await this.#plan();
      else {
        this.#isUnreachable = true;
        break;
      }
    }
    yield { kind: "end", end: this.#end(hasMore) };
  }

  async close(): Promise<void> {
    await this.#scan.close();
  }

  get #isFull(): boolean {
    return this.#matched >= this.#request.limit || this.#sentBytes >= MAX_PAGE_BYTES;
  }

  /** Finds what may hold the rest of the page, as it lies now. */
  async #plan(): Promise<void> {
    await this.#scan.close();
    const { order } = this.#request;
    const behind = this.#lastSent === null ? this.#request.behind : positionNs(this.#lastSent);
    const sources = await findSources(this.#options, batchFilter({ ...this.#request, behind }));
    this.#signal.throwIfAborted();
    this.#sources = pageSources(sources, order);
    const compacted = this.#sources.flatMap(({ kind, batch }) => (kind === "tier1" ? [batch] : []));
    this.#opener = new OpenAhead(this.#reader, compacted, { isPruning: this.#wordTest !== null, isAll: false });
    this.#total = Math.max(this.#total, this.#sources.length);
  }

  /** Sends the next matches that fit into memory; says whether there are more behind them, or its sources are outdated. */
  async *#runRound(): AsyncGenerator<SearchEvent, "more" | "all" | "outdated"> {
    const { order, limit } = this.#request;
    const selection = new PageSelection({ order, maxEntries: limit - this.#matched, maxBytes: MAX_HELD_BYTES });
    const target: PageTarget = { bounds: this.#bounds(), selection };
    // Objects are replaced by their row groups on the way.
    for (let at = 0; at < this.#sources.length;) {
      const source = this.#sources[at] as PageSource;
      if (selection.isSettledBehind(source.firstMs)) break;
      if (this.#isBeforeRound(source)) {
        at++;
        continue;
      }
      yield* this.#send(selection.takeBefore(source.firstMs));
      if (this.#options.clock.nowMs() > this.#deadlineMs) {
        this.#isTimedOut = true;
        break;
      }
      const isExpanded = source.kind === "tier1";
      const failure = yield* this.#withProgress(
        isExpanded ? this.#expand(at, source) : this.#scanSource(source, target),
      );
      if (failure?.failed === "replaced") return "outdated";
      if (failure !== null) this.#isUnreachable = true;
      if (!isExpanded || failure !== null) at++;
    }
    // When time ran out, what is held back may lie behind unread entries; the cursor comes back for it.
    if (this.#isTimedOut) return "more";
    yield* this.#send(selection.takeBefore(null));
    return selection.hasMore ? "more" : "all";
  }

  async #expand(at: number, { batch }: PageSource & { kind: "tier1" }): Promise<SourceFailure | null> {
    const outcome = await this.#opener.open(batch);
    if ("failed" in outcome) return outcome;
    const { range, order } = this.#request;
    expandSource(this.#sources, at, outcome.found, findRowGroups(outcome.found, this.#wordTest, range), order);
    return null;
  }

  async #scanSource(source: PageSource, target: PageTarget): Promise<SourceFailure | null> {
    const failure = await this.#scan.scan(source, target);
    if (failure === null) this.#scanned.add(source.batch);
    return failure;
  }

  /** All entries of this source were sent in earlier rounds. */
  #isBeforeRound(source: PageSource): boolean {
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

  async *#withProgress<T>(work: Promise<T>): AsyncGenerator<SearchEvent, T> {
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
    return await work;
  }

  #progress(): SearchProgress {
    return {
      batchesTotal: this.#total,
      batchesDone: this.#scanned.size,
      bytesScanned: this.#scan.bytesScanned,
      matched: this.#matched,
    };
  }

  #end(hasMore: boolean): SearchEnd {
    const isComplete = !this.#isTimedOut && !this.#isUnreachable;
    const scanned = this.#scanned.size;
    // Planned again, a batch may have been looked into under two names.
    const total = Math.max(this.#total, scanned);
    const last = this.#lastSent;
    return {
      complete: isComplete,
      matched: this.#matched,
      last: hasMore ? (last === null ? this.#start() : positionNs(last)) : null,
      batches: { total, skipped: total - scanned, scanned },
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
}

function positionNs(position: Position): { timestampNs: bigint; id: string } {
  return { timestampNs: partsToNs(position), id: position.id };
}
