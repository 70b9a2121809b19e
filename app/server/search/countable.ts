import { LEVELS, type Level } from "#app/core/level.ts";
import { isEverything, type Predicate } from "#app/core/query/predicate.ts";
import { parseTimestampText } from "#app/core/timestamp.ts";
import { emptySlices, sliceLine } from "#app/server/ingest/canonical-line.ts";
import { EntryBlockBuilder } from "#app/server/ingest/entry-block.ts";
import { compileMatcher } from "#app/server/search/compile-matcher.ts";
import type { MinuteRange } from "#app/server/search/count-catalog.ts";
import type { Grouping } from "#app/server/search/group-counts.ts";
import type { CountSpan } from "#app/server/search/span-counters.ts";

export const NS_PER_MINUTE = 60_000_000_000n;

/** fieldsOf says what a predicate asks of an entry, if that is in the counts of minutes at all. */
export function fieldsOf(predicate: Predicate): { isCountable: boolean; asksService: boolean } {
  switch (predicate.kind) {
    case "level":
      return { isCountable: true, asksService: false };
    case "all":
    case "any": {
      const parts = predicate.of.map(fieldsOf);
      return {
        isCountable: parts.every((part) => part.isCountable),
        asksService: parts.some((part) => part.asksService),
      };
    }
    case "not":
      return fieldsOf(predicate.of);
    case "equals":
    case "affix":
    case "regex":
    case "number": {
      const isService = predicate.field.name === "service";
      return { isCountable: isService, asksService: isService };
    }
    case "present":
    case "text":
      return { isCountable: false, asksService: false };
  }
}

/** compileCountFilter makes a countable predicate's test of a service and a level. */
export function compileCountFilter(predicate: Predicate): (service: string, level: Level) => boolean {
  if (isEverything(predicate)) return () => true;
  const matches = compileMatcher(predicate);
  const timestamp = parseTimestampText("1970-01-01T00:00:00Z") ?? { ms: 0, subMsNs: 0 };
  const slices = emptySlices();
  const known = new Map<string, boolean[]>();
  return (service, level) => {
    let byLevel = known.get(service);
    if (byLevel === undefined) {
      byLevel = LEVELS.map((each) => {
        // The matcher is the one place that knows what a predicate means, so it is shown an entry.
        const builder = new EntryBlockBuilder(256);
        builder.add({ timestamp, service, level: each, levelOriginal: null, message: "", tags: [] });
        const { bytes } = builder.build();
        sliceLine(bytes, 1, bytes.length - 1, slices);
        return matches(bytes, slices);
      });
      known.set(service, byLevel);
    }
    return byLevel[LEVELS.indexOf(level)] ?? false;
  };
}

/** CountedSpan is the part of a span that whole minutes answer, and the parts at its ends that they do not. */
export interface CountedSpan {
  minutes: MinuteRange;
  edges: { fromNs: bigint; toNs: bigint }[];
}

/** countedSpan divides a span, or is null when the counts of minutes cannot tell what is asked. */
export function countedSpan({ fromNs, toNs, groupings }: CountSpan): CountedSpan | null {
  if (!groupings.every((grouping) => grouping.every(isCounted))) return null;
  const times = groupings.map((grouping) => grouping.find((one) => one.kind === "time"));
  const [time] = times;
  // The catalog sums up by one time grouping.
  if (times.some((other) => other?.originNs !== time?.originNs || other?.intervalNs !== time?.intervalNs)) return null;
  const from = (fromNs + NS_PER_MINUTE - 1n) / NS_PER_MINUTE;
  const to = toNs / NS_PER_MINUTE;
  const edges =
    from > to
      ? [{ fromNs, toNs }]
      : [
          { fromNs, toNs: from * NS_PER_MINUTE },
          { fromNs: to * NS_PER_MINUTE, toNs },
        ];
  const step =
    time === undefined
      ? null
      : {
          originMinute: Number(time.originNs / NS_PER_MINUTE),
          stepMinutes: Number(time.intervalNs / NS_PER_MINUTE),
        };
  return {
    minutes: { from: Number(from), to: Number(from > to ? from : to), step },
    edges: edges.filter((edge) => edge.fromNs < edge.toNs),
  };
}

function isCounted(grouping: Grouping): boolean {
  if (grouping.kind === "time")
    return grouping.originNs % NS_PER_MINUTE === 0n && grouping.intervalNs % NS_PER_MINUTE === 0n;
  return grouping.kind !== "tag";
}
