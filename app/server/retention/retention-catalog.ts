import type { LineageRun } from "#app/server/ingest/batch-catalog.ts";

/** RetentionCatalog is what expiry and the sweep need of the metadata index. Every method throws CatalogError. */
export interface RetentionCatalog {
  /** Hides batches whose last entry has expired, and all of deleted projects; returns how many. */
  hideExpired(): Promise<number>;
  /** Hidden batches whose objects may be deleted now: hidden for as long as that, and not refused today already. */
  findDeletable(hiddenForMs: number): Promise<HiddenBatch[]>;
  /** Forgets a batch whose object is gone; false when another process did. */
  forgetBatch(id: string): Promise<boolean>;
  /** The store does not let go of the object: it is tried again after this time. */
  postpone(id: string, forMs: number): Promise<void>;
  /** Which of these objects no row names, and what is known of the batches inside, of one moment. */
  findOrphans(objects: readonly SweptObject[]): Promise<Orphan[]>;
}

export interface HiddenBatch {
  id: string;
  projectId: string;
  objectKey: string;
  sha256: string;
  entries: number;
  bytes: number;
}

/** SweptObject is an object of the bucket and the batches inside, null where it does not say. */
export interface SweptObject {
  key: string;
  projectId: string;
  lineage: LineageRun[] | null;
}

export interface Orphan {
  key: string;
  /** The ledger has all the batches inside. */
  isInLedger: boolean;
  /** Objects that rows name for batches inside. */
  coveredBy: string[];
}
