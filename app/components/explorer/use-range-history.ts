import { useState } from "react";
import type { Range } from "#app/components/explorer/explorer-state.ts";

/** Ranges that can be gone back to. */
const MAX_RANGES = 20;

export interface RangeHistory {
  /** Before another range is looked at. */
  remember: () => void;
  /** Forgets the last one and returns it; null when there is none. */
  back: (() => Range) | null;
}

/** useRangeHistory keeps the ranges that were looked at before this one. */
export function useRangeHistory(range: Range): RangeHistory {
  const [ranges, setRanges] = useState<readonly Range[]>([]);
  const last = ranges.at(-1);
  return {
    remember: () => setRanges([...ranges.slice(1 - MAX_RANGES), range]),
    back:
      last === undefined
        ? null
        : () => {
            setRanges(ranges.slice(0, -1));
            return last;
          },
  };
}
