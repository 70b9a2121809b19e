import { expect, test } from "vitest";
import { sampleTags } from "#app/server/compaction/tag-sample.ts";
import { entryKey, lineBlock } from "#tests/support/line-block.ts";
import { kernel } from "#tests/support/tier1-file.ts";

test("a key that is in the same block of every batch is seen about as often as it is there", () => {
  const keys = Array.from({ length: 20 }, (_, i) => entryKey(1_700_000_000_000, 0, i));
  for (const blocksPerBatch of [2, 3, 4, 5]) {
    const batch = Array.from({ length: blocksPerBatch }, (_, i) => lineBlock(keys, `{"k${i}":"v"}`));
    for (const batches of [1, 20, 89, 100, 144, 233]) {
      const { lines, keys: seen } = sampleTags(kernel, Array.from({ length: batches }, () => batch).flat());
      const shares = [...seen.values()].map(({ count }) => (count / lines) * blocksPerBatch);
      expect(seen.size).toBe(blocksPerBatch);
      expect(Math.min(...shares)).toBeGreaterThan(0.4);
    }
  }
});
