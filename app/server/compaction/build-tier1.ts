import { choosePromoted } from "#app/server/compaction/choose-promoted.ts";
import { mergeSummaries } from "#app/server/compaction/merge-summaries.ts";
import type { SliceKernel } from "#app/server/compaction/slice-kernel.ts";
import { readSources } from "#app/server/compaction/read-sources.ts";
import { sampleTags } from "#app/server/compaction/tag-sample.ts";
import { writeObject } from "#app/server/compaction/write-object.ts";
import type { Tier1Description } from "#app/server/search/tier1-format.ts";
import { TOKENISER_VERSION } from "#app/server/search/word-filter.ts";

export interface Tier1Input {
  projectId: string;
  generation: number;
  /** Verified copies of the objects, all in `directory`; nothing else is read or written. */
  files: string[];
  directory: string;
}

export interface Tier1Built {
  /** The finished object, in the input's directory. */
  path: string;
  bytes: number;
  sha256: string;
  tailStart: number;
  tailSha256: string;
  description: Tier1Description;
}

/**
 * buildTier1 merges objects into one of tier 1. Its memory does not grow with the objects, only with the number of their
 * entries; it runs in a process of its own, whose memory goes with it.
 */
export async function buildTier1(input: Tier1Input, kernel: SliceKernel): Promise<Tier1Built> {
  const { projectId, generation, directory } = input;
  const sources = await readSources(input, kernel);
  const summary = mergeSummaries(sources.map((source) => source.summary));
  const blocks = sources.flatMap((source) => source.blocks);
  const known = { format: 1, projectId, generation, ...summary, tokeniser: TOKENISER_VERSION } as const;
  return await writeObject(directory, kernel, blocks, choosePromoted(sampleTags(kernel, blocks)), known);
}
