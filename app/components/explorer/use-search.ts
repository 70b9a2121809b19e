import { useCallback, useEffect, useRef, useState } from "react";
import { bodyOf, type Asked } from "#app/components/explorer/query-request.ts";
import { NOTHING_YET, SearchRun, type SearchView } from "#app/components/explorer/search-run.ts";

export interface Search {
  view: SearchView;
  /** The rows are those of the question before, until the first of the new one are there. */
  isStale: boolean;
  hasMore: boolean;
  loadMore: () => void;
  stop: () => void;
  resume: () => void;
}

interface Shown {
  view: SearchView;
  isStale: boolean;
  hasMore: boolean;
}

/** useSearch asks for a state's rows whenever that or `runId` changes; null asks for nothing. */
export function useSearch(slug: string, asked: Asked | null, runId: number): Search {
  const key = asked === null ? null : JSON.stringify(bodyOf(asked));
  const [shown, setShown] = useState<Shown>({ view: NOTHING_YET, isStale: false, hasMore: false });
  const current = useRef<SearchRun | null>(null);

  useEffect(() => {
    if (key === null) return;
    let frame = 0;
    const run = new SearchRun({ slug, body: JSON.parse(key) as object, onChange: schedule });
    current.current = run;

    function show(): void {
      frame = 0;
      const { view, hasMore } = run;
      setShown((before) => {
        const isEmpty = view.count === 0 && view.phase === "running";
        return isEmpty && before.view.count > 0
          ? {
              view: { ...before.view, phase: "running", progress: view.progress, failure: null },
              isStale: true,
              hasMore: false,
            }
          : { view, isStale: false, hasMore };
      });
    }

    /** A stream changes more often than a screen is drawn; the first row is shown at once. */
    function schedule(): void {
      if (run.view.firstRowMs !== null && frame === 0 && run.view.count <= 1) show();
      else if (frame === 0) frame = requestAnimationFrame(show);
    }

    void run.start();
    return () => {
      cancelAnimationFrame(frame);
      run.close();
      if (current.current === run) current.current = null;
    };
  }, [slug, key, runId]);

  const loadMore = useCallback(() => void current.current?.loadMore(), []);
  const stop = useCallback(() => current.current?.stop(), []);
  const resume = useCallback(() => void current.current?.resume(), []);
  return { ...shown, loadMore, stop, resume };
}
