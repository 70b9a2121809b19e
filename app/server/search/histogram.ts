import { chooseBuckets, type HistogramBuckets } from "#app/core/histogram-interval.ts";
import type { Level } from "#app/core/level.ts";
import type { Predicate } from "#app/core/query/predicate.ts";
import type { SearchRange } from "#app/core/query-request.ts";
import { formatTimestamp, nsToParts } from "#app/core/timestamp.ts";
import { countMatches, type CountOptions } from "#app/server/search/count-matches.ts";
import type { Grouping } from "#app/server/search/group-counts.ts";
import type { CountSpan, SpanCount } from "#app/server/search/span-counters.ts";

export interface HistogramRequest {
  projectId: string;
  range: SearchRange;
  predicate: Predicate;
  /** The most there may be. */
  buckets: number;
}

/** Histogram is the answer of POST /histogram; times are RFC 3339. */
export interface Histogram {
  interval: string;
  from: string;
  to: string;
  /** Matches in the asked range, which the buckets at both ends may exceed. */
  total: number;
  buckets: { start: string; counts: Partial<Record<Level, number>> }[];
  complete: boolean;
  reason?: "timeout" | "unreachable";
}

/** countHistogram counts matches by level over time. Throws CatalogError. */
export async function countHistogram(
  options: CountOptions,
  { projectId, range, predicate, buckets: most }: HistogramRequest,
  signal: AbortSignal,
): Promise<Histogram> {
  const buckets = most === 1 ? oneBucket(range) : chooseBuckets(range, most);
  const byLevel: Grouping[] = [{ kind: "level" }];
  const byTime: Grouping[] = [{ kind: "time", originNs: buckets.fromNs, intervalNs: buckets.intervalNs }];
  // What was added to the range on either side is counted apart, and taken off the total.
  const spans: CountSpan[] = [
    { fromNs: buckets.fromNs, toNs: buckets.toNs, groupings: [most === 1 ? byLevel : [...byTime, ...byLevel]] },
    { fromNs: buckets.fromNs, toNs: range.fromNs, groupings: [[]] },
    { fromNs: range.toNs, toNs: buckets.toNs, groupings: [[]] },
  ].filter(({ fromNs, toNs }) => fromNs < toNs);
  const empty = { interval: buckets.interval, from: format(buckets.fromNs), to: format(buckets.toNs) };
  if (buckets.count === 0) return { ...empty, total: 0, buckets: [], complete: true };

  const counted = await countMatches(options, { projectId, predicate, spans }, signal);
  const [wide, ...added] = counted.spans.map(([only]) => only as SpanCount) as [SpanCount, ...SpanCount[]];
  const countsOf = Array.from({ length: buckets.count }, (): Partial<Record<Level, number>> => ({}));
  for (const { values, count } of wide.groups) {
    const [bucket, level] = most === 1 ? [0, values[0]] : values;
    const counts = countsOf[bucket as number];
    if (counts !== undefined) counts[level as Level] = (counts[level as Level] ?? 0) + count;
  }
  return {
    ...empty,
    total: sum(wide) - added.reduce((total, span) => total + sum(span), 0),
    buckets: countsOf.map((counts, i) => ({
      start: format(buckets.fromNs + BigInt(i) * buckets.intervalNs),
      counts,
    })),
    complete: counted.complete,
    ...(counted.reason === null ? {} : { reason: counted.reason }),
  };
}

/** The asked range itself, for those who want one number. */
function oneBucket({ fromNs, toNs }: SearchRange): HistogramBuckets {
  const endNs = toNs < fromNs ? fromNs : toNs;
  const ms = Number((endNs - fromNs) / 1_000_000n);
  const interval = ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
  return { interval, intervalNs: endNs - fromNs, fromNs, toNs: endNs, count: fromNs < endNs ? 1 : 0 };
}

function sum({ groups }: SpanCount): number {
  return groups.reduce((total, { count }) => total + count, 0);
}

function format(ns: bigint): string {
  return formatTimestamp(nsToParts(ns));
}
