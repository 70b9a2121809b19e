import { readFile } from "node:fs/promises";
import type { Tier1Input } from "#app/server/compaction/build-tier1.ts";
import type { BatchSummary } from "#app/server/compaction/merge-summaries.ts";
import type { SliceKernel } from "#app/server/compaction/slice-kernel.ts";
import { surveyLines, type SurveyedBlock, type TagSample } from "#app/server/compaction/survey-lines.ts";
import { decodeTier0Header, decompressBlockInto, TIER0_SUFFIX } from "#app/server/ingest/tier0-format.ts";

/** SourceLines is what is known of the lines of one object. */
export interface SourceLines {
  blocks: SurveyedBlock[];
  summary: BatchSummary;
}

/** surveySources looks through the objects that are to be merged. */
export async function surveySources(
  { files, directory }: Pick<Tier1Input, "files" | "directory">,
  kernel: SliceKernel,
  sample: TagSample,
): Promise<SourceLines[]> {
  const sources: SourceLines[] = [];
  const compacted = files.filter((file) => !file.endsWith(TIER0_SUFFIX));
  for (const file of files) if (file.endsWith(TIER0_SUFFIX)) sources.push(await surveyTier0(kernel, file, sample));
  if (compacted.length === 0) return sources;
  // DuckDB is a third of the process's start and memory, and most steps do without.
  const { surveyCompacted } = await import("#app/server/compaction/survey-compacted.ts");
  return [...sources, ...(await surveyCompacted(compacted, directory, kernel, sample))];
}

async function surveyTier0(kernel: SliceKernel, file: string, sample: TagSample): Promise<SourceLines> {
  const object = await readFile(file);
  const { header, blocksStart } = decodeTier0Header(object, file);
  const { walId, batchNo, ...known } = header.batch;
  const blocks: SurveyedBlock[] = [];
  let start = blocksStart;
  for (const block of header.blocks) {
    const at = start;
    const read = (target: Buffer) => decompressBlockInto(target, object, at, block, file);
    blocks.push(surveyLines(kernel, { ...block, read }, sample));
    start += block.bytes;
  }
  return { blocks, summary: { ...known, lineage: [[walId, batchNo, batchNo]] } };
}
