import { ExplorerSkeleton } from "#app/components/explorer/explorer-skeleton.tsx";
import { ExplorerView } from "#app/components/explorer/explorer-view.tsx";
import { useIsBrowser } from "#app/components/explorer/use-media.ts";
import type { SavedSearch } from "#app/core/saved-search.ts";

export interface ExplorerProps {
  slug: string;
  /** The reader may save searches and make alerts. */
  canEdit: boolean;
  saved: readonly SavedSearch[];
}

/**
 * Explorer is the page where lines are looked for. The server knows neither the reader's zone nor the lines, so it sends
 * the places where they will be.
 */
export function Explorer(props: ExplorerProps) {
  return useIsBrowser() ? <ExplorerView {...props} /> : <ExplorerSkeleton />;
}
