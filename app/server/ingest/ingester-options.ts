import type { BatchCatalog } from "#app/server/ingest/batch-catalog.ts";
import type { Tier0Object } from "#app/server/ingest/build-tier0.ts";
import type { EntryBlock } from "#app/server/ingest/entry-block.ts";
import type { IdempotencyCatalog } from "#app/server/ingest/idempotency-catalog.ts";
import type { LocalBatch } from "#app/server/ingest/local-batches.ts";
import type { BatchLimits, DurableBlock } from "#app/server/ingest/open-batches.ts";
import type { SealableBatch } from "#app/server/ingest/merge-parts.ts";
import type { WalIdempotency } from "#app/server/ingest/wal-payload.ts";
import type { WalFailedError } from "#app/server/ingest/wal.ts";
import type { ObjectStore } from "#app/server/o3/object-store.ts";
import type { Clock } from "#app/server/system/clock.ts";
import type { FileSystem } from "#app/server/system/file-system.ts";
import type { Logger } from "#app/server/system/logger.ts";
import type { Tracer } from "#app/server/system/tracer.ts";

export interface IngesterOptions {
  dataDir: string;
  /** A uuid of version 7, made for this process. */
  walId: string;
  limits: BatchLimits;
  bufferMaxBytes: number;
  walMaxBytes: number;
  /** When a file of the WAL is followed by the next; tests rotate sooner. */
  walFileMaxBytes?: number;
  fileSystem: FileSystem;
  store: ObjectStore;
  /** Whether a put is read back; see FlushQueueOptions. */
  verifyPuts: "read-back" | "trust-store";
  catalog: BatchCatalog;
  idempotency: IdempotencyCatalog;
  buildObject: (batch: SealableBatch) => Promise<Tier0Object>;
  /** Told how long each fdatasync of the WAL took. */
  onSynced?: (elapsedMs: number) => void;
  /** Told of entries once they are durable and before they are acknowledged; must return at once. */
  onAccepted?: (durable: DurableBlock) => void;
  /** Where a committed batch's spool file goes: into the cache, or away. */
  keepCommitted: (batch: LocalBatch, spoolPath: string) => Promise<void>;
  clock: Clock;
  random: () => number;
  logger: Logger;
  tracer?: Tracer;
  /** An fsync failed: nothing may be acknowledged any more, the process must end. */
  onFailure: (error: WalFailedError) => void;
}

/** AcceptRequest is the sound entries of one request. */
export interface AcceptRequest {
  projectId: string;
  block: EntryBlock;
  receivedAtMs: number;
  idempotency: WalIdempotency | null;
  /** False when the answer in `idempotency` is not yet what the sender will get, who waits for the commit. */
  isAnswerFinal?: boolean;
}
