import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import path from "node:path";
import type { Tier1Built } from "#app/server/compaction/build-tier1.ts";
import type { PromotedTags } from "#app/server/compaction/choose-promoted.ts";
import { columnsOf, type ColumnPages, type KernelColumn } from "#app/server/compaction/column-pages.ts";
import type { LineBlock } from "#app/server/compaction/line-block.ts";
import { ParquetWriter } from "#app/server/compaction/parquet-writer.ts";
import type { SliceKernel } from "#app/server/compaction/slice-kernel.ts";
import { takeSlices } from "#app/server/compaction/take-slices.ts";
import { encodeTail, TIER1_SUFFIX, type RowGroup, type Tier1Description } from "#app/server/search/tier1-format.ts";

/** writeObject writes the object slice by slice, and then its filters, its description and its Parquet footer. */
export async function writeObject(
  directory: string,
  kernel: SliceKernel,
  blocks: readonly LineBlock[],
  promoted: PromotedTags,
  known: Omit<Tier1Description, "rowGroups" | "promotedKeys">,
): Promise<Tier1Built> {
  const { promotedKeys } = promoted;
  const target = path.join(directory, `built${TIER1_SUFFIX}`);
  const file = await open(target, "w");
  try {
    const columns = columnsOf(promotedKeys);
    const writer = new ParquetWriter(file, columns);
    await writer.begin();
    const filters: Buffer[] = [];
    const written: WrittenSlice[] = [];
    for (const { rows, firstRow, filter, ...slice } of takeSlices(kernel, blocks, promoted)) {
      const place = await writer.addRowGroup(rows, writeColumns(kernel, columns));
      filters.push(filter);
      written.push({ rows, firstRow, ...slice, ...place });
    }
    const tailStart = writer.position;
    const description = { ...known, promotedKeys, rowGroups: placeFilters(written, filters, tailStart) };
    const tail = encodeTail(filters, description, writer.footer());
    const tailSha256 = createHash("sha256").update(tail).digest("hex");
    return { path: target, ...(await writer.end(tail)), tailStart, tailSha256, description };
  } finally {
    await file.close();
  }
}

/** Each column lies where the one before it lay, so it has to be taken before the next is asked for. */
function* writeColumns(kernel: SliceKernel, columns: readonly KernelColumn[]): Generator<ColumnPages> {
  for (const column of columns) yield column.write(kernel);
}

type WrittenSlice = Omit<RowGroup, "filterStart" | "filterBytes">;

function placeFilters(slices: readonly WrittenSlice[], filters: readonly Buffer[], tailStart: number): RowGroup[] {
  let next = tailStart;
  return slices.map((slice, i) => {
    const filterStart = next;
    const filterBytes = (filters[i] as Buffer).length;
    next += filterBytes;
    return { ...slice, filterStart, filterBytes };
  });
}
