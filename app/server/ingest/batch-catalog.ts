import { AkavelogError } from "#app/core/errors.ts";
import type { Level } from "#app/core/level.ts";

/**
 * BatchCatalog is what the batcher, recovery and search need of the metadata index.
 * PostgreSQL implements it; nothing here ever carries a log line.
 */
export interface BatchCatalog {
  /**
   * Writes the batch's row, its counts and its ledger entry in one transaction.
   * Returns `already-committed` (and writes nothing) when the ledger has (walId, batchNo).
   * Throws CatalogError.
   */
  commitBatch(batch: CommittedBatch): Promise<"committed" | "already-committed">;
  /** The batch numbers of one WAL that the ledger knows as stored. */
  committedBatchNumbers(walId: string): Promise<number[]>;
  /** Forgets a WAL's ledger entries; only called after its last file is gone. */
  trimLedger(walId: string): Promise<void>;
  /**
   * Batches that may hold matching entries, newest first, and what of these WALs' batches the ledger has, both of one
   * moment. A batch that the ledger has is in one of the objects, or has expired; a local copy of it must not be read too.
   */
  findBatches(filter: BatchFilter, floors: readonly WalFloor[]): Promise<FoundBatches>;
  /**
   * Remembers that a batch's object is gone from the store; queries over it are incomplete from then on. False when nobody
   * reads the batch any more: it was compacted or has expired, and its object went with right.
   */
  markMissing(batchId: string): Promise<boolean>;
}

/** CommittedBatch is everything the index keeps of one sealed batch. */
export interface CommittedBatch {
  projectId: string;
  walId: string;
  batchNo: number;
  objectKey: string;
  /** Hex sha256 of the object's bytes. */
  sha256: string;
  entries: number;
  /** Size of the object. */
  bytes: number;
  /** Size of the uncompressed lines. */
  rawBytes: number;
  /** First and last timestamp, both inclusive. */
  tsStartNs: bigint;
  tsEndNs: bigint;
  /** Distinct services, sorted; null when there are more than MAX_SERVICES_PER_BATCH. */
  services: string[] | null;
  /** Distinct levels, sorted. */
  levels: Level[];
  /** Tag keys with their distinct values; see TagSummary. */
  tags: TagSummary;
  counts: MinuteCount[];
  /** The latest receipt of an entry inside. */
  receivedAtMs: number;
}

/** LineageRun is the batches `[first, last]` of one WAL, both inclusive. */
export type LineageRun = [walId: string, first: number, last: number];

/**
 * BatchState: queries see `stored` and `missing`. `building` objects are not counted on yet, `superseded` ones are in
 * another object, `locked` ones have expired and the store does not let go of them yet.
 */
export type BatchState = "stored" | "missing" | "building" | "superseded" | "locked";

/** Over this many services a row lists none (any may be inside) and counts go under OTHER_SERVICES. */
export const MAX_SERVICES_PER_BATCH = 200;
export const OTHER_SERVICES = "*other*";

/**
 * TagSummary lists a batch's tag keys, each with its sorted distinct values, or null when they are many or long.
 * `complete` is false when there were too many keys: then a missing key proves nothing.
 */
export interface TagSummary {
  complete: boolean;
  keys: Record<string, string[] | null>;
}

/** MinuteCount is the number of entries of one service and level in one UTC minute (minutes since 1970). */
export interface MinuteCount {
  minute: number;
  service: string;
  level: Level;
  count: number;
}

/** BatchFilter names what a query needs; every given part must be able to match. */
export interface BatchFilter {
  projectId: string;
  /** Inclusive. */
  fromNs: bigint;
  /** Exclusive. */
  toNs: bigint;
  services?: readonly string[];
  levels?: readonly Level[];
  /** Exact tag values, all of which must be present in one entry. */
  tags?: Readonly<Record<string, string>>;
  /** The WAL that an entry came through. */
  walId?: string;
}

/** WalFloor is the batches of one WAL from this number on. */
export interface WalFloor {
  walId: string;
  batchNo: number;
}

export interface FoundBatches {
  batches: StoredBatch[];
  /** `ledgerKey` of the batches above the floors that are stored. */
  inLedger: ReadonlySet<string>;
}

export function ledgerKey(walId: string, batchNo: number): string {
  return `${walId} ${batchNo}`;
}

/** StoredBatch is a committed batch as a query sees it. */
export interface StoredBatch {
  id: string;
  walId: string;
  batchNo: number;
  objectKey: string;
  sha256: string;
  tier: 0 | 1;
  generation: number;
  entries: number;
  bytes: number;
  rawBytes: number;
  tsStartNs: bigint;
  tsEndNs: bigint;
  state: BatchState;
  /** Tier 1: tag keys that have a column of their own, and where the object's tail begins. */
  promotedKeys: string[];
  tailStart: number | null;
  tailSha256: string | null;
  tokeniser: number | null;
}

/**
 * CatalogError: `unavailable` can be tried again, `data` (SQLSTATE class 22, 23 or 54) never succeeds and is quarantined.
 */
export class CatalogError extends AkavelogError {
  readonly kind: "unavailable" | "data";

  constructor(operation: string, kind: "unavailable" | "data", reason: string, options?: { cause?: unknown }) {
    super(kind === "data" ? "CATALOG_DATA" : "CATALOG_UNAVAILABLE", `cannot ${operation}: ${reason}`, options);
    this.kind = kind;
  }
}
