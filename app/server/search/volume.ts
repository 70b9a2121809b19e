import type { ServiceVolume } from "#app/core/project-overview.ts";
import type { Level } from "#app/core/level.ts";
import { allOf } from "#app/core/query/predicate.ts";
import type { SearchRange } from "#app/core/query-request.ts";
import { countMatches, type CountOptions } from "#app/server/search/count-matches.ts";
import type { SpanCount } from "#app/server/search/span-counters.ts";

/** Volume is how much a project wrote in a range, and in one before it to compare with. */
export interface Volume {
  /** The most talkative first. */
  services: ServiceVolume[];
  before: { entries: number; errors: number };
  complete: boolean;
}

/** Errors of a level are those that somebody should look at. */
function isError(level: string): boolean {
  return level === ("error" satisfies Level) || level === ("fatal" satisfies Level);
}

/** countVolume counts all of a project's entries by service; whole minutes come from the counts alone. Throws CatalogError. */
export async function countVolume(
  options: CountOptions,
  { projectId, range, before }: { projectId: string; range: SearchRange; before: SearchRange },
  signal: AbortSignal,
): Promise<Volume> {
  const spans = [
    { ...range, groupings: [[{ kind: "service" }, { kind: "level" }] as const].map((grouping) => [...grouping]) },
    { ...before, groupings: [[{ kind: "level" as const }]] },
  ];
  const counted = await countMatches(options, { projectId, predicate: allOf([]), spans }, signal);
  const services = new Map<string, ServiceVolume>();
  for (const { values, count } of counted.spans[0]?.[0]?.groups ?? []) {
    const service = String(values[0]);
    const volume = services.get(service) ?? { service, entries: 0, errors: 0 };
    volume.entries += count;
    if (isError(String(values[1]))) volume.errors += count;
    services.set(service, volume);
  }
  const earlier = counted.spans[1]?.[0];
  return {
    services: [...services.values()].toSorted((a, b) => b.entries - a.entries || (a.service < b.service ? -1 : 1)),
    before: { entries: sum(earlier, () => true), errors: sum(earlier, isError) },
    complete: counted.complete,
  };
}

function sum(counts: SpanCount | undefined, counted: (level: string) => boolean): number {
  return (counts?.groups ?? []).reduce(
    (total, { values, count }) => (counted(String(values[0])) ? total + count : total),
    0,
  );
}
