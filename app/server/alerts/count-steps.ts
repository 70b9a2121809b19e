import { WHOLE } from "#app/core/alert-state.ts";
import { NS_PER_MS } from "#app/core/timestamp.ts";
import type { Counter } from "#app/server/alerts/count-windows.ts";
import { groupKeyOf } from "#app/server/alerts/group-key.ts";
import { countMatches, type CountOptions } from "#app/server/search/count-matches.ts";
import { groupingOf } from "#app/server/search/facets.ts";
import type { Grouping } from "#app/server/search/group-counts.ts";
import type { CountSpan } from "#app/server/search/span-counters.ts";

/** Counts of one span are kept apart up to some thousands, so a long time is counted in several. */
const MAX_STEPS_PER_SPAN = 120;

export interface Steps {
  originMs: number;
  stepMs: number;
  count: number;
}

export interface StepCounts {
  /** Of each group the steps that have matches, by their number. */
  groups: Map<string, Map<number, number>>;
  complete: boolean;
  reason: "timeout" | "unreachable" | null;
}

/** countSteps counts the matches of steps of equal length, by group. Throws CatalogError. */
export async function countSteps(
  search: CountOptions,
  projectId: string,
  { predicate, groupBy }: Counter,
  { originMs, stepMs, count }: Steps,
  signal: AbortSignal,
): Promise<StepCounts> {
  const intervalNs = BigInt(stepMs) * NS_PER_MS;
  const byGroup: Grouping[] = groupBy === null ? [] : [groupingOf(groupBy)];
  const spans: CountSpan[] = [];
  for (let first = 0; first < count; first += MAX_STEPS_PER_SPAN) {
    const last = Math.min(count, first + MAX_STEPS_PER_SPAN);
    const fromNs = BigInt(originMs + first * stepMs) * NS_PER_MS;
    const time: Grouping = { kind: "time", originNs: fromNs, intervalNs };
    spans.push({ fromNs, toNs: BigInt(originMs + last * stepMs) * NS_PER_MS, groupings: [[time, ...byGroup]] });
  }
  const counted = await countMatches(search, { projectId, predicate, spans }, signal);
  const groups = new Map<string, Map<number, number>>();
  for (const [i, [only]] of counted.spans.entries()) {
    for (const { values, count: matches } of only?.groups ?? []) {
      const [step, value] = values;
      if (groupBy !== null && typeof value !== "string") continue;
      const key = groupBy === null ? WHOLE : groupKeyOf(value as string);
      let counts = groups.get(key);
      if (counts === undefined) groups.set(key, (counts = new Map()));
      const at = i * MAX_STEPS_PER_SPAN + (step as number);
      counts.set(at, (counts.get(at) ?? 0) + matches);
    }
  }
  const isWhole = counted.spans.every((span) => span.every(({ ungrouped }) => ungrouped === 0));
  return { groups, complete: counted.complete && isWhole, reason: counted.reason };
}
