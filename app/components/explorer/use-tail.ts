import { useCallback, useEffect, useRef, useState } from "react";
import { NO_TAIL, TailFeed, type TailView } from "#app/components/explorer/tail-feed.ts";

export interface Tail {
  view: TailView;
  pause: () => void;
  resume: () => void;
}

/** useTail follows a query while it is on; `onFollow` is told when that begins. */
export function useTail(slug: string, query: string, isOn: boolean, onFollow: () => void): Tail {
  const [view, setView] = useState(NO_TAIL);
  const current = useRef<TailFeed | null>(null);

  useEffect(() => {
    if (!isOn) return;
    const feed = new TailFeed({ slug, query, onChange: () => setView(feed.view), onFollow });
    current.current = feed;
    feed.start();
    return () => {
      feed.close();
      current.current = null;
      setView(NO_TAIL);
    };
  }, [slug, query, isOn, onFollow]);

  const pause = useCallback(() => current.current?.pause(), []);
  const resume = useCallback(() => current.current?.resume(), []);
  return { view, pause, resume };
}
