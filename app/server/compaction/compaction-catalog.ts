import type { LineageRun, CommittedBatch } from "#app/server/ingest/batch-catalog.ts";

/** CompactionCatalog is what compaction needs of the metadata index. Every method throws CatalogError. */
export interface CompactionCatalog {
  /** Parts of projects that have something to compact, the one that waits longest first. */
  findPartitions(minAgeMs: number): Promise<Partition[]>;
  /** The objects of a part that may be compacted together now or later, in the order of time. */
  findCandidates(partition: Partition): Promise<Candidate[]>;
  /** Takes a part for this process; false when another has it. A lease that is not given back ends by itself. */
  takeLease(partition: Partition, owner: string, forMs: number): Promise<boolean>;
  giveLeaseBack(partition: Partition, owner: string): Promise<void>;
  /** Writes the row of an object that is about to be put; nobody reads it before the swap. Returns its id. */
  insertBuilding(batch: BuildingBatch): Promise<string>;
  /**
   * Has the new object read instead of the old ones, in one transaction. False, and nothing changed, unless all of them are
   * as they were: another process compacted or expired one of them, or gave the new one up.
   */
  swap(buildingId: string, replacedIds: readonly string[]): Promise<boolean>;
  /** Gives up objects that were begun that long ago and never swapped in: their process died. */
  abandonBuilding(olderThanMs: number): Promise<void>;
  /** Objects that nobody reads any more since that long ago. */
  findSuperseded(olderThanMs: number): Promise<{ id: string; objectKey: string }[]>;
  /** The store does not let go of a superseded object: it is found again after this time. */
  postponeRemoval(id: string, forMs: number): Promise<void>;
  /** Forgets an object that is gone from the store. */
  removeRow(id: string): Promise<void>;
}

/** Partition is what is compacted together: entries of one project and day that also expire on one day. */
export interface Partition {
  projectId: string;
  name: string;
}

export interface Candidate {
  id: string;
  objectKey: string;
  sha256: string;
  tier: 0 | 1;
  generation: number;
  rawBytes: number;
  tsStartNs: bigint;
  tailStart: number | null;
  /** How long it has been in the index. */
  ageMs: number;
}

export interface BuildingBatch extends Omit<CommittedBatch, "walId" | "batchNo"> {
  generation: number;
  lineage: LineageRun[];
  promotedKeys: string[];
  tokeniser: number;
  tailStart: number;
  tailSha256: string;
}
