import type { AlertWindow } from "#app/core/alert-window.ts";
import { WHOLE } from "#app/core/alert-state.ts";
import type { Level } from "#app/core/level.ts";
import { EVERYTHING, type Predicate } from "#app/core/query/predicate.ts";
import { NS_PER_MS } from "#app/core/timestamp.ts";
import { groupKeyOf } from "#app/server/alerts/group-key.ts";
import { countMatches, type CountOptions, type MatchCounts } from "#app/server/search/count-matches.ts";
import { compileCountFilter, fieldsOf } from "#app/server/search/countable.ts";
import { groupingOf } from "#app/server/search/facets.ts";
import type { Grouping } from "#app/server/search/group-counts.ts";
import type { SpanCount } from "#app/server/search/span-counters.ts";

/** Counter is what of a rule decides about its counts. */
export interface Counter {
  predicate: Predicate;
  groupBy: string | null;
}

/** WindowCounts is a window's matches by group. */
export type WindowCounts = Map<string, number>;

/** CountedWindows is the counts of each window; where `failure` is not null they are lower bounds. */
export interface CountedWindows {
  counts: WindowCounts[];
  failure: CountFailure | null;
}

export type CountFailure = "timeout" | "unreachable" | "too many groups";

/** isCountedByMinute is true when the counts that are kept by minute, service and level can answer. */
export function isCountedByMinute({ predicate, groupBy }: Counter): boolean {
  return fieldsOf(predicate).isCountable && (groupBy === null || groupingOf(groupBy).kind !== "tag");
}

/** needsServices is true when services have to be told apart, which not every batch's counts do. */
function needsServices({ predicate, groupBy }: Counter): boolean {
  return groupBy === "service" || fieldsOf(predicate).asksService;
}

/** MinuteFilter is a counter over the counts of minutes. */
export interface MinuteFilter extends Counter {
  matches: (service: string, level: Level) => boolean;
}

export function compileMinuteFilter(counter: Counter): MinuteFilter {
  return { ...counter, matches: compileCountFilter(counter.predicate) };
}

export interface MinuteRequest {
  filter: MinuteFilter;
  windows: AlertWindow[];
}

/**
 * countByMinute answers many rules of one project with one or two counts over all of them: every window is counted once by
 * service and level, and each rule picks its own. Throws CatalogError.
 */
export async function countByMinute(
  options: CountOptions,
  projectId: string,
  requests: readonly MinuteRequest[],
  signal: AbortSignal,
): Promise<CountedWindows[]> {
  const answers: CountedWindows[] = [];
  for (const byService of [false, true]) {
    const chosen = [...requests.entries()].filter(([, { filter }]) => needsServices(filter) === byService);
    if (chosen.length === 0) continue;
    const windows = new Map<string, AlertWindow>();
    for (const [, request] of chosen) for (const window of request.windows) windows.set(nameOf(window), window);
    const groupings: Grouping[] = byService ? [{ kind: "service" }, { kind: "level" }] : [{ kind: "level" }];
    const spans = [...windows.values()].map((window) => spanOf(window, [groupings]));
    const counted = await countMatches(options, { projectId, predicate: EVERYTHING, spans }, signal);
    const failure = failureOf(counted);
    const byName = new Map([...windows.keys()].map((name, i) => [name, counted.spans[i]?.[0] as SpanCount]));
    for (const [at, { filter, windows: asked }] of chosen) {
      const counts = asked.map((window) => pick(filter, byService, byName.get(nameOf(window)) as SpanCount));
      answers[at] = { counts, failure };
    }
  }
  return answers;
}

function nameOf({ fromMs, toMs }: AlertWindow): string {
  return `${fromMs} ${toMs}`;
}

function pick({ matches, groupBy }: MinuteFilter, byService: boolean, { groups }: SpanCount): WindowCounts {
  const counts: WindowCounts = new Map();
  for (const { values, count } of groups) {
    const [service, level] = (byService ? values : ["", values[0]]) as [string, Level];
    if (!matches(service, level)) continue;
    const key = groupBy === null ? WHOLE : groupKeyOf(groupBy === "service" ? service : level);
    counts.set(key, (counts.get(key) ?? 0) + count);
  }
  return counts;
}

/** countBySearch answers one rule by looking through its entries. Throws CatalogError. */
export async function countBySearch(
  options: CountOptions,
  projectId: string,
  { predicate, groupBy }: Counter,
  windows: readonly AlertWindow[],
  signal: AbortSignal,
): Promise<CountedWindows> {
  const grouping: Grouping[] = groupBy === null ? [] : [groupingOf(groupBy)];
  const spans = windows.map((window) => spanOf(window, [grouping]));
  const counted = await countMatches(options, { projectId, predicate, spans }, signal);
  return { counts: counted.spans.map(([only]) => byGroup(only as SpanCount, groupBy)), failure: failureOf(counted) };
}

function byGroup({ groups }: SpanCount, groupBy: string | null): WindowCounts {
  const counts: WindowCounts = new Map();
  for (const { values, count } of groups) {
    const [value] = values;
    // An entry without the field is in no group.
    if (groupBy !== null && typeof value !== "string") continue;
    const key = groupBy === null ? WHOLE : groupKeyOf(value as string);
    counts.set(key, (counts.get(key) ?? 0) + count);
  }
  return counts;
}

function failureOf({ spans, complete, reason }: MatchCounts): CountFailure | null {
  if (!complete) return reason ?? "unreachable";
  return spans.some((span) => span.some(({ ungrouped }) => ungrouped > 0)) ? "too many groups" : null;
}

function spanOf({ fromMs, toMs }: AlertWindow, groupings: Grouping[][]) {
  return { fromNs: BigInt(fromMs) * NS_PER_MS, toNs: BigInt(toMs) * NS_PER_MS, groupings };
}

/** A known group is looked for in steps of this length. */
const KNOWN_STEP_MS = 3_600_000;

/**
 * findKnownGroups is when each group of a rule was last seen in a time, to the hour. Where the budget ends first, it is
 * what was found until then. Throws CatalogError.
 */
export async function findKnownGroups(
  options: CountOptions,
  projectId: string,
  { predicate, groupBy }: { predicate: Predicate; groupBy: string },
  { fromMs, toMs }: AlertWindow,
  signal: AbortSignal,
): Promise<Map<string, number>> {
  const originMs = Math.floor(fromMs / KNOWN_STEP_MS) * KNOWN_STEP_MS;
  const groupings: Grouping[] = [
    { kind: "time", originNs: BigInt(originMs) * NS_PER_MS, intervalNs: BigInt(KNOWN_STEP_MS) * NS_PER_MS },
    groupingOf(groupBy),
  ];
  const spans = [spanOf({ fromMs, toMs }, [groupings])];
  const counted = await countMatches(options, { projectId, predicate, spans }, signal);
  const seen = new Map<string, number>();
  for (const { values } of counted.spans[0]?.[0]?.groups ?? []) {
    const [step, value] = values;
    if (typeof step !== "number" || typeof value !== "string") continue;
    const key = groupKeyOf(value);
    const seenMs = Math.min(toMs, originMs + (step + 1) * KNOWN_STEP_MS);
    seen.set(key, Math.max(seen.get(key) ?? 0, seenMs));
  }
  return seen;
}
