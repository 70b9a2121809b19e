import type { EvaluatedWindow } from "#app/server/alerts/alert-events.ts";

const DAY_MS = 86_400_000;
/** A chart of a day has a point for every minute, whatever the interval. */
const MIN_STEP_MS = 60_000;
const MAX_SERIES = 20;
/** A young rule's course is not drawn into the last corner of an empty day. */
const LEAST_STEPS = 60;

/** EvaluatedCourse is what a rule saw over the last day, or since it is there; null where nothing was evaluated. */
export interface EvaluatedCourse {
  from: string;
  stepMs: number;
  series: { group: string | null; values: (number | null)[] }[];
}

/** courseOf puts a rule's windows into steps, the fullest of each; groups with the most come first. */
export function courseOf(
  windows: readonly EvaluatedWindow[],
  { nowMs, intervalMs }: { nowMs: number; intervalMs: number },
): EvaluatedCourse {
  const stepMs = Math.ceil(MIN_STEP_MS / intervalMs) * intervalMs;
  const steps = Math.floor(DAY_MS / stepMs);
  const toMs = Math.ceil(nowMs / stepMs) * stepMs;
  const fromMs = toMs - steps * stepMs;
  const byGroup = new Map<string | null, (number | null)[]>();
  for (const { group, toMs: endMs, value } of windows) {
    const step = Math.ceil((endMs - fromMs) / stepMs) - 1;
    if (step < 0 || step >= steps) continue;
    let values = byGroup.get(group);
    if (values === undefined) byGroup.set(group, (values = Array.from({ length: steps }, () => null)));
    values[step] = Math.max(values[step] ?? 0, value);
  }
  const firsts = [...byGroup.values()].map((values) => values.findIndex((value) => value !== null));
  const skipped = Math.max(0, Math.min(steps - LEAST_STEPS, ...firsts));
  const series = [...byGroup]
    .map(([group, values]) => ({ group, values: values.slice(skipped) }))
    .sort((a, b) => highestOf(b.values) - highestOf(a.values))
    .slice(0, MAX_SERIES);
  return { from: new Date(fromMs + skipped * stepMs).toISOString(), stepMs, series };
}

function highestOf(values: readonly (number | null)[]): number {
  return Math.max(...values.map((value) => value ?? 0));
}
