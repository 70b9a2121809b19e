import { createHash } from "node:crypto";
import { Compressor } from "zstd-napi";
import { INDEX_DIGITS, entryIdPrefix } from "#app/core/entry.ts";
import { LEVELS } from "#app/core/level.ts";
import { partsToNs } from "#app/core/timestamp.ts";
import {
  MAX_SERVICES_PER_BATCH,
  OTHER_SERVICES,
  type CommittedBatch,
  type MinuteCount,
} from "#app/server/ingest/batch-catalog.ts";
import type { EntryBlock } from "#app/server/ingest/entry-block.ts";
import { composingKernel, type LineKernel } from "#app/server/ingest/line-kernel.ts";
import { readTagSummary } from "#app/server/ingest/tag-summary.ts";
import {
  BLOCK_BYTES,
  STORED_ID_START,
  TIER0_SUFFIX,
  encodeTier0Header,
  type Tier0Block,
} from "#app/server/ingest/tier0-format.ts";
import { BATCH_AT, STOP_LINES_END } from "#app/server/kernel/layout.ts";

/** BatchPart is entries `[from, to)` of the request with this sequence number. */
export interface BatchPart {
  sequence: number;
  block: EntryBlock;
  from: number;
  to: number;
}

/** EntryRun is `count` entries of one request from index `from` on; runs and the block's entries are in the same order. */
export interface EntryRun {
  sequence: number;
  from: number;
  count: number;
}

/** Tier0Input is a whole batch in one block, made so that it can be handed to another thread without copying. */
export interface Tier0Input {
  projectId: string;
  walId: string;
  batchNo: number;
  block: EntryBlock;
  runs: EntryRun[];
}

export interface Tier0Object {
  bytes: Buffer;
  batch: CommittedBatch;
}

/** Level 1 compresses logs within some percent of level 3 at twice its speed; compaction packs them tighter later. */
const COMPRESSION_LEVEL = 1;
const MS_PER_MINUTE = 60_000;

const compressor = new Compressor();
compressor.setParameters({ compressionLevel: COMPRESSION_LEVEL, checksumFlag: true });

/**
 * buildTier0 makes the object of a batch. The same input always gives the same bytes, so a retry after a crash finds its
 * own object under the same key.
 */
export function buildTier0(input: Tier0Input): Tier0Object {
  const { block } = input;
  const services = [...block.services].sort();
  const order = sortEntries(block, services);
  const { blocks, frames, tags, rawBytes } = writeBlocks(input, order);
  const { counts, levels } = countMinutes(block, services, order);
  const batch = {
    projectId: input.projectId,
    walId: input.walId,
    batchNo: input.batchNo,
    entries: order.length,
    rawBytes,
    tsStartNs: blocks.reduce(
      (least, { tsStartNs }) => (tsStartNs < least ? tsStartNs : least),
      blocks[0]?.tsStartNs ?? 0n,
    ),
    tsEndNs: blocks.reduce((most, { tsEndNs }) => (tsEndNs > most ? tsEndNs : most), 0n),
    services: services.length > MAX_SERVICES_PER_BATCH ? null : services,
    levels,
    tags,
    counts,
  };
  const bytes = Buffer.concat([encodeTier0Header({ format: 1, batch, blocks }), ...frames]);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const objectKey = tier0Key(batch, sha256);
  return { bytes, batch: { ...batch, objectKey, sha256, bytes: bytes.length } };
}

/** tier0Key files an object under the hour of its first entry. */
function tier0Key(
  batch: { projectId: string; walId: string; batchNo: number; tsStartNs: bigint },
  sha256: string,
): string {
  const hour = new Date(Number(batch.tsStartNs / 1_000_000n)).toISOString().slice(0, 13).replace(/[-T]/g, "/");
  return `v1/${batch.projectId}/${hour}/${batch.walId}-${batch.batchNo}-${sha256.slice(0, 16)}${TIER0_SUFFIX}`;
}

/** sortEntries orders by service, time, arrival. Senders mostly send in time order, so services that are sorted stay. */
function sortEntries({ ms, subMsNs, serviceOf, services }: EntryBlock, sortedServices: string[]): Uint32Array {
  const rankOf = Uint32Array.from(services, (service) => sortedServices.indexOf(service));
  const starts = new Uint32Array(services.length + 1);
  for (const service of serviceOf) (starts[(rankOf[service] as number) + 1] as number)++;
  for (let r = 0; r < services.length; r++) (starts[r + 1] as number) += starts[r] as number;
  const order = new Uint32Array(serviceOf.length);
  const next = starts.slice();
  for (let i = 0; i < serviceOf.length; i++) {
    const rank = rankOf[serviceOf[i] as number] as number;
    order[(next[rank] as number)++] = i;
  }
  const compare = (a: number, b: number) =>
    (ms[a] as number) - (ms[b] as number) || (subMsNs[a] as number) - (subMsNs[b] as number) || a - b;
  for (let r = 0; r < services.length; r++) {
    const group = order.subarray(starts[r], starts[r + 1]);
    if (!isSorted(group, compare)) group.sort(compare);
  }
  return order;
}

function isSorted(group: Uint32Array, compare: (a: number, b: number) => number): boolean {
  for (let i = 1; i < group.length; i++) {
    if (compare(group[i - 1] as number, group[i] as number) > 0) return false;
  }
  return true;
}

function writeBlocks(input: Tier0Input, order: Uint32Array) {
  const { block } = input;
  const batch = placeBatch(input, order);
  const { kernel } = batch;
  const blocks: Tier0Block[] = [];
  const frames: Buffer[] = [];
  let rawBytes = 0;
  kernel.call.clearTagSummary();
  for (let first = 0; first < order.length;) {
    const end = composeBlock(batch, first, order.length);
    const lines = kernel.memory.subarray(batch.linesAt, kernel.stop[STOP_LINES_END]);
    const frame = compressor.compress(lines);
    const range = timeRange(block, order.subarray(first, end));
    blocks.push({
      bytes: frame.length,
      rawBytes: lines.length,
      entries: end - first,
      tsStartNs: range.start,
      tsEndNs: range.end,
    });
    frames.push(frame);
    rawBytes += lines.length;
    first = end;
  }
  return { blocks, frames, tags: readTagSummary(kernel), rawBytes };
}

/** PlacedBatch is a batch in the kernel's memory: addresses of its columns, and of the block that is composed from it. */
interface PlacedBatch {
  kernel: LineKernel;
  orderAt: number;
  endsAt: number;
  tagsStartAt: number;
  prefixOfAt: number;
  indexOfAt: number;
  prefixesAt: number;
  prefixBytes: number;
  bytesAt: number;
  linesAt: number;
}

/** What the kernel reads and writes beyond the ends of what it is given. */
const SPILL_BYTES = 64;

function placeBatch(input: Tier0Input, order: Uint32Array): PlacedBatch {
  const { block } = input;
  const { prefixes, prefixOf, indexOf } = entryIds(input);
  const columns = [order, block.ends, block.tagsStart, prefixOf, indexOf];
  const columnBytes = block.count * 4;
  const prefixesAt = BATCH_AT + columns.length * columnBytes;
  const bytesAt = prefixesAt + prefixes.length;
  const linesAt = bytesAt + block.bytes.length + SPILL_BYTES;
  const kernel = composingKernel(linesAt + Math.max(BLOCK_BYTES, block.maxLineBytes + STORED_ID_BYTES) + SPILL_BYTES);
  for (const [i, column] of columns.entries()) {
    new Uint32Array(kernel.memory.buffer, BATCH_AT + i * columnBytes, block.count).set(column);
  }
  prefixes.copy(kernel.memory, prefixesAt);
  block.bytes.copy(kernel.memory, bytesAt);
  const [orderAt, endsAt, tagsStartAt, prefixOfAt, indexOfAt] = columns.map((_, i) => BATCH_AT + i * columnBytes) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const prefixBytes = prefixes.length / input.runs.length;
  return {
    kernel,
    orderAt,
    endsAt,
    tagsStartAt,
    prefixOfAt,
    indexOfAt,
    prefixesAt,
    prefixBytes,
    bytesAt,
    linesAt,
  };
}

function composeBlock(batch: PlacedBatch, first: number, entries: number): number {
  return batch.kernel.call.composeBlock(
    first,
    entries,
    batch.orderAt,
    batch.endsAt,
    batch.tagsStartAt,
    batch.prefixOfAt,
    batch.indexOfAt,
    batch.prefixesAt,
    batch.prefixBytes,
    batch.bytesAt,
    batch.linesAt,
    BLOCK_BYTES,
  );
}

/** entryIds spreads the runs over the entries: which id prefix each has, and its index in its request. */
function entryIds({ walId, runs, block }: Tier0Input) {
  const prefixes = Buffer.concat(
    runs.flatMap((run) => [STORED_ID_START, Buffer.from(entryIdPrefix(walId, run.sequence))]),
  );
  const prefixOf = new Uint32Array(block.count);
  const indexOf = new Uint32Array(block.count);
  let at = 0;
  for (const [r, { from, count }] of runs.entries()) {
    for (let i = 0; i < count; i++, at++) {
      prefixOf[at] = r;
      indexOf[at] = from + i;
    }
  }
  return { prefixes, prefixOf, indexOf };
}

/** Five digits, quote and comma, less the brace that the id's takes over. */
const INDEX_AND_COMMA_BYTES = INDEX_DIGITS + 1;

/** What a line grows by when it is stored with its id. */
export const STORED_ID_BYTES = STORED_ID_START.length + entryIdPrefix("0".repeat(36), 0).length + INDEX_AND_COMMA_BYTES;

function countMinutes(
  block: EntryBlock,
  sortedServices: string[],
  order: Uint32Array,
): { counts: MinuteCount[]; levels: CommittedBatch["levels"] } {
  const counted = new Set(sortedServices.slice(0, MAX_SERVICES_PER_BATCH));
  const counts: MinuteCount[] = [];
  const otherCounts = new Map<number, MinuteCount>();
  const seenLevels = new Set<number>();
  let lastService = -1;
  let countedAs = "";
  let ofService = new Map<number, MinuteCount>();
  for (const entry of order) {
    const service = block.serviceOf[entry] as number;
    if (service !== lastService) {
      // Sorted by service, so that minute and level are key enough.
      const name = block.services[service] as string;
      countedAs = counted.has(name) ? name : OTHER_SERVICES;
      ofService = counted.has(name) ? new Map() : otherCounts;
      lastService = service;
    }
    const level = block.levelOf[entry] as number;
    const minute = Math.floor((block.ms[entry] as number) / MS_PER_MINUTE);
    const key = minute * LEVELS.length + level;
    let count = ofService.get(key);
    if (count === undefined) {
      count = { minute, service: countedAs, level: LEVELS[level] ?? "unknown", count: 0 };
      ofService.set(key, count);
      counts.push(count);
      seenLevels.add(level);
    }
    count.count++;
  }
  return { counts, levels: [...seenLevels].map((level) => LEVELS[level] ?? "unknown").sort() };
}

function timeRange({ ms, subMsNs }: EntryBlock, order: Uint32Array): { start: bigint; end: bigint } {
  let lowest = order[0] as number;
  let highest = lowest;
  for (const entry of order) {
    if (isBefore(entry, lowest)) lowest = entry;
    else if (isBefore(highest, entry)) highest = entry;
  }
  return { start: nsOf(lowest), end: nsOf(highest) };

  function isBefore(a: number, b: number): boolean {
    const difference = (ms[a] as number) - (ms[b] as number);
    return difference < 0 || (difference === 0 && (subMsNs[a] as number) < (subMsNs[b] as number));
  }
  function nsOf(entry: number): bigint {
    return partsToNs({ ms: ms[entry] as number, subMsNs: subMsNs[entry] as number });
  }
}
