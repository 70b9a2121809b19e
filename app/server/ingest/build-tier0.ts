import { createHash } from "node:crypto";
import { Compressor } from "zstd-napi";
import { INDEX_DIGITS, entryIdPrefix, formatEntryIndex } from "#app/core/entry.ts";
import { LEVELS } from "#app/core/level.ts";
import { partsToNs } from "#app/core/timestamp.ts";
import {
  MAX_SERVICES_PER_BATCH,
  OTHER_SERVICES,
  type CommittedBatch,
  type MinuteCount,
} from "#app/server/ingest/batch-catalog.ts";
import type { EntryBlock } from "#app/server/ingest/entry-block.ts";
import { TagSummaryBuilder } from "#app/server/ingest/tag-summary.ts";
import {
  BLOCK_BYTES,
  STORED_ID_START,
  TIER0_SUFFIX,
  encodeTier0Header,
  type Tier0Block,
} from "#app/server/ingest/tier0-format.ts";

/** BatchPart is entries `[from, to)` of the request with this sequence number. */
export interface BatchPart {
  sequence: number;
  block: EntryBlock;
  from: number;
  to: number;
}

export interface Tier0Input {
  projectId: string;
  walId: string;
  batchNo: number;
  parts: BatchPart[];
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
  const columns = gatherColumns(input.parts);
  const order = sortEntries(columns);
  const { blocks, frames, tags, rawBytes } = writeBlocks(input, columns, order);
  const { counts, levels } = countMinutes(columns, order);
  const range = timeRange(columns, order);
  const batch = {
    projectId: input.projectId,
    walId: input.walId,
    batchNo: input.batchNo,
    entries: order.length,
    rawBytes,
    tsStartNs: range.start,
    tsEndNs: range.end,
    services: columns.services.length > MAX_SERVICES_PER_BATCH ? null : columns.services,
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
function tier0Key(batch: { projectId: string; walId: string; batchNo: number; tsStartNs: bigint }, sha256: string): string {
  const hour = new Date(Number(batch.tsStartNs / 1_000_000n)).toISOString().slice(0, 13).replace(/[-T]/g, "/");
  return `v1/${batch.projectId}/${hour}/${batch.walId}-${batch.batchNo}-${sha256.slice(0, 16)}${TIER0_SUFFIX}`;
}

/** Columns are the batch's entries in order of arrival; `rank` is the place of the service in the sorted `services`. */
interface Columns {
  parts: BatchPart[];
  services: string[];
  partOf: Uint32Array;
  lineOf: Uint32Array;
  rank: Uint32Array;
  ms: Float64Array;
  subMsNs: Uint32Array;
}

function gatherColumns(parts: BatchPart[]): Columns {
  const count = parts.reduce((sum, part) => sum + part.to - part.from, 0);
  const used = new Set<string>();
  for (const { block, from, to } of parts) {
    const seen = new Uint8Array(block.services.length);
    for (let i = from; i < to; i++) seen[block.serviceOf[i] as number] = 1;
    for (const [i, service] of block.services.entries()) if (seen[i] === 1) used.add(service);
  }
  const services = [...used].sort();
  const rankOf = new Map(services.map((service, rank) => [service, rank]));
  const columns: Columns = {
    parts,
    services,
    partOf: new Uint32Array(count),
    lineOf: new Uint32Array(count),
    rank: new Uint32Array(count),
    ms: new Float64Array(count),
    subMsNs: new Uint32Array(count),
  };
  let at = 0;
  for (const [p, { block, from, to }] of parts.entries()) {
    const ranks = block.services.map((service) => rankOf.get(service) ?? 0);
    for (let i = from; i < to; i++, at++) {
      columns.partOf[at] = p;
      columns.lineOf[at] = i;
      columns.rank[at] = ranks[block.serviceOf[i] as number] as number;
      columns.ms[at] = block.ms[i] as number;
      columns.subMsNs[at] = block.subMsNs[i] as number;
    }
  }
  return columns;
}

/** sortEntries orders by service, time, arrival. Senders mostly send in time order, so services that are sorted stay. */
function sortEntries({ rank, ms, subMsNs, services }: Columns): Uint32Array {
  const starts = new Uint32Array(services.length + 1);
  for (let i = 0; i < rank.length; i++) (starts[(rank[i] as number) + 1] as number)++;
  for (let r = 0; r < services.length; r++) (starts[r + 1] as number) += starts[r] as number;
  const order = new Uint32Array(rank.length);
  const next = starts.slice();
  for (let i = 0; i < rank.length; i++) order[(next[rank[i] as number] as number)++] = i;
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

function writeBlocks(input: Tier0Input, columns: Columns, order: Uint32Array) {
  const prefixes = input.parts.map((part) =>
    Buffer.concat([STORED_ID_START, Buffer.from(entryIdPrefix(input.walId, part.sequence))]),
  );
  const tags = new TagSummaryBuilder();
  const blocks: Tier0Block[] = [];
  const frames: Buffer[] = [];
  let rawBytes = 0;
  let lines = Buffer.allocUnsafe(BLOCK_BYTES + 4096);
  let size = 0;
  let first = 0;

  function finishBlock(end: number): void {
    const frame = compressor.compress(lines.subarray(0, size));
    const range = timeRange(columns, order.subarray(first, end));
    blocks.push({ bytes: frame.length, rawBytes: size, entries: end - first, tsStartNs: range.start, tsEndNs: range.end });
    frames.push(frame);
    rawBytes += size;
    size = 0;
    first = end;
  }

  for (let i = 0; i < order.length; i++) {
    const entry = order[i] as number;
    const part = columns.partOf[entry] as number;
    const line = columns.lineOf[entry] as number;
    const { block } = input.parts[part] as BatchPart;
    const prefix = prefixes[part] as Buffer;
    const start = line === 0 ? 0 : (block.ends[line - 1] as number);
    const end = block.ends[line] as number;
    const storedBytes = prefix.length + INDEX_AND_COMMA_BYTES + end - start;
    if (size > 0 && size + storedBytes > BLOCK_BYTES) finishBlock(i);
    if (storedBytes > lines.length) lines = Buffer.allocUnsafe(storedBytes);
    size += prefix.copy(lines, size);
    size += lines.write(`${formatEntryIndex(line)}",`, size, "latin1");
    size += block.bytes.copy(lines, size, start + 1, end);
    tags.add(block.bytes, block.tagsStart[line] as number);
  }
  finishBlock(order.length);
  return { blocks, frames, tags: tags.build(), rawBytes };
}

/** Five digits, quote and comma, less the brace that the id's takes over. */
const INDEX_AND_COMMA_BYTES = INDEX_DIGITS + 1;

/** What a line grows by when it is stored with its id. */
export const STORED_ID_BYTES = STORED_ID_START.length + entryIdPrefix("0".repeat(36), 0).length + INDEX_AND_COMMA_BYTES;

function countMinutes(columns: Columns, order: Uint32Array): { counts: MinuteCount[]; levels: CommittedBatch["levels"] } {
  const hasOther = columns.services.length > MAX_SERVICES_PER_BATCH;
  const counts = new Map<string, MinuteCount>();
  const seenLevels = new Set<number>();
  let last: MinuteCount | null = null;
  let lastRank = -1;
  let lastLevel = -1;
  for (let i = 0; i < order.length; i++) {
    const entry = order[i] as number;
    const { block } = columns.parts[columns.partOf[entry] as number] as BatchPart;
    const level = block.levelOf[columns.lineOf[entry] as number] as number;
    const rank = columns.rank[entry] as number;
    const minute = Math.floor((columns.ms[entry] as number) / MS_PER_MINUTE);
    if (last === null || rank !== lastRank || level !== lastLevel || minute !== last.minute) {
      const service = hasOther && rank >= MAX_SERVICES_PER_BATCH ? OTHER_SERVICES : (columns.services[rank] as string);
      const key: string = `${minute} ${level} ${service}`;
      last = counts.get(key) ?? null;
      if (last === null) counts.set(key, (last = { minute, service, level: LEVELS[level] ?? "unknown", count: 0 }));
      lastRank = rank;
      lastLevel = level;
      seenLevels.add(level);
    }
    last.count++;
  }
  return { counts: [...counts.values()], levels: [...seenLevels].map((level) => LEVELS[level] ?? "unknown").sort() };
}

function timeRange(columns: Columns, order: Uint32Array): { start: bigint; end: bigint } {
  let lowest = order[0] as number;
  let highest = lowest;
  const { ms, subMsNs } = columns;
  for (let i = 1; i < order.length; i++) {
    const entry = order[i] as number;
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
