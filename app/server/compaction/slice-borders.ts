import { compareKeys, keysAt, readBlock, type EntryKey, type LineBlock } from "#app/server/compaction/line-block.ts";
import type { SliceKernel } from "#app/server/compaction/slice-kernel.ts";

/**
 * SliceBorders finds the entries between which row groups are cut. Batches mostly follow each other in time, so what the
 * blocks say of their times leaves a few in which a border may lie, and only those are read.
 */
export class SliceBorders {
  readonly entries: number;
  readonly #kernel: SliceKernel;
  readonly #byStart: readonly LineBlock[];
  readonly #byEnd: readonly LineBlock[];
  readonly #times = new Map<LineBlock, Float64Array>();

  constructor(kernel: SliceKernel, blocks: readonly LineBlock[]) {
    this.entries = sumOfEntries(blocks);
    this.#kernel = kernel;
    this.#byStart = [...blocks].sort((a, b) => a.minMs - b.minMs);
    this.#byEnd = [...blocks].sort((a, b) => a.maxMs - b.maxMs);
  }

  /** Returns the entry that has so many before it in the order of time and id; null when there is none. */
  at(rank: number): EntryKey | null {
    if (rank >= this.entries) return null;
    const [from, to] = this.#rangeOf(rank);
    let before = sumOfEntries(this.#byStart.filter(({ maxMs }) => maxMs < from));
    const within: Float64Array[] = [];
    for (const block of this.#byStart.filter(({ minMs, maxMs }) => maxMs >= from && minMs <= to)) {
      const times = this.#timesOf(block);
      before += times.reduce((count, ms) => (ms < from ? count + 1 : count), 0);
      within.push(times.filter((ms) => ms >= from && ms <= to));
    }
    const times = concat(within).sort();
    const ms = times[rank - before] as number;
    // Only entries that share a border's millisecond are compared by their whole keys.
    const tied = this.#byStart
      .filter(({ minMs, maxMs }) => minMs <= ms && ms <= maxMs)
      .flatMap((block) => keysAt(this.#kernel, block, ms))
      .sort(compareKeys);
    return tied[rank - before - times.indexOf(ms)] as EntryKey;
  }

  /** Milliseconds between which the entry of that rank lies. */
  #rangeOf(rank: number): [from: number, to: number] {
    let from = -Infinity;
    let before = 0;
    for (const { minMs, entries } of this.#byStart) {
      if (before > rank) break;
      from = minMs;
      before += entries;
    }
    let ended = 0;
    for (const { maxMs, entries } of this.#byEnd) {
      ended += entries;
      if (ended > rank) return [from, maxMs];
    }
    return [from, Infinity];
  }

  #timesOf(block: LineBlock): Float64Array {
    const known = this.#times.get(block) ?? Float64Array.from(readBlock(this.#kernel, block).ms);
    this.#times.set(block, known);
    return known;
  }
}

function sumOfEntries(blocks: readonly LineBlock[]): number {
  return blocks.reduce((sum, { entries }) => sum + entries, 0);
}

function concat(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
