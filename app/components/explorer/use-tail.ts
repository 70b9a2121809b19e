import { useEffect, useRef, useState } from "react";
import { NO_TAIL, TailFeed, type TailView } from "#app/components/explorer/tail-feed.ts";

export interface Tail {
  view: TailView;
  pause: () => void;
  resume: () => void;
}

/** useTail follows a query while it is on. */
export function useTail(slug: string, query: string, isOn: boolean): Tail {
  const [view, setView] = useState(NO_TAIL);
  const current = useRef<TailFeed | null>(null);

  useEffect(() => {
    if (!isOn) return;
    const feed = new TailFeed({ slug, query, onChange: () => setView(feed.view) });
    current.current = feed;
    feed.start();
    return () => {
      feed.close();
      current.current = null;
      setView(NO_TAIL);
    };
  }, [slug, query, isOn]);

  return { view, pause: () => current.current?.pause(), resume: () => current.current?.resume() };
}
