import { LINE_AT, readBlock, type LineBlock } from "#app/server/compaction/line-block.ts";
import type { SliceKernel } from "#app/server/compaction/slice-kernel.ts";
import { emptySlices, sliceLine } from "#app/server/ingest/canonical-line.ts";
import { finishHash } from "#app/server/search/word-filter.ts";

/** Blocks of up to 1 MiB, and one line in so many of each. */
const SAMPLED_BLOCKS = 48;
const SAMPLE_EVERY = 16;
const MAX_SAMPLED_VALUES = 1_000;

/** TagSample counts how often each tag key occurs among some of the lines, and with how many values. */
export class TagSample {
  readonly keys = new Map<string, { count: number; values: Set<string> }>();
  lines = 0;

  add(tagsJson: string): void {
    this.lines++;
    for (const [, keyJson, valueJson] of tagsJson.matchAll(/("(?:[^"\\]|\\.)*"):("(?:[^"\\]|\\.)*")/gs)) {
      const key = JSON.parse(keyJson as string) as string;
      const known = this.keys.get(key) ?? { count: 0, values: new Set<string>() };
      this.keys.set(key, known);
      known.count++;
      if (known.values.size < MAX_SAMPLED_VALUES) known.values.add(valueJson as string);
    }
  }
}

/** sampleTags looks at the tags of some lines of some blocks. */
export function sampleTags(kernel: SliceKernel, blocks: readonly LineBlock[]): TagSample {
  const sample = new TagSample();
  for (const block of spread(blocks, SAMPLED_BLOCKS)) sampleBlock(kernel, block, sample);
  return sample;
}

/**
 * spread picks some of many, one anywhere in each of equal parts: batches have the same services in the same blocks again
 * and again, of which a fixed step could always meet the same.
 */
function spread<T>(all: readonly T[], count: number): readonly T[] {
  if (all.length <= count) return all;
  const part = all.length / count;
  return Array.from({ length: count }, (_, i) => all[Math.floor((i + finishHash(i + 1) / 2 ** 32) * part)] as T);
}

function sampleBlock(kernel: SliceKernel, block: LineBlock, sample: TagSample): void {
  const { lines, bytes } = readBlock(kernel, block);
  const slices = emptySlices();
  let start = 0;
  for (const [i, length] of bytes.entries()) {
    if (i % SAMPLE_EVERY === 0) {
      sliceLine(lines, start + LINE_AT, start + length - 1, slices);
      sample.add(lines.toString("utf8", slices.tagsStart, slices.tagsEnd));
    }
    start += length;
  }
}
