import { durationMs, type AlertRule } from "#app/core/alert-rule.ts";
import { advanceRule, WHOLE, type AlertTransition, type GroupState, type WatchedRule } from "#app/core/alert-state.ts";
import { lastWindowEnd } from "#app/core/alert-window.ts";
import { countSteps, type StepCounts } from "#app/server/alerts/count-steps.ts";
import { groupOf } from "#app/server/alerts/group-key.ts";
import { predicateOf } from "#app/server/alerts/log-link.ts";
import type { CountOptions } from "#app/server/search/count-matches.ts";

const DAY_MS = 86_400_000;
/** A chart shows a day in minutes, whatever the interval. */
const MIN_STEP_MS = 60_000;
/** Each of them goes through a day of windows; those with the most matches are looked at. */
const MAX_GROUPS = 200;
/** A chart shows no more lines. */
const MAX_SHOWN_GROUPS = 20;
const MAX_SHOWN_EVENTS = 1_000;

export interface PreviewOptions {
  search: CountOptions;
  intervalMs: number;
  nowMs: number;
}

/** AlertPreview is what a rule would have done over the last day. Times are RFC 3339. */
export interface AlertPreview {
  from: string;
  to: string;
  /** Between two windows' ends. */
  stepMs: number;
  condition: AlertRule["condition"];
  /** Matches in the window that ends at `from + (i + 1) * stepMs`, of the groups with the most. */
  groups: { group: string | null; values: number[] }[];
  /** Groups that are not shown. */
  otherGroups: number;
  /** How often it would have begun to fire. */
  firings: number;
  events: PreviewEvent[];
  /** False when not everything was looked at, so that the counts are lower bounds. */
  complete: boolean;
  reason?: "timeout" | "unreachable";
}

export interface PreviewEvent {
  type: AlertTransition["type"];
  reason: AlertTransition["reason"];
  group: string | null;
  value: number;
  window: { from: string; to: string };
  notified: boolean;
}

/** previewRule runs a rule over the last day as if it had been there. Throws CatalogError. */
export async function previewRule(
  { search, intervalMs, nowMs }: PreviewOptions,
  projectId: string,
  rule: AlertRule,
  signal: AbortSignal,
): Promise<AlertPreview> {
  const windowMs = durationMs(rule.window);
  const stepMs = Math.ceil(MIN_STEP_MS / intervalMs) * intervalMs;
  const toMs = lastWindowEnd(nowMs, intervalMs);
  const windows = Math.floor(DAY_MS / stepMs);
  const firstEndMs = toMs - (windows - 1) * stepMs;
  // Windows overlap: what they share is counted once, in pieces that all of them are made of.
  const pieceMs = greatestCommonDivisor(stepMs, windowMs);
  const originMs = firstEndMs - windowMs;
  const pieces = { originMs, stepMs: pieceMs, count: (toMs - originMs) / pieceMs };
  const counter = { predicate: predicateOf(rule.query), groupBy: rule.groupBy };
  const counted = await countSteps(search, projectId, counter, pieces, signal);

  const shape = { windows, perWindow: windowMs / pieceMs, perStep: stepMs / pieceMs, pieces: pieces.count };
  const largest = largestGroups(counted);
  const valuesOf = new Map(largest.map(([key, counts]) => [key, windowValues(counts, shape)]));
  if (rule.groupBy === null && valuesOf.size === 0)
    valuesOf.set(
      WHOLE,
      Array.from({ length: windows }, () => 0),
    );
  const transitions = runWindows(rule, valuesOf, (i) => firstEndMs + i * stepMs, windows);
  const shown = [...valuesOf].slice(0, MAX_SHOWN_GROUPS);
  return {
    from: new Date(firstEndMs - stepMs).toISOString(),
    to: new Date(toMs).toISOString(),
    stepMs,
    condition: rule.condition,
    groups: shown.map(([key, values]) => ({ group: groupOf(key), values })),
    otherGroups: Math.max(0, counted.groups.size - shown.length),
    firings: transitions.filter((one) => one.reason === "began").length,
    events: transitions.slice(-MAX_SHOWN_EVENTS).map((one) => ({
      type: one.type,
      reason: one.reason,
      group: groupOf(one.groupKey),
      value: one.value,
      window: { from: new Date(one.toMs - windowMs).toISOString(), to: new Date(one.toMs).toISOString() },
      notified: one.isNotified,
    })),
    complete: counted.complete,
    ...(counted.reason === null ? {} : { reason: counted.reason }),
  };
}

function largestGroups({ groups }: StepCounts): [string, Map<number, number>][] {
  const totals = new Map(
    [...groups].map(([key, counts]) => [key, [...counts.values()].reduce((sum, n) => sum + n, 0)]),
  );
  return [...groups].sort(([a], [b]) => (totals.get(b) ?? 0) - (totals.get(a) ?? 0)).slice(0, MAX_GROUPS);
}

interface Shape {
  windows: number;
  /** Pieces of a window, between two windows, and of all. */
  perWindow: number;
  perStep: number;
  pieces: number;
}

function windowValues(counts: ReadonlyMap<number, number>, { windows, perWindow, perStep, pieces }: Shape): number[] {
  const before = new Float64Array(pieces + 1);
  for (let i = 0; i < pieces; i++) before[i + 1] = (before[i] as number) + (counts.get(i) ?? 0);
  return Array.from({ length: windows }, (_, i) => {
    return (before[i * perStep + perWindow] as number) - (before[i * perStep] as number);
  });
}

function runWindows(
  rule: AlertRule,
  valuesOf: ReadonlyMap<string, number[]>,
  endOf: (i: number) => number,
  windows: number,
): AlertTransition[] {
  const watched: WatchedRule = {
    kind: rule.kind,
    condition: rule.condition,
    isGrouped: rule.groupBy !== null,
    forWindows: rule.forWindows,
    notifyResolved: rule.notifyResolved,
    repeatEveryMs: rule.repeatEvery === null ? null : durationMs(rule.repeatEvery),
    // What it would have done if nobody had silenced it.
    silencedUntilMs: null,
  };
  let groups: Map<string, GroupState> = new Map();
  const transitions: AlertTransition[] = [];
  for (let i = 0; i < windows; i++) {
    const values = new Map<string, number>();
    for (const [key, all] of valuesOf) if ((all[i] ?? 0) > 0) values.set(key, all[i] as number);
    const advanced = advanceRule(watched, groups, { toMs: endOf(i), values, isPartial: false, isUnwatched: false });
    groups = advanced.groups;
    transitions.push(...advanced.transitions);
  }
  return transitions;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
