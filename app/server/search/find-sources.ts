import { ledgerKey, type BatchCatalog, type BatchFilter, type StoredBatch } from "#app/server/ingest/batch-catalog.ts";
import type { LocalBatches, LocalView } from "#app/server/ingest/local-batches.ts";

/** Sources is everything that may hold an entry of the filter, each entry in one of them. */
export interface Sources {
  stored: StoredBatch[];
  local: LocalView[];
}

/**
 * findSources reads the catalog first and this process's own batches after, so that a batch committed in between is seen in
 * one of them. The floors come before both: a batch that is sealed, committed and compacted meanwhile lies above them, so
 * the ledger tells that its local copy is in one of the objects. Register the query with `local` before, and end it after
 * the last read. Throws CatalogError.
 */
export async function findSources(
  { catalog, local }: { catalog: BatchCatalog; local: LocalBatches },
  filter: BatchFilter,
): Promise<Sources> {
  const { batches, inLedger } = await catalog.findBatches(filter, local.floors(filter.projectId));
  const inCatalog = new Set([...inLedger, ...batches.map((batch) => ledgerKey(batch.walId, batch.batchNo))]);
  const views = local.views(filter.projectId).filter(({ batch: { walId, batchNo, entries } }) => {
    return entries > 0 && (batchNo === null || !inCatalog.has(ledgerKey(walId, batchNo)));
  });
  return { stored: batches, local: views };
}
