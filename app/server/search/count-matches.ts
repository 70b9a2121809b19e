import type { Level } from "#app/core/level.ts";
import type { Predicate } from "#app/core/query/predicate.ts";
import { ledgerKey } from "#app/server/ingest/batch-catalog.ts";
import { batchFilter } from "#app/server/search/batch-filter.ts";
import { isInRange, stepOf, type CountCatalog } from "#app/server/search/count-catalog.ts";
import {
  compileCountFilter,
  countedSpan,
  fieldsOf,
  NS_PER_MINUTE,
  type CountedSpan,
} from "#app/server/search/countable.ts";
import { CountScan, type CountTask } from "#app/server/search/count-scan.ts";
import { findSources } from "#app/server/search/find-sources.ts";
import type { Grouping } from "#app/server/search/group-counts.ts";
import type { QuerySource, QuerySourceOptions } from "#app/server/search/source-reader.ts";
import { SpanCounters, type CountSpan, type SpanCount } from "#app/server/search/span-counters.ts";
import type { Clock } from "#app/server/system/clock.ts";

export interface CountOptions extends QuerySourceOptions {
  counts: CountCatalog;
  clock: Clock;
  maxQueryMs: number;
}

export interface CountRequest {
  projectId: string;
  predicate: Predicate;
  /** Counted at one moment, so that they fit together. */
  spans: CountSpan[];
}

export interface MatchCounts {
  /** For each span and grouping. */
  spans: SpanCount[][];
  /** False when something that could match was not looked at. */
  complete: boolean;
  reason: "timeout" | "unreachable" | null;
  batches: { total: number; scanned: number };
}

/**
 * countMatches counts the matches of a query by groups, over everything that is stored, spooled and fresh. What the
 * counts of minutes can answer is answered from them; only the rest is read. Throws CatalogError.
 */
export async function countMatches(
  options: CountOptions,
  request: CountRequest,
  signal: AbortSignal,
): Promise<MatchCounts> {
  const deadlineMs = options.clock.nowMs() + options.maxQueryMs;
  const endQuery = options.local.register();
  try {
    for (let plans = 1; ; plans++) {
      const counted = await countOnce(options, request, deadlineMs, signal);
      if (!counted.isOutdated) return counted.result;
      if (plans === MAX_PLANS) return { ...counted.result, complete: false, reason: "unreachable" };
    }
  } finally {
    endQuery();
  }
}

/** A count whose objects are compacted away under it again and again is given up; each time takes a grace period. */
const MAX_PLANS = 5;

async function countOnce(
  options: CountOptions,
  request: CountRequest,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<{ result: MatchCounts; isOutdated: boolean }> {
  const counters = new SpanCounters(request.spans);
  const { isCountable, asksService } = fieldsOf(request.predicate);
  const counted = isCountable ? request.spans.flatMap((span) => countedSpan(span) ?? []) : [];
  const tasks =
    counted.length === request.spans.length
      ? await tasksBesideCounts(options, request, { counted, asksService }, counters)
      : await wholeTasks(options, request);
  signal.throwIfAborted();
  const scan = new CountScan(options, request, { counters, deadlineMs, signal });
  await scan.run(tasks.filter(({ pieces }) => pieces.length > 0));
  const { reason, scanned, isOutdated } = scan;
  const result = {
    spans: counters.results(),
    complete: reason === null,
    reason,
    batches: { total: tasks.length, scanned },
  };
  return { result, isOutdated };
}

function filterOf({ projectId, predicate, spans }: CountRequest) {
  const fromNs = spans.reduce((least, span) => (span.fromNs < least ? span.fromNs : least), MAX_NS);
  const latestNs = spans.reduce((most, span) => (span.toNs > most ? span.toNs : most), 0n);
  const toNs = latestNs > MAX_NS ? MAX_NS : latestNs;
  return batchFilter({ projectId, predicate, range: { fromNs, toNs }, order: "desc", limit: 1, behind: null });
}

/** The index keeps times as signed 64-bit integers. */
const MAX_NS = 2n ** 63n - 1n;

async function wholeTasks(options: CountOptions, request: CountRequest): Promise<CountTask[]> {
  const { stored, local } = await findSources(options, filterOf(request));
  return [...stored, ...local].map((source) => wholeTask(request, source));
}

function wholeTask({ spans }: CountRequest, source: QuerySource): CountTask {
  return { source, pieces: spans.map(({ fromNs, toNs }, span) => ({ span, fromNs, toNs })) };
}

interface CountPlan {
  counted: CountedSpan[];
  asksService: boolean;
}

/** Takes the counts of whole minutes; what is left of each source is its task. */
async function tasksBesideCounts(
  options: CountOptions,
  request: CountRequest,
  { counted, asksService }: CountPlan,
  counters: SpanCounters,
): Promise<CountTask[]> {
  const byService = asksService || request.spans.some(({ groupings }) => groupings.flat().some(isService));
  const matches = compileCountFilter(request.predicate);
  const ranges = counted.map(({ minutes }) => minutes);
  const rest = counted.flatMap(({ edges }, span) => edges.map((edge) => ({ span, ...edge })));
  const edgeMinutes = new Set(rest.map(({ fromNs }) => minuteOf(fromNs)));
  const found = await options.counts.countMinutes({
    filter: filterOf(request),
    floors: options.local.floors(request.projectId),
    ranges,
    edgeMinutes: [...edgeMinutes],
    byService,
  });

  function take(range: number, step: number, service: string | null, level: Level, count: number): void {
    // Whether there is a service at all does not matter to a predicate that does not ask for it.
    if (matches(service ?? "", level)) counters.take(range, { step, service, level, count });
  }
  for (const { range, step, service, level, count } of found.counts) take(range, step, service, level, count);

  const tasks: CountTask[] = found.batches.map((batch) =>
    batch.isCounted ? { source: batch, pieces: rest } : wholeTask(request, batch),
  );
  for (const view of options.local.views(request.projectId)) {
    const { walId, batchNo, entries, sealed } = view.batch;
    if (entries === 0 || (batchNo !== null && found.inLedger.has(ledgerKey(walId, batchNo)))) continue;
    if (sealed === null || (byService && sealed.services === null)) {
      tasks.push(wholeTask(request, view));
      continue;
    }
    for (const count of sealed.counts) {
      for (const [i, range] of ranges.entries()) {
        const service = byService ? count.service : null;
        if (isInRange(range, count)) take(i, stepOf(range, count.minute), service, count.level, count.count);
      }
    }
    const hasEdge = sealed.counts.some(({ minute }) => edgeMinutes.has(minute));
    tasks.push({ source: view, pieces: hasEdge ? rest : [] });
  }
  return tasks;
}

function isService({ kind }: Grouping): boolean {
  return kind === "service";
}

function minuteOf(ns: bigint): number {
  return Number(ns / NS_PER_MINUTE);
}
