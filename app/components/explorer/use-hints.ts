import { useEffect, useState } from "react";
import { fetchJson, type Histogram } from "#app/components/explorer/api-client.ts";
import type { Entry } from "#app/components/explorer/entry.ts";
import type { Zone } from "#app/components/zone.ts";
import type { Order, Range } from "#app/components/explorer/explorer-state.ts";
import { loneConditions, relaxationsOf, type Relaxation } from "#app/components/explorer/relaxations.ts";
import { rangeLabel } from "#app/components/explorer/time-format.ts";
import { visibleLabel } from "#app/components/explorer/visible-text.ts";

/** Hint is a change of query or time, and how many lines it would find. */
export interface Hint {
  text: string;
  detail: string;
  count: number;
  query: string;
  range: Range;
}

const WIDER: readonly Range[] = [
  { from: "now-1d", to: "now" },
  { from: "now-7d", to: "now" },
  { from: "now-30d", to: "now" },
];
/** All time that lines can have. */
export const EVER: Range = { from: "1970-01-01T00:00:00Z", to: "now+1d" };

const DETAILS: Readonly<Record<Relaxation["kind"], string>> = {
  operators: "In capitals",
  widen: "Any part of a word",
  drop: "Without",
  only: "Only",
};

/** countLines asks how many lines a query finds in a time. */
export async function countLines(
  slug: string,
  { from, to }: Range,
  query: string,
  signal: AbortSignal,
): Promise<number> {
  const body = { from, to, buckets: 1, ...(query === "" ? {} : { query }) };
  return (await fetchJson<Histogram>("/histogram", slug, body, signal)).total;
}

export interface HintsFor {
  slug: string;
  query: string;
  range: Range;
  zone: Zone;
}

/** useHints counts what each change would find, and offers those that find something, the smallest change first. */
export function useHints({ slug, query, range, zone }: HintsFor) {
  const [state, setState] = useState<{ hints: Hint[]; isEmpty: boolean; isLooking: boolean }>({
    hints: [],
    isEmpty: false,
    isLooking: true,
  });
  const { from, to } = range;

  useEffect(() => {
    const abort = new AbortController();
    void look().catch(() => {
      // Hints are an offer; without them the page still says that nothing matches.
      if (!abort.signal.aborted) setState((before) => ({ ...before, isLooking: false }));
    });
    return () => abort.abort();

    async function look(): Promise<void> {
      if ((await count(EVER, "")) === 0) {
        setState({ hints: [], isEmpty: true, isLooking: false });
        return;
      }
      if (!(await tryEach(relaxationsOf(query)))) await tryEach(loneConditions(query));
      await tryMoreTime();
      setState((before) => ({ ...before, isLooking: false }));
    }

    async function tryEach(relaxations: readonly Relaxation[]): Promise<boolean> {
      let hasFound = false;
      for (const { kind, text, query: other } of relaxations) {
        const found = await count({ from, to }, other);
        if (found === 0) continue;
        hasFound = true;
        add({ text: visibleLabel(text), detail: DETAILS[kind], count: found, query: other, range: { from, to } });
      }
      return hasFound;
    }

    async function tryMoreTime(): Promise<void> {
      for (const wider of WIDER) if (await tryRange(wider)) return;
      // Lines of years ago, as an import brings them, are no place for a relative time.
      const [oldest, newest] = await Promise.all([endOf("asc"), endOf("desc")]);
      if (oldest === undefined || newest === undefined) return;
      await tryRange({ from: oldest.timestamp, to: new Date(Date.parse(newest.timestamp) + 1).toISOString() });
    }

    async function tryRange(wider: Range): Promise<boolean> {
      const found = await count(wider, query);
      if (found > 0) add({ text: rangeLabel(wider, zone), detail: "More time", count: found, query, range: wider });
      return found > 0;
    }

    async function endOf(order: Order): Promise<Entry | undefined> {
      const body = { ...EVER, limit: 1, order, ...(query === "" ? {} : { query }) };
      return (await fetchJson<{ entries: Entry[] }>("/query", slug, body, abort.signal)).entries[0];
    }

    function count(wanted: Range, asked: string): Promise<number> {
      return countLines(slug, wanted, asked, abort.signal);
    }

    function add(hint: Hint): void {
      setState((before) => ({ ...before, hints: [...before.hints, hint] }));
    }
  }, [slug, query, from, to, zone]);

  return state;
}
