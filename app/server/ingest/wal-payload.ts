import type { EntryBlock } from "#app/server/ingest/entry-block.ts";

/** EntriesRecord is one acknowledged request: its lines, and its Idempotency-Key with the answer to remember. */
export interface EntriesRecord {
  type: "entries";
  projectId: string;
  receivedAtMs: number;
  count: number;
  lines: Buffer;
  idempotency: WalIdempotency | null;
}

export interface WalIdempotency {
  key: string;
  /** Names the claim of the key that this record was written under. */
  claimId: string;
  digest: string;
  /** JSON text of the 202 to answer when the same request comes again. */
  answer: string;
}

/**
 * SealRecord says that the entries at `ranges` became batch `batchNo` in the spool, so that after a crash the same bytes
 * go under the same key again.
 */
export interface SealRecord {
  type: "seal";
  projectId: string;
  batchNo: number;
  objectKey: string;
  sha256: string;
  entries: number;
  ranges: PositionRange[];
}

/** PositionRange is entries `[from, to)` of the record with this sequence number. */
export type PositionRange = [sequence: number, from: number, to: number];

export type WalPayload = EntriesRecord | SealRecord;

const ENTRIES = 1;
const SEAL = 2;
/** type, key present, project id, receipt time, entries, length of the idempotency JSON. */
const ENTRIES_HEADER_BYTES = 1 + 1 + 16 + 8 + 4 + 4;

/** Builds that did not name claims wrote none; no claim has this id, so their records are stored as they were. */
const NO_CLAIM = "00000000-0000-0000-0000-000000000000";

/** encodeEntries returns the payload in pieces, so that the lines are not copied. */
export function encodeEntries(
  projectId: string,
  receivedAtMs: number,
  block: EntryBlock,
  idempotency: WalIdempotency | null,
): Buffer[] {
  const idempotencyJson = idempotency === null ? Buffer.alloc(0) : Buffer.from(JSON.stringify(idempotency));
  const header = Buffer.alloc(ENTRIES_HEADER_BYTES);
  header.writeUInt8(ENTRIES, 0);
  header.writeUInt8(idempotency === null ? 0 : 1, 1);
  header.write(projectId.replaceAll("-", ""), 2, "hex");
  header.writeDoubleLE(receivedAtMs, 18);
  header.writeUInt32LE(block.count, 26);
  header.writeUInt32LE(idempotencyJson.length, 30);
  return [Buffer.concat([header, idempotencyJson]), block.bytes];
}

export function encodeSeal(seal: SealRecord): Buffer[] {
  return [Buffer.concat([Buffer.from([SEAL]), Buffer.from(JSON.stringify(seal))])];
}

/** decodePayload trusts the record's checksum; a type of a newer version throws. The lines are a view of `payload`. */
export function decodePayload(payload: Buffer): WalPayload {
  const type = payload[0];
  if (type === SEAL) return JSON.parse(payload.toString("utf8", 1)) as SealRecord;
  if (type !== ENTRIES) {
    throw new Error(
      `cannot replay a WAL record of type ${type}: it was written by a newer version; start that version`,
    );
  }
  const linesStart = ENTRIES_HEADER_BYTES + payload.readUInt32LE(30);
  return {
    type: "entries",
    projectId: uuidOf(payload.toString("hex", 2, 18)),
    receivedAtMs: payload.readDoubleLE(18),
    count: payload.readUInt32LE(26),
    idempotency: payload[1] === 1 ? decodeIdempotency(payload.subarray(ENTRIES_HEADER_BYTES, linesStart)) : null,
    lines: payload.subarray(linesStart),
  };
}

function decodeIdempotency(json: Buffer): WalIdempotency {
  const idempotency = JSON.parse(json.toString()) as Omit<WalIdempotency, "claimId"> & { claimId?: string };
  return { ...idempotency, claimId: idempotency.claimId ?? NO_CLAIM };
}

function uuidOf(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
