import { compress } from "zstd-napi";
import binding from "zstd-napi/binding.js";
import { AkavelogError } from "#app/core/errors.ts";
import type { CommittedBatch } from "#app/server/ingest/batch-catalog.ts";
import { decompress } from "#app/server/system/decompress.ts";

/**
 * A tier-0 object is one zstd skippable frame that describes it, then its blocks: independent zstd frames with content
 * checksum that hold canonical lines, each with its id in front, sorted by service, time and arrival. Every zstd tool
 * skips the first frame, so `zstd -dc object | jq` reads the lines. docs/object-format.md describes it for other programs.
 */
const SKIPPABLE_MAGIC = 0x184d2a5a;
const HEADER_MAGIC = Buffer.from("AKVO", "latin1");
const PREFIX_BYTES = 8;

/** Raw bytes of a block before it is compressed; a query decompresses blocks one at a time. */
export const BLOCK_BYTES = 1024 * 1024;

export const TIER0_SUFFIX = ".ndjson.zst";

/** What stands before a stored line's `"timestamp"`: `{"id":"` id `",`. */
export const STORED_ID_START = Buffer.from('{"id":"');

export interface Tier0Header {
  format: 1;
  batch: Omit<CommittedBatch, "objectKey" | "sha256" | "bytes">;
  blocks: Tier0Block[];
}

export interface Tier0Block {
  bytes: number;
  rawBytes: number;
  entries: number;
  tsStartNs: bigint;
  tsEndNs: bigint;
}

export class CorruptBatchError extends AkavelogError {
  readonly key: string;
  constructor(key: string, reason: string, options?: { cause?: unknown }) {
    super("CORRUPT_BATCH", `cannot read object ${key}: ${reason}`, options);
    this.key = key;
  }
}

export function encodeTier0Header(header: Tier0Header): Buffer {
  const json = JSON.stringify(header, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));
  const payload = Buffer.concat([
    HEADER_MAGIC,
    compress(Buffer.from(json), { compressionLevel: 3, checksumFlag: true }),
  ]);
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32LE(SKIPPABLE_MAGIC, 0);
  prefix.writeUInt32LE(payload.length, 4);
  return Buffer.concat([prefix, payload]);
}

/** decodeTier0Header reads the header of an object (or of its beginning) and where the blocks start. */
export function decodeTier0Header(object: Buffer, key: string): { header: Tier0Header; blocksStart: number } {
  if (object.length < PREFIX_BYTES || object.readUInt32LE(0) !== SKIPPABLE_MAGIC) {
    throw new CorruptBatchError(key, "it does not begin with a tier-0 header");
  }
  const blocksStart = PREFIX_BYTES + object.readUInt32LE(4);
  const payload = object.subarray(PREFIX_BYTES, blocksStart);
  if (blocksStart > object.length || !payload.subarray(0, HEADER_MAGIC.length).equals(HEADER_MAGIC)) {
    throw new CorruptBatchError(key, "its tier-0 header is cut or of another kind");
  }
  try {
    const json = decompress(payload.subarray(HEADER_MAGIC.length)).toString("utf8");
    const { batch, blocks, ...header } = JSON.parse(json) as WithTextTimes<Tier0Header>;
    return { header: { ...header, batch: readTimes(batch), blocks: blocks.map(readTimes) }, blocksStart };
  } catch (error) {
    throw new CorruptBatchError(key, "its tier-0 header is damaged", { cause: error });
  }
}

type WithTextTimes<T> = Omit<T, "batch" | "blocks"> & {
  batch: TextTimes<Tier0Header["batch"]>;
  blocks: TextTimes<Tier0Block>[];
};

/** TextTimes is what a BigInt becomes in JSON: `12n`. */
export type TextTimes<T> = Omit<T, "tsStartNs" | "tsEndNs"> & { tsStartNs: string; tsEndNs: string };

/** readTimes reads them back. A reviver would be asked for each of thousands of counts beside them. */
export function readTimes<T extends { tsStartNs: string; tsEndNs: string }>(
  of: T,
): Omit<T, "tsStartNs" | "tsEndNs"> & { tsStartNs: bigint; tsEndNs: bigint } {
  return { ...of, tsStartNs: BigInt(of.tsStartNs.slice(0, -1)), tsEndNs: BigInt(of.tsEndNs.slice(0, -1)) };
}

/** decompressBlock returns a block's lines; the frame's checksum and size are checked. */
export function decompressBlock(object: Buffer, start: number, block: Tier0Block, key: string): Buffer {
  try {
    const lines = decompress(object.subarray(start, start + block.bytes));
    if (lines.length === block.rawBytes) return lines;
  } catch (error) {
    throw new CorruptBatchError(key, `its block at byte ${start} is damaged`, { cause: error });
  }
  throw new CorruptBatchError(key, `its block at byte ${start} has another size than its header says`);
}

const decompressing = new binding.DCtx();

/** decompressBlockInto writes a block's lines to where they are wanted, which has exactly their size; else as decompressBlock. */
export function decompressBlockInto(
  target: Buffer,
  object: Buffer,
  start: number,
  block: Tier0Block,
  key: string,
): void {
  let written: number;
  try {
    written = decompressing.decompress(target, object.subarray(start, start + block.bytes));
  } catch (error) {
    throw new CorruptBatchError(key, `its block at byte ${start} is damaged`, { cause: error });
  }
  if (written !== block.rawBytes || target.length !== written)
    throw new CorruptBatchError(key, `its block at byte ${start} has another size than its header says`);
}
