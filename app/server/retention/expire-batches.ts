import { ObjectStoreError, type ObjectStore } from "#app/server/o3/object-store.ts";
import type { HiddenBatch, RetentionCatalog } from "#app/server/retention/retention-catalog.ts";
import type { ObjectCache } from "#app/server/search/object-cache.ts";
import type { Logger } from "#app/server/system/logger.ts";

export interface ExpireOptions {
  catalog: RetentionCatalog;
  store: ObjectStore;
  cache: ObjectCache | null;
  /** How long queries that began before may still read a hidden object. */
  graceMs: number;
  logger: Logger;
}

/** Freed is what a round of expiry gave back. */
export interface Freed {
  objects: number;
  entries: number;
  bytes: number;
}

/** A lock of the store ends some day; asking more often would not end it sooner. */
const LOCKED_RETRY_MS = 24 * 3_600_000;

/**
 * expireBatches hides what has expired and deletes what was hidden long enough: the object first, in every version, then
 * the row. A process that dies in between leaves a hidden row, which the next round takes up again. Throws CatalogError,
 * or ObjectStoreError when the store is away.
 */
export async function expireBatches(options: ExpireOptions, signal: AbortSignal): Promise<Freed> {
  const { catalog, graceMs, logger } = options;
  const hidden = await catalog.hideExpired();
  if (hidden > 0) logger.info({ batches: hidden }, "batches have expired and are hidden");
  const freedBy = new Map<string, Freed>();
  try {
    for (
      let found = await catalog.findDeletable(graceMs);
      found.length > 0;
      found = await catalog.findDeletable(graceMs)
    ) {
      for (const batch of found) {
        signal.throwIfAborted();
        if (!(await deleteBatch(options, batch, signal))) continue;
        const freed = freedBy.get(batch.projectId) ?? { objects: 0, entries: 0, bytes: 0 };
        freedBy.set(batch.projectId, add(freed, { objects: 1, entries: batch.entries, bytes: batch.bytes }));
      }
    }
  } finally {
    for (const [projectId, freed] of freedBy) logger.info({ projectId, ...freed }, "expired: objects deleted");
  }
  return [...freedBy.values()].reduce(add, { objects: 0, entries: 0, bytes: 0 });
}

async function deleteBatch(
  { catalog, store, cache, logger }: ExpireOptions,
  batch: HiddenBatch,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await store.delete(batch.objectKey, { signal });
  } catch (error) {
    if (signal.aborted || !(error instanceof ObjectStoreError) || error.retryable) throw error;
    const { objectKey, projectId } = batch;
    logger.warn(
      { err: error, objectKey, projectId },
      "the store does not let go of an expired object; tried again daily",
    );
    await catalog.postpone(batch.id, LOCKED_RETRY_MS);
    return false;
  }
  // What stays in the cache would be pushed out by use, and is in nobody's way meanwhile.
  await cache?.remove(batch.sha256).catch(() => undefined);
  return await catalog.forgetBatch(batch.id);
}

function add(a: Freed, b: Freed): Freed {
  return { objects: a.objects + b.objects, entries: a.entries + b.entries, bytes: a.bytes + b.bytes };
}
