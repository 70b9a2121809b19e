import { useCallback, useMemo, useState } from "react";
import type { ApiFailure, Context } from "#app/components/explorer/api-client.ts";
import type { Entry } from "#app/components/explorer/entry.ts";
import type { OpenRow } from "#app/components/explorer/explorer-state.ts";
import type { UpdateExplorer } from "#app/components/explorer/use-explorer-state.ts";
import { useFetched } from "#app/components/explorer/use-fetched.ts";
import type { Rows } from "#app/components/explorer/use-rows.ts";

export interface OpenRowControl {
  /** Where the keyboard is in the list, and the line there. */
  activeIndex: number | null;
  activeId: string | null;
  /** The line whose details are shown; null while it is fetched, and when none is open. */
  entry: Entry | null;
  /** The line of the address cannot be shown. */
  failure: ApiFailure | null;
  openAt: (index: number) => void;
  openEntry: (entry: Entry) => void;
  step: (step: 1 | -1) => void;
  close: () => void;
}

/** useOpenRow walks through the rows, and opens one in the address. A line that is only in the address is fetched. */
export function useOpenRow(
  slug: string,
  row: OpenRow | null,
  { rows, count }: Rows,
  update: UpdateExplorer,
  /** Told before a line is chosen: it must not move away then. */
  onRead: () => void,
): OpenRowControl {
  const [chosen, setChosen] = useState<Place | null>(null);
  const activeIndex = useMemo(() => placeOf(chosen, rows, count), [chosen, rows, count]);
  const [opened, setOpened] = useState<Entry | null>(null);
  const isKnown = row !== null && opened?.ref.id === row.id;
  const body =
    row === null || isKnown
      ? null
      : { id: row.id, ...(row.timestamp === "" ? {} : { timestamp: row.timestamp }), before: 0, after: 0 };
  const fetched = useFetched<Context>("/context", slug, body, true, 0);
  const fromAddress = fetched.data?.entries[fetched.data.index];
  const entry = row === null ? null : isKnown ? opened : fromAddress?.ref.id === row.id ? fromAddress : null;

  const openEntry = useCallback(
    (next: Entry, replace = false) => {
      setOpened(next);
      update({ row: { id: next.ref.id, timestamp: next.timestamp } }, { replace });
    },
    [update],
  );

  const openAt = useCallback(
    (index: number) => {
      const next = rows[index];
      if (next === undefined) return;
      onRead();
      setChosen({ index, id: next.ref.id });
      openEntry(next, row !== null);
    },
    [rows, row, openEntry, onRead],
  );

  const step = useCallback(
    (by: 1 | -1) => {
      if (count === 0) return;
      const start = activeIndex ?? (by === 1 ? -1 : 0);
      const index = Math.min(count - 1, Math.max(0, start + by));
      const next = rows[index];
      if (next === undefined) return;
      onRead();
      setChosen({ index, id: next.ref.id });
      // With the details open they follow; going back then leads to before they were opened.
      if (row !== null) openEntry(next, true);
    },
    [activeIndex, count, rows, row, openEntry, onRead],
  );

  const close = useCallback(() => update({ row: null }), [update]);
  return {
    activeIndex,
    activeId: activeIndex === null ? null : (chosen?.id ?? null),
    entry,
    failure: isKnown ? null : fetched.failure,
    openAt,
    openEntry: (next) => openEntry(next, true),
    step,
    close,
  };
}

interface Place {
  index: number;
  id: string;
}

/** A line is where it was chosen, further down when others came above it, or not in these rows. */
function placeOf(chosen: Place | null, rows: Rows["rows"], count: number): number | null {
  if (chosen === null) return null;
  if (chosen.index < count && rows[chosen.index]?.ref.id === chosen.id) return chosen.index;
  for (let index = 0; index < count; index++) if (rows[index]?.ref.id === chosen.id) return index;
  return null;
}
