import type { SearchRange } from "#app/core/query-request.ts";
import { NS_PER_MS } from "#app/core/timestamp.ts";

/** Steps of a histogram, smallest first; all of them divide the next whole minute, hour or day as people expect. */
const INTERVALS: readonly [name: string, ms: number][] = [
  ["1s", 1_000],
  ["5s", 5_000],
  ["10s", 10_000],
  ["30s", 30_000],
  ["1m", 60_000],
  ["5m", 300_000],
  ["10m", 600_000],
  ["30m", 1_800_000],
  ["1h", 3_600_000],
  ["3h", 10_800_000],
  ["6h", 21_600_000],
  ["12h", 43_200_000],
  ["1d", 86_400_000],
  ["7d", 604_800_000],
];
const NS_PER_WEEK = 604_800_000n * NS_PER_MS;

/** HistogramBuckets is a range widened to the borders of its interval. */
export interface HistogramBuckets extends SearchRange {
  /** As durations are written: `30s`, `5m`. */
  interval: string;
  intervalNs: bigint;
  count: number;
}

/**
 * chooseBuckets takes the smallest interval that covers a range with at most `most` buckets, counted from 1970. Where
 * even weeks are too many, it takes several weeks.
 */
export function chooseBuckets({ fromNs, toNs }: SearchRange, most: number): HistogramBuckets {
  const endNs = toNs < fromNs ? fromNs : toNs;
  for (const [interval, ms] of INTERVALS) {
    const buckets = widen(fromNs, endNs, interval, BigInt(ms) * NS_PER_MS);
    if (buckets.count <= most) return buckets;
  }
  for (let weeks = 2n; ; weeks++) {
    const buckets = widen(fromNs, endNs, `${weeks * 7n}d`, weeks * NS_PER_WEEK);
    if (buckets.count <= most) return buckets;
  }
}

function widen(fromNs: bigint, toNs: bigint, interval: string, intervalNs: bigint): HistogramBuckets {
  const first = fromNs / intervalNs;
  // An empty range has no bucket, also within one.
  const end = fromNs === toNs ? first : (toNs + intervalNs - 1n) / intervalNs;
  return {
    interval,
    intervalNs,
    fromNs: first * intervalNs,
    toNs: end * intervalNs,
    count: Number(end - first),
  };
}
