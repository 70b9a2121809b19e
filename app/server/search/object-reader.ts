import type { StoredBatch } from "#app/server/ingest/batch-catalog.ts";
import { CorruptBatchError } from "#app/server/ingest/tier0-format.ts";
import { ObjectNotFoundError, ObjectStoreError, type ObjectStore } from "#app/server/o3/object-store.ts";
import { CorruptObjectError, fetchVerified } from "#app/server/o3/fetch-verified.ts";
import { sha256Of } from "#app/server/o3/sha256.ts";
import type { ObjectCache } from "#app/server/search/object-cache.ts";

/** ReadFailure is why an object is not to be had now or ever. */
export interface ReadFailure {
  failed: "missing" | "corrupt" | "unreachable";
  error: unknown;
}

export interface ObjectReaderOptions {
  store: ObjectStore;
  /** Null where the store is a local disk itself. */
  cache: ObjectCache | null;
}

/**
 * readObject fetches a batch's object, from the cache when it is there; nothing is returned whose sha256 is not the row's.
 * Throws CorruptObjectError and ObjectStoreError.
 */
export async function readObject(
  { store, cache }: ObjectReaderOptions,
  batch: Pick<StoredBatch, "objectKey" | "sha256">,
  signal: AbortSignal,
): Promise<Buffer> {
  const cached = await cache?.get(batch.sha256);
  if (cached !== undefined && cached !== null) {
    if ((await sha256Of(cached)) === batch.sha256) return cached;
    await cache?.remove(batch.sha256);
  }
  const bytes = await fetchVerified(store, batch.objectKey, batch.sha256, { signal });
  await cache?.put(batch.sha256, bytes);
  return bytes;
}

/** readFailure says what an error means for a query that reads the object; what is no error of reading is thrown again. */
export function readFailure(error: unknown, signal: AbortSignal): ReadFailure {
  if (signal.aborted) throw error;
  if (error instanceof ObjectNotFoundError) return { failed: "missing", error };
  if (error instanceof CorruptObjectError || error instanceof CorruptBatchError) return { failed: "corrupt", error };
  if (error instanceof ObjectStoreError) return { failed: "unreachable", error };
  throw error;
}
