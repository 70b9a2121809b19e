import { MS_PER_DAY } from "#app/core/timestamp.ts";
import { STORED_ID_BYTES } from "#app/server/ingest/tier0-batch.ts";
import type { EntryBlock } from "#app/server/ingest/entry-block.ts";
import { LARGE_LINE_BYTES } from "#app/server/ingest/entry-limits.ts";
import { createLocalBatch, type LocalBatch } from "#app/server/ingest/local-batches.ts";

/** BatchLimits bound a batch; the first that is reached seals it. Bytes are raw. */
export interface BatchLimits {
  maxEntries: number;
  maxBytes: number;
  maxAgeMs: number;
}

/** Entries of one request, all durable under this WAL position. */
export interface DurableBlock {
  projectId: string;
  walId: string;
  sequence: number;
  block: EntryBlock;
  receivedAtMs: number;
}

/** Senders who catch up after an outage must not make an object for every day they lay back. */
const RECENT_DAYS = 2;
const OLD = "old";

/**
 * OpenBatches files entries into the open batch of their project, WAL and kind, and hands a batch over as soon as it is full.
 * A batch never exceeds its limits (only an entry that is larger than a batch has one to itself), so a larger request is split.
 */
export class OpenBatches {
  readonly #limits: BatchLimits;
  readonly #open = new Map<string, LocalBatch>();
  readonly #onOpened: (batch: LocalBatch) => void;
  readonly #onFull: (batch: LocalBatch) => void;

  constructor(options: {
    limits: BatchLimits;
    onOpened: (batch: LocalBatch) => void;
    onFull: (batch: LocalBatch) => void;
  }) {
    this.#limits = options.limits;
    this.#onOpened = options.onOpened;
    this.#onFull = options.onFull;
  }

  /** Files entries `[from, to)` of a block; returns the batches that took them and their bytes as stored. */
  add(
    durable: DurableBlock,
    nowMs: number,
    from = 0,
    to = durable.block.count,
  ): { batches: Set<LocalBatch>; rawBytes: number } {
    const batches = new Set<LocalBatch>();
    let rawBytes = 0;
    const isOneKind = isOfOneKind(durable.block);
    for (let start = from; start < to;) {
      const kind = kindOf(durable.block, start, nowMs);
      let end = isOneKind ? to : start + 1;
      while (end < to && kindOf(durable.block, end, nowMs) === kind) end++;
      rawBytes += this.#addRun(durable, kind, start, end, nowMs, batches);
      start = end;
    }
    return { batches, rawBytes };
  }

  /** Takes out the batches that fulfil a condition, for sealing. */
  take(isWanted: (batch: LocalBatch) => boolean): LocalBatch[] {
    const taken: LocalBatch[] = [];
    for (const [key, batch] of this.#open) {
      if (!isWanted(batch)) continue;
      this.#open.delete(key);
      taken.push(batch);
    }
    return taken;
  }

  largest(): LocalBatch | null {
    let largest: LocalBatch | null = null;
    for (const batch of this.#open.values()) {
      if (largest === null || batch.rawBytes > largest.rawBytes) largest = batch;
    }
    return largest;
  }

  isExpired(batch: LocalBatch, nowMs: number): boolean {
    return nowMs - batch.openedAtMs >= this.#limits.maxAgeMs;
  }

  #addRun(
    durable: DurableBlock,
    kind: string,
    from: number,
    to: number,
    nowMs: number,
    batches: Set<LocalBatch>,
  ): number {
    const { projectId, walId, block, sequence } = durable;
    const key = `${projectId} ${walId} ${kind}`;
    let rawBytes = 0;
    for (let start = from; start < to;) {
      let batch = this.#open.get(key);
      if (batch === undefined) {
        batch = createLocalBatch({ projectId, walId, kind, batchNo: null, openedAtMs: nowMs });
        this.#open.set(key, batch);
        this.#onOpened(batch);
      }
      const end = this.#endThatFits(batch, block, start, to);
      if (end > start) {
        const bytes = storedBytes(block, start, end);
        addToBatch(batch, { sequence, block, from: start, to: end }, bytes);
        batch.receivedAtMs = Math.max(batch.receivedAtMs, durable.receivedAtMs);
        batches.add(batch);
        rawBytes += bytes;
        start = end;
      }
      if (start < to || batch.entries >= this.#limits.maxEntries || batch.rawBytes >= this.#limits.maxBytes) {
        this.#open.delete(key);
        this.#onFull(batch);
      }
    }
    return rawBytes;
  }

  /** The end of the longest run from `start` on that fits into the batch; an empty batch takes at least one entry. */
  #endThatFits(batch: LocalBatch, block: EntryBlock, start: number, to: number): number {
    const roomBytes = this.#limits.maxBytes - batch.rawBytes;
    let low = batch.entries === 0 ? start + 1 : start;
    let high = Math.min(to, start + this.#limits.maxEntries - batch.entries);
    if (storedBytes(block, start, high) <= roomBytes) return high;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (storedBytes(block, start, middle) <= roomBytes) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** addToBatch appends a part; neighbours of one request are joined. */
export function addToBatch(batch: LocalBatch, part: LocalBatch["parts"][number], bytes: number): void {
  const last = batch.parts.at(-1);
  if (last !== undefined && last.block === part.block && last.to === part.from) {
    last.to = part.to;
    (batch.ranges.at(-1) as LocalBatch["ranges"][number])[2] = part.to;
  } else {
    batch.parts.push(part);
    batch.ranges.push([part.sequence, part.from, part.to]);
  }
  batch.entries += part.to - part.from;
  batch.rawBytes += bytes;
  if (part.to - part.from === part.block.count) {
    batch.minMs = Math.min(batch.minMs, part.block.minMs);
    batch.maxMs = Math.max(batch.maxMs, part.block.maxMs);
    return;
  }
  for (let i = part.from; i < part.to; i++) {
    const ms = part.block.ms[i] as number;
    if (ms < batch.minMs) batch.minMs = ms;
    if (ms > batch.maxMs) batch.maxMs = ms;
  }
}

export function storedBytes(block: EntryBlock, from: number, to: number): number {
  if (to <= from) return 0;
  const start = from === 0 ? 0 : (block.ends[from - 1] as number);
  return (block.ends[to - 1] as number) - start + (to - from) * STORED_ID_BYTES;
}

/** Most requests hold lines of one day; theirs are not looked at one by one. */
function isOfOneKind({ maxLineBytes, minMs, maxMs }: EntryBlock): boolean {
  return maxLineBytes <= LARGE_LINE_BYTES && Math.floor(minMs / MS_PER_DAY) === Math.floor(maxMs / MS_PER_DAY);
}

function kindOf(block: EntryBlock, i: number, nowMs: number): string {
  const day = Math.floor((block.ms[i] as number) / MS_PER_DAY);
  const isOld = day < Math.floor(nowMs / MS_PER_DAY) - RECENT_DAYS;
  if (block.maxLineBytes > LARGE_LINE_BYTES) {
    const start = i === 0 ? 0 : (block.ends[i - 1] as number);
    if ((block.ends[i] as number) - start > LARGE_LINE_BYTES) return isOld ? "large old" : `large ${day}`;
  }
  return isOld ? OLD : dayName(day);
}

/** One string a day, so that comparing kinds is comparing pointers. */
const dayNames = new Map<number, string>();

function dayName(day: number): string {
  let name = dayNames.get(day);
  if (name === undefined) {
    if (dayNames.size > 16) dayNames.clear();
    dayNames.set(day, (name = String(day)));
  }
  return name;
}
