import {
  MAX_SERVICES_PER_BATCH,
  OTHER_SERVICES,
  type CommittedBatch,
  type LineageRun,
  type MinuteCount,
  type TagSummary,
} from "#app/server/ingest/batch-catalog.ts";
import { MAX_TAG_KEYS, MAX_TAG_VALUES } from "#app/server/kernel/layout.ts";

/** BatchSummary is what the index and an object's description say of the entries inside. */
export type BatchSummary = Pick<
  CommittedBatch,
  "entries" | "rawBytes" | "tsStartNs" | "tsEndNs" | "services" | "levels" | "tags" | "counts" | "receivedAtMs"
> & { lineage: LineageRun[] };

/** mergeSummaries is the summary of all entries together, under the same limits as each had. */
export function mergeSummaries(parts: readonly BatchSummary[]): BatchSummary {
  const services = mergeServices(parts);
  return {
    entries: parts.reduce((sum, { entries }) => sum + entries, 0),
    rawBytes: parts.reduce((sum, { rawBytes }) => sum + rawBytes, 0),
    tsStartNs: parts.reduce((least, { tsStartNs }) => (tsStartNs < least ? tsStartNs : least), 2n ** 63n - 1n),
    tsEndNs: parts.reduce((most, { tsEndNs }) => (tsEndNs > most ? tsEndNs : most), 0n),
    services: services !== null && services.length > MAX_SERVICES_PER_BATCH ? null : services,
    levels: [...new Set(parts.flatMap(({ levels }) => levels))].sort(),
    tags: mergeTags(parts.map(({ tags }) => tags)),
    counts: mergeCounts(parts, services),
    receivedAtMs: Math.max(...parts.map(({ receivedAtMs }) => receivedAtMs)),
    lineage: mergeLineage(parts.flatMap(({ lineage }) => lineage)),
  };
}

function mergeServices(parts: readonly BatchSummary[]): string[] | null {
  const services = new Set<string>();
  for (const part of parts) {
    if (part.services === null) return null;
    for (const service of part.services) services.add(service);
  }
  return [...services].sort();
}

/** Services beyond the limit count under one name; which these are is for the order of names to say. */
function mergeCounts(parts: readonly BatchSummary[], services: string[] | null): MinuteCount[] {
  const counted = services === null ? null : new Set(services.slice(0, MAX_SERVICES_PER_BATCH));
  const known = counted ?? firstCounted(parts);
  const merged = new Map<string, MinuteCount>();
  for (const { counts } of parts) {
    for (const { minute, service, level, count } of counts) {
      const countedAs = known.has(service) ? service : OTHER_SERVICES;
      const key = `${minute} ${level} ${countedAs}`;
      const sum = merged.get(key);
      if (sum === undefined) merged.set(key, { minute, service: countedAs, level, count });
      else sum.count += count;
    }
  }
  return [...merged.values()];
}

function firstCounted(parts: readonly BatchSummary[]): Set<string> {
  const named = new Set(parts.flatMap(({ counts }) => counts.map(({ service }) => service)));
  named.delete(OTHER_SERVICES);
  return new Set([...named].sort().slice(0, MAX_SERVICES_PER_BATCH));
}

function mergeTags(summaries: readonly TagSummary[]): TagSummary {
  const keys = new Map<string, string[] | null>();
  let complete = summaries.every((summary) => summary.complete);
  for (const summary of summaries) {
    for (const [key, values] of Object.entries(summary.keys)) {
      const known = keys.get(key);
      if (known === undefined && keys.size === MAX_TAG_KEYS) {
        complete = false;
        continue;
      }
      const both = known === null || values === null ? null : [...new Set([...(known ?? []), ...values])].sort();
      keys.set(key, both !== null && both.length > MAX_TAG_VALUES ? null : both);
    }
  }
  // An incomplete summary may lack a key that others list: then the values it has there are not known.
  if (!complete) {
    for (const key of keys.keys()) {
      if (summaries.some((summary) => !summary.complete && !Object.hasOwn(summary.keys, key))) keys.set(key, null);
    }
  }
  return { complete, keys: Object.fromEntries(keys) };
}

export function mergeLineage(runs: readonly LineageRun[]): LineageRun[] {
  const sorted = [...runs].sort(([a, aFirst], [b, bFirst]) => (a === b ? aFirst - bFirst : a < b ? -1 : 1));
  const merged: LineageRun[] = [];
  for (const [walId, first, last] of sorted) {
    const before = merged.at(-1);
    if (before !== undefined && before[0] === walId && first <= before[2] + 1) before[2] = Math.max(before[2], last);
    else merged.push([walId, first, last]);
  }
  return merged;
}
