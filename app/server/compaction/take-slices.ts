import type { PromotedTags } from "#app/server/compaction/choose-promoted.ts";
import type { EntryKey, LineBlock } from "#app/server/compaction/line-block.ts";
import { SliceBorders } from "#app/server/compaction/slice-borders.ts";
import type { SliceKernel } from "#app/server/compaction/slice-kernel.ts";
import { takeSlice, type TakenSlice } from "#app/server/compaction/take-slice.ts";
import { STORED_ID_BYTES } from "#app/server/ingest/tier0-batch.ts";
import { MAX_RAW_BYTES_PER_GROUP, MAX_ROWS_PER_GROUP } from "#app/server/search/tier1-format.ts";

/**
 * takeSlices cuts the entries of all blocks, in the order of time, into slices that are no larger than a row group may be.
 * A slice that turns out to be too large is cut to half its rows; behind it they grow again. Each lies in the kernel's
 * memory until the next is asked for.
 */
export function* takeSlices(
  kernel: SliceKernel,
  blocks: readonly LineBlock[],
  promoted: PromotedTags,
): Generator<TakenSlice & { rows: number; firstRow: number }> {
  const borders = new SliceBorders(kernel, blocks);
  const usual = usualRows(blocks, borders.entries);
  let most = usual;
  let firstRow = 0;
  let from: EntryKey | null = null;
  while (firstRow < borders.entries) {
    const rows = Math.min(most, borders.entries - firstRow);
    const to = borders.at(firstRow + rows);
    const within = blocks.filter(({ minMs, maxMs }) => maxMs >= (from?.ms ?? minMs) && minMs <= (to?.ms ?? maxMs));
    const taken = takeSlice(kernel, { rows, from, to, ...promoted, blocks: within });
    if (taken === null) {
      if (rows === 1) throw new Error("cannot compact: an entry is larger than a row group may be");
      most = Math.ceil(rows / 2);
      continue;
    }
    yield { ...taken, rows, firstRow };
    firstRow += rows;
    most = Math.min(usual, 2 * most);
    from = to;
  }
}

/** usualRows is how many rows a slice may have where all lines have the same size. */
function usualRows(blocks: readonly LineBlock[], entries: number): number {
  const rawBytes = blocks.reduce((sum, block) => sum + block.rawBytes - block.entries * STORED_ID_BYTES, 0);
  let rows = MAX_ROWS_PER_GROUP;
  while (rows * rawBytes > MAX_RAW_BYTES_PER_GROUP * entries) rows /= 2;
  return Math.max(1, Math.floor(rows));
}
