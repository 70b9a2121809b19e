import { createHash } from "node:crypto";
import type { StoredBatch } from "#app/server/ingest/batch-catalog.ts";
import { ObjectNotFoundError, ObjectStoreError, type ObjectStore } from "#app/server/o3/object-store.ts";
import { CorruptObjectError, fetchVerified } from "#app/server/o3/fetch-verified.ts";
import type { ObjectCache } from "#app/server/search/object-cache.ts";

/** ReadOutcome: the object's bytes, or why they are not to be had now or ever. */
export type ReadOutcome = { bytes: Buffer } | { failed: "missing" | "corrupt" | "unreachable"; error: unknown };

export interface ObjectReaderOptions {
  store: ObjectStore;
  /** Null where the store is a local disk itself. */
  cache: ObjectCache | null;
}

/** readObject fetches a batch's object, from the cache when it is there; nothing is returned whose sha256 is not the row's. */
export async function readObject(
  { store, cache }: ObjectReaderOptions,
  batch: Pick<StoredBatch, "objectKey" | "sha256">,
  signal: AbortSignal,
): Promise<ReadOutcome> {
  const cached = await cache?.get(batch.sha256);
  if (cached !== undefined && cached !== null) {
    if (createHash("sha256").update(cached).digest("hex") === batch.sha256) return { bytes: cached };
    await cache?.remove(batch.sha256);
  }
  try {
    const bytes = await fetchVerified(store, batch.objectKey, batch.sha256, { signal });
    await cache?.put(batch.sha256, bytes);
    return { bytes };
  } catch (error) {
    if (signal.aborted) throw error;
    if (error instanceof ObjectNotFoundError) return { failed: "missing", error };
    if (error instanceof CorruptObjectError) return { failed: "corrupt", error };
    if (error instanceof ObjectStoreError) return { failed: "unreachable", error };
    throw error;
  }
}
