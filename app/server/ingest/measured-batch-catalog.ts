import { CatalogError, type BatchCatalog, type CommittedBatch } from "#app/server/ingest/batch-catalog.ts";

export interface BatchObserver {
  onCommitted: (batch: CommittedBatch, elapsedMs: number) => void;
  /** The catalog refuses a batch for ever. */
  onRefused: () => void;
  /** An object is gone from the store. */
  onMissing: () => void;
}

/** measureCatalog tells of batches as they are committed, refused and found missing. */
export function measureCatalog(catalog: BatchCatalog, observer: BatchObserver): BatchCatalog {
  return {
    committedBatchNumbers: (walId) => catalog.committedBatchNumbers(walId),
    trimLedger: (walId) => catalog.trimLedger(walId),
    findBatches: (filter, floors) => catalog.findBatches(filter, floors),
    async commitBatch(batch) {
      const startedMs = performance.now();
      try {
        const outcome = await catalog.commitBatch(batch);
        if (outcome === "committed") observer.onCommitted(batch, performance.now() - startedMs);
        return outcome;
      } catch (error) {
        if (error instanceof CatalogError && error.kind === "data") observer.onRefused();
        throw error;
      }
    },
    async markMissing(batchId) {
      const isMissing = await catalog.markMissing(batchId);
      if (isMissing) observer.onMissing();
      return isMissing;
    },
  };
}
