import type { Range } from "#app/components/explorer/explorer-state.ts";
import { parseDurationMs, parseTimePoint } from "#app/core/time-range.ts";
import { NS_PER_MS } from "#app/core/timestamp.ts";

const FACTOR = 3;
const UNITS: readonly [unit: string, ms: number][] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
];

/** zoomOut is three times a range around its middle; one that ends now goes on ending now. */
export function zoomOut(range: Range, nowMs: number): Range {
  const last = /^now-(\w+)$/.exec(range.from)?.[1];
  const lastMs = last === undefined ? null : parseDurationMs(last);
  if (range.to === "now" && lastMs !== null) return { from: `now-${printDuration(lastMs * FACTOR)}`, to: "now" };
  const resolved = resolve(range, nowMs);
  if (resolved === null) return range;
  const widthMs = Math.max(1_000, resolved.toMs - resolved.fromMs);
  const fromMs = Math.max(0, resolved.fromMs - widthMs);
  const toMs = resolved.toMs + widthMs;
  return { from: new Date(fromMs).toISOString(), to: toMs >= nowMs ? "now" : new Date(toMs).toISOString() };
}

/** absoluteRange is a range as it is at this moment, for a link that shall not move on. */
export function absoluteRange(range: Range, nowMs: number): Range {
  const resolved = resolve(range, nowMs);
  return resolved === null
    ? range
    : { from: new Date(resolved.fromMs).toISOString(), to: new Date(resolved.toMs).toISOString() };
}

/** spansDays tells whether a range's lines may be of several days, so that their times need a date. */
export function spansDays(range: Range, nowMs = Date.now()): boolean {
  const resolved = resolve(range, nowMs);
  return resolved === null || resolved.toMs - resolved.fromMs > 86_400_000 || nowMs - resolved.fromMs > 86_400_000;
}

function resolve({ from, to }: Range, nowMs: number): { fromMs: number; toMs: number } | null {
  const fromNs = parseTimePoint(from, nowMs);
  const toNs = parseTimePoint(to, nowMs);
  return fromNs === null || toNs === null
    ? null
    : { fromMs: Number(fromNs / NS_PER_MS), toMs: Number(toNs / NS_PER_MS) };
}

function printDuration(ms: number): string {
  for (const [unit, unitMs] of UNITS) if (ms % unitMs === 0) return `${ms / unitMs}${unit}`;
  return `${Math.max(1, Math.round(ms / 1_000))}s`;
}
