import { createHash } from "node:crypto";
import { Compressor } from "zstd-napi";
import { MAX_SERVICES_PER_BATCH, type CommittedBatch } from "#app/server/ingest/batch-catalog.ts";
import { readTagSummary } from "#app/server/ingest/tag-summary.ts";
import { composeBlocks, countMinutes, placeBatch } from "#app/server/ingest/tier0-batch.ts";
import { TIER0_SUFFIX, encodeTier0Header, type Tier0Block } from "#app/server/ingest/tier0-format.ts";
import type { Tier0Input } from "#app/server/ingest/tier0-input.ts";

export interface Tier0Object {
  bytes: Buffer;
  batch: CommittedBatch;
}

/** Level 1 compresses logs within some percent of level 3 at twice its speed; compaction packs them tighter later. */
const COMPRESSION_LEVEL = 1;

/**
 * What the compressor looks things up in stays in the processor's nearest caches: as small an object as with the level's own
 * sizes, for a tenth less time.
 */
const HASH_LOG = 13;
const WINDOW_LOG = 18;

const compressor = new Compressor();
compressor.setParameters({
  compressionLevel: COMPRESSION_LEVEL,
  hashLog: HASH_LOG,
  windowLog: WINDOW_LOG,
  checksumFlag: true,
});

/**
 * buildTier0 makes the object of a batch. The same input always gives the same bytes, so a retry after a crash finds its
 * own object under the same key.
 */
export function buildTier0(input: Tier0Input): Tier0Object {
  const placed = placeBatch(input);
  const { services } = placed;
  const blocks: Tier0Block[] = [];
  const frames: Buffer[] = [];
  let rawBytes = 0;
  for (const { lines, entries, tsStartNs, tsEndNs } of composeBlocks(placed)) {
    const frame = compressor.compress(lines);
    blocks.push({ bytes: frame.length, rawBytes: lines.length, entries, tsStartNs, tsEndNs });
    frames.push(frame);
    rawBytes += lines.length;
  }
  const counts = countMinutes(placed);
  const batch = {
    projectId: input.projectId,
    walId: input.walId,
    batchNo: input.batchNo,
    entries: input.count,
    rawBytes,
    tsStartNs: blocks.reduce(
      (least, { tsStartNs }) => (tsStartNs < least ? tsStartNs : least),
      blocks[0]?.tsStartNs ?? 0n,
    ),
    tsEndNs: blocks.reduce((most, { tsEndNs }) => (tsEndNs > most ? tsEndNs : most), 0n),
    services: services.length > MAX_SERVICES_PER_BATCH ? null : services,
    levels: [...new Set(counts.map(({ level }) => level))].sort(),
    tags: readTagSummary(placed.kernel),
    counts,
    receivedAtMs: input.receivedAtMs,
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
