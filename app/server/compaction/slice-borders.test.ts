import fc from "fast-check";
import { expect, test } from "vitest";
import { compareKeys } from "#app/server/compaction/line-block.ts";
import { SliceBorders } from "#app/server/compaction/slice-borders.ts";
import { entryKey, lineBlock } from "#tests/support/line-block.ts";
import { kernel } from "#tests/support/tier1-file.ts";

const FIRST_MS = 1_700_000_000_000;

test("a border is the entry of its rank, however blocks overlap and entries share moments", () => {
  const time = fc.tuple(fc.nat(6), fc.constantFrom(0, 1000, 1001));
  const block = fc.tuple(fc.nat(20), fc.array(time, { minLength: 1, maxLength: 12 }));
  const property = fc.property(fc.array(block, { minLength: 1, maxLength: 8 }), (blocks) => {
    let number = 0;
    const keys = blocks.map(([start, times]) =>
      times.map(([after, subMsNs]) => entryKey(FIRST_MS + start + after, subMsNs, number++)),
    );
    const borders = new SliceBorders(
      kernel,
      keys.map((ofBlock) => lineBlock(ofBlock)),
    );
    const sorted = keys.flat().sort(compareKeys);
    expect(sorted.map((_, rank) => borders.at(rank))).toEqual(sorted);
    expect(borders.at(sorted.length)).toBeNull();
  });
  fc.assert(property, { numRuns: 300 });
});

test("only blocks in which a border may lie are read", () => {
  let reads = 0;
  const blocks = Array.from({ length: 100 }, (_, i) => {
    const block = lineBlock([0, 5, 9].map((ms) => entryKey(FIRST_MS + i * 8 + ms, 0, i)));
    const read = (target: Buffer) => {
      reads++;
      block.read(target);
    };
    return { ...block, read };
  });
  expect(new SliceBorders(kernel, blocks).at(150)?.ms).toBe(FIRST_MS + 401);
  expect(reads).toBeLessThan(10);
});
