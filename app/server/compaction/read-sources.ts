import { closeSync, openSync, readSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Tier1Input } from "#app/server/compaction/build-tier1.ts";
import type { LineBlock } from "#app/server/compaction/line-block.ts";
import type { BatchSummary } from "#app/server/compaction/merge-summaries.ts";
import type { SliceKernel } from "#app/server/compaction/slice-kernel.ts";
import { decodeTier0Header, decompressBlockInto, TIER0_SUFFIX } from "#app/server/ingest/tier0-format.ts";

/** SourceLines is what is known of the lines of one object. */
export interface SourceLines {
  blocks: LineBlock[];
  summary: BatchSummary;
}

/** readSources finds the blocks of the objects that are to be merged. */
export async function readSources(
  { files, directory }: Pick<Tier1Input, "files" | "directory">,
  kernel: SliceKernel,
): Promise<SourceLines[]> {
  const sources: SourceLines[] = [];
  const compacted = files.filter((file) => !file.endsWith(TIER0_SUFFIX));
  for (const file of files) if (file.endsWith(TIER0_SUFFIX)) sources.push(await readTier0(file));
  if (compacted.length === 0) return sources;
  // DuckDB takes long to load, and most steps do without.
  const { readCompacted } = await import("#app/server/compaction/read-compacted.ts");
  return [...sources, ...(await readCompacted(compacted, directory, kernel))];
}

const NS_PER_MS = 1_000_000n;

async function readTier0(file: string): Promise<SourceLines> {
  const object = await readFile(file);
  const { header, blocksStart } = decodeTier0Header(object, file);
  const { walId, batchNo, ...known } = header.batch;
  const blocks: LineBlock[] = [];
  let start = blocksStart;
  for (const block of header.blocks) {
    const { entries, rawBytes, tsStartNs, tsEndNs } = block;
    const at = start;
    const read = (target: Buffer) => {
      const frame = readPart(file, at, block.bytes);
      decompressBlockInto(target, frame, 0, block, `${file}, of which from byte ${at} on`);
    };
    const minMs = Number(tsStartNs / NS_PER_MS);
    blocks.push({ entries, rawBytes, minMs, maxMs: Number(tsEndNs / NS_PER_MS), read });
    start += block.bytes;
  }
  return { blocks, summary: { ...known, lineage: [[walId, batchNo, batchNo]] } };
}

let part = Buffer.alloc(0);

/** What it returns is there until it is called again. Opening a file costs a hundredth of decompressing a block of it. */
function readPart(file: string, start: number, bytes: number): Buffer {
  if (part.length < bytes) part = Buffer.alloc(bytes);
  const handle = openSync(file, "r");
  try {
    return part.subarray(0, readSync(handle, part, 0, bytes, start));
  } finally {
    closeSync(handle);
  }
}
