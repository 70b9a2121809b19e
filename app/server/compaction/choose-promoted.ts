import type { TagSample } from "#app/server/compaction/tag-sample.ts";
import { PROMOTED_KEY } from "#app/server/search/tier1-format.ts";

const MAX_PROMOTED = 48;
/** A column that is empty nearly everywhere costs more than it saves. */
const MIN_SHARE = 0.005;
/** Only a key that most entries have brings alike entries together. */
const MIN_SORT_SHARE = 0.4;

export interface PromotedTags {
  promotedKeys: string[];
  /** What entries of a service are sorted by before their time. */
  sortKey: string | null;
}

/**
 * choosePromoted picks the tag keys that get columns of their own, and the one that entries are sorted by within their
 * service: the key with the fewest values. The pattern has no capitals, so no two columns differ in case alone.
 */
export function choosePromoted(sample: TagSample): PromotedTags {
  const usual = [...sample.keys]
    .filter(([key, { count }]) => PROMOTED_KEY.test(key) && count >= sample.lines * MIN_SHARE)
    .sort(([, a], [, b]) => b.count - a.count)
    .slice(0, MAX_PROMOTED);
  const sortable = usual
    .filter(([, { count }]) => count >= sample.lines * MIN_SORT_SHARE)
    .sort(([, a], [, b]) => a.values.size - b.values.size);
  return { promotedKeys: usual.map(([key]) => key).sort(), sortKey: sortable[0]?.[0] ?? null };
}
