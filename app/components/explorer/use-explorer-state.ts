import { useLocation, useNavigate } from "@remix-run/react";
import { useCallback, useLayoutEffect, useMemo, useRef, useState } from "react";
import { parseExplorerState, printExplorerState, type ExplorerState } from "#app/components/explorer/explorer-state.ts";
import { keepZone, keptZone, useZone } from "#app/components/zone.ts";

export interface UpdateOptions {
  /** Changes the present entry of the history, where going back to it would help nobody. */
  replace?: boolean;
}

export type UpdateExplorer = (change: Partial<ExplorerState>, options?: UpdateOptions) => void;

/**
 * useExplorerState keeps the explorer's state in the address. A change counts at once; the address follows, since a
 * navigation may have to wait and rows must not wait for it.
 */
export function useExplorerState(): [ExplorerState, UpdateExplorer] {
  const { search, key } = useLocation();
  const navigate = useNavigate();
  const usualZone = useZone();
  const inAddress = useMemo(() => parseExplorerState(new URLSearchParams(search), usualZone), [search, usualZone]);
  // What was changed at a place of the history counts until another place is reached, by that change or by going back.
  const [ahead, setAhead] = useState<{ state: ExplorerState; from: string } | null>(null);
  // It is forgotten then: going back may lead to the very place that it was made at.
  if (ahead !== null && ahead.from !== key) setAhead(null);
  const state = ahead !== null && ahead.from === key ? ahead.state : inAddress;
  const latest = useRef({ state, key });
  useLayoutEffect(() => {
    latest.current = { state, key };
  }, [state, key]);

  const update = useCallback<UpdateExplorer>(
    (change, { replace = false } = {}) => {
      // Every other page follows this choice.
      if (change.zone !== undefined && change.zone !== latest.current.state.zone) keepZone(change.zone);
      const next = { ...latest.current.state, ...change };
      const printed = printExplorerState(next, keptZone()).toString();
      const nextSearch = printed === "" ? "" : `?${printed}`;
      latest.current.state = next;
      setAhead({ state: next, from: latest.current.key });
      if (nextSearch !== window.location.search) {
        navigate({ search: nextSearch }, { replace, preventScrollReset: true });
      }
    },
    [navigate],
  );
  return [state, update];
}
