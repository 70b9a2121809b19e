import { compress } from "zstd-napi";
import type { CommittedBatch, LineageRun } from "#app/server/ingest/batch-catalog.ts";
import { CorruptBatchError, readTimes, type TextTimes } from "#app/server/ingest/tier0-format.ts";
import { decompress } from "#app/server/system/decompress.ts";

/**
 * A tier-1 object is a Parquet file whose row groups are consecutive slices of time. Between its last row group and its
 * Parquet footer, where readers of Parquet do not look, lie the word filters and a description of the object:
 *
 *   "PAR1", row groups, | word filters, description, its length, "AKVD", footer, the footer's length, "PAR1"
 *
 * What is behind the bar is the tail: one ranged read of it opens the object. docs/object-format.md describes all of it
 * for other programs.
 */
export const TIER1_SUFFIX = ".parquet";
const PARQUET_MAGIC = Buffer.from("PAR1", "latin1");
const DESCRIPTION_MAGIC = Buffer.from("AKVD", "latin1");
/** A length of four bytes and a magic of four. */
const TRAILER_BYTES = 8;

/** A time slice has at most this many rows: longer ones are slower to search, shorter ones compress worse. */
export const MAX_ROWS_PER_GROUP = 122_880;
export const MAX_RAW_BYTES_PER_GROUP = 32 * 1024 * 1024;
/** Column names are built from promoted keys, so nothing else may ever be one. */
export const PROMOTED_KEY = /^[a-z0-9_.-]{1,64}$/;

export interface Tier1Description extends Omit<CommittedBatch, "objectKey" | "sha256" | "bytes" | "walId" | "batchNo"> {
  format: 1;
  generation: number;
  lineage: LineageRun[];
  promotedKeys: string[];
  tokeniser: number;
  rowGroups: RowGroup[];
}

/** RowGroup is one time slice of an object; all offsets count from the object's first byte. */
export interface RowGroup {
  start: number;
  bytes: number;
  sha256: string;
  /** Rows of the file before it. */
  firstRow: number;
  rows: number;
  rawBytes: number;
  maxEntryBytes: number;
  tsStartNs: bigint;
  tsEndNs: bigint;
  filterStart: number;
  filterBytes: number;
  /** Is no message's character beyond ASCII? Objects of old do not say. */
  isAscii?: boolean;
}

/** encodeTail makes the tail of an object from its filters, its description and its Parquet footer (with length and magic). */
export function encodeTail(filters: readonly Buffer[], description: Tier1Description, footer: Buffer): Buffer {
  const json = JSON.stringify(description, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));
  const described = compress(Buffer.from(json), { compressionLevel: 9, checksumFlag: true });
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.writeUInt32LE(described.length, 0);
  DESCRIPTION_MAGIC.copy(trailer, 4);
  return Buffer.concat([...filters, described, trailer, footer]);
}

/** footerBytes is the size of the Parquet footer at the end of a file, with its length and magic. */
export function footerBytes(file: Buffer, key: string): number {
  const end = file.length;
  const size = end < 8 ? 0 : file.readUInt32LE(end - 8) + 8;
  if (size > end || size <= 8 || !file.subarray(end - 4).equals(PARQUET_MAGIC))
    throw new CorruptBatchError(key, "it does not end as a Parquet file does");
  return size;
}

/** decodeTail reads the description out of an object's tail (or of its last bytes, if they reach so far). */
export function decodeTail(tail: Buffer, key: string): Tier1Description {
  const end = tail.length - footerBytes(tail, key);
  const size = end < TRAILER_BYTES ? 0 : tail.readUInt32LE(end - TRAILER_BYTES);
  const start = end - TRAILER_BYTES - size;
  if (start < 0 || !tail.subarray(end - DESCRIPTION_MAGIC.length, end).equals(DESCRIPTION_MAGIC))
    throw new CorruptBatchError(key, "it has no description before its Parquet footer");
  try {
    const json = decompress(tail.subarray(start, end - TRAILER_BYTES)).toString("utf8");
    const described = JSON.parse(json) as TextTimes<Omit<Tier1Description, "rowGroups">> & {
      rowGroups: TextTimes<RowGroup>[];
    };
    return { ...readTimes(described), rowGroups: described.rowGroups.map(readTimes) };
  } catch (error) {
    throw new CorruptBatchError(key, "its description is damaged", { cause: error });
  }
}
