import type { Level } from "#app/core/level.ts";
import { GroupCounter } from "#app/server/search/group-counter.ts";
import type { GroupCount, Grouping } from "#app/server/search/group-counts.ts";

/** CountSpan is a time `[fromNs, toNs)` and what its matches are counted by; no grouping at all is the number of them. */
export interface CountSpan {
  fromNs: bigint;
  toNs: bigint;
  groupings: Grouping[][];
}

export interface SpanCount {
  groups: GroupCount[];
  /** Matches that are in no group because there were too many groups. */
  ungrouped: number;
}

/** SpanCounters are the counters of every grouping of every span. */
export class SpanCounters {
  readonly #spans: readonly CountSpan[];
  /** Tag keys of all groupings; a key's place is its slot in the Line they share. */
  readonly tagKeys: string[];
  readonly counters: GroupCounter[][];

  constructor(spans: readonly CountSpan[]) {
    this.#spans = spans;
    const groupings = spans.flatMap((span) => span.groupings.flat());
    this.tagKeys = [...new Set(groupings.flatMap((one) => (one.kind === "tag" ? [one.key] : [])))];
    const slotOf = (key: string) => this.tagKeys.indexOf(key);
    this.counters = spans.map((span) => span.groupings.map((grouping) => new GroupCounter(grouping, slotOf)));
  }

  /** Takes a count of whole minutes into each grouping of its span. */
  take(span: number, of: { step: number; service: string | null; level: Level; count: number }): void {
    for (const [i, grouping] of (this.#spans[span] as CountSpan).groupings.entries()) {
      const values = grouping.map(({ kind }) => {
        if (kind === "time") return of.step;
        return kind === "level" ? of.level : of.service;
      });
      this.counters[span]?.[i]?.add({ values, count: of.count });
    }
  }

  /** Takes what was counted elsewhere by the groupings of a span. */
  takeAll(span: number, counts: readonly SpanCount[]): void {
    for (const [i, { groups, ungrouped }] of counts.entries()) {
      const counter = this.counters[span]?.[i];
      if (counter === undefined) continue;
      for (const group of groups) counter.add(group);
      counter.ungrouped += ungrouped;
    }
  }

  groupingsOf(span: number): Grouping[][] {
    return (this.#spans[span] as CountSpan).groupings;
  }

  results(): SpanCount[][] {
    return this.counters.map((span) =>
      span.map((counter) => {
        const groups = counter.groups();
        return { groups, ungrouped: counter.ungrouped };
      }),
    );
  }
}
