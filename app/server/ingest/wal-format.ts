import { crc32 } from "node:zlib";

/**
 * A WAL is a directory named by its uuid; its files are named by the sequence number of their first record.
 * File:   magic (8 bytes), then records.
 * Record: marker (4), payload length (4), checksum (4), sequence number (8), payload; integers are little-endian.
 * The checksum covers length, sequence number and payload. The marker is where reading starts again after damage.
 */
export const WAL_FILE_MAGIC = Buffer.from("AKVWAL01", "latin1");
export const WAL_FILE_SUFFIX = ".wal";
const RECORD_MARKER = 0x9e4c57a1;
export const RECORD_MARKER_BYTES = Buffer.alloc(4);
RECORD_MARKER_BYTES.writeUInt32LE(RECORD_MARKER);
export const RECORD_HEADER_BYTES = 20;

/** The largest request makes 64 MiB of lines, which escapes and field names can swell a few times. */
export const MAX_RECORD_BYTES = 512 * 1024 * 1024;

/** crc32 of zeros is not zero behind this constant, so a run of zeros never passes for a record. */
const CHECKSUM_MASK = 0x5bd1e995;

/** recordHeader is the header of a record whose payload is `chunks` one after another. */
export function recordHeader(sequence: number, chunks: readonly Buffer[]): Buffer {
  const header = Buffer.allocUnsafe(RECORD_HEADER_BYTES);
  header.writeUInt32LE(RECORD_MARKER, 0);
  header.writeUInt32LE(lengthOf(chunks), 4);
  header.writeBigUInt64LE(BigInt(sequence), 12);
  header.writeUInt32LE(checksum(header, chunks), 8);
  return header;
}

/** RecordHeader is what a header says; nothing of it is proved before the checksum is. */
export interface RecordHeader {
  payloadBytes: number;
  checksum: number;
  sequence: number;
}

/** readRecordHeader returns null when `bytes[at, at + 20)` cannot be a record's header. */
export function readRecordHeader(bytes: Buffer, at: number): RecordHeader | null {
  if (at + RECORD_HEADER_BYTES > bytes.length || bytes.readUInt32LE(at) !== RECORD_MARKER) return null;
  const payloadBytes = bytes.readUInt32LE(at + 4);
  const sequence = Number(bytes.readBigUInt64LE(at + 12));
  if (payloadBytes === 0 || payloadBytes > MAX_RECORD_BYTES || !Number.isSafeInteger(sequence)) return null;
  return { payloadBytes, checksum: bytes.readUInt32LE(at + 8), sequence };
}

export function isChecksumRight(header: RecordHeader, headerBytes: Buffer, payload: Buffer): boolean {
  return checksum(headerBytes, [payload]) === header.checksum;
}

function checksum(header: Buffer, chunks: readonly Buffer[]): number {
  let crc = crc32(header.subarray(4, 8));
  crc = crc32(header.subarray(12, 20), crc);
  for (const chunk of chunks) crc = crc32(chunk, crc);
  return (crc ^ CHECKSUM_MASK) >>> 0;
}

export function lengthOf(chunks: readonly Buffer[]): number {
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  return length;
}

/** walFileName sorts like the sequence number it starts with. */
export function walFileName(firstSequence: number): string {
  return `${String(firstSequence).padStart(16, "0")}${WAL_FILE_SUFFIX}`;
}
