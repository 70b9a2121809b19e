import { reasonOf } from "#app/core/errors.ts";
import { ObjectStoreError, type ObjectStore } from "#app/server/o3/object-store.ts";
import { placeInLineage } from "#app/server/retention/describe-object.ts";
import { isProjectRecordKey, OBJECTS_PREFIX, projectIdOf } from "#app/server/retention/project-record.ts";
import type { Orphan, RetentionCatalog, SweptObject } from "#app/server/retention/retention-catalog.ts";
import type { Logger } from "#app/server/system/logger.ts";

export interface SweepOptions {
  catalog: RetentionCatalog;
  store: ObjectStore;
  logger: Logger;
}

/** Swept is what a sweep did; `kept` objects have no row, and nothing proves that their lines are elsewhere or expired. */
export interface Swept {
  looked: number;
  deleted: string[];
  kept: { key: string; reason: string }[];
}

const PAGE = 1_000;

/**
 * sweepObjects looks for objects that no row names. One is deleted only if the ledger has every batch inside it, and every
 * object that has them now is in the bucket: then its lines were stored, and are elsewhere or expired. Everything else is
 * reported and stays. (A database that was restored from an old backup names objects that compaction has replaced since;
 * what replaced them must not be deleted.) Throws CatalogError and ObjectStoreError.
 */
export async function sweepObjects(options: SweepOptions, signal: AbortSignal): Promise<Swept> {
  const { store, logger } = options;
  const swept: Swept = { looked: 0, deleted: [], kept: [] };
  let page: string[] = [];
  for await (const { key } of store.list(OBJECTS_PREFIX, { signal })) {
    if (isProjectRecordKey(key)) continue;
    swept.looked++;
    page.push(key);
    if (page.length < PAGE) continue;
    await sweepPage(options, page, swept, signal);
    page = [];
  }
  await sweepPage(options, page, swept, signal);
  swept.kept = await stillWithoutRow(options, swept.kept);
  for (const { key, reason } of swept.kept) logger.warn({ objectKey: key, reason }, "an object without a row is kept");
  const { looked, deleted, kept } = swept;
  logger.info({ looked, deleted: deleted.length, kept: kept.length }, "swept the bucket");
  return swept;
}

async function sweepPage(
  { catalog, store }: SweepOptions,
  keys: string[],
  swept: Swept,
  signal: AbortSignal,
): Promise<void> {
  if (keys.length === 0) return;
  // Without their batches first: nearly all have a row, and the others alone have to be opened.
  const unnamed = await catalog.findOrphans(keys.map((key) => ({ key, projectId: projectIdOf(key), lineage: null })));
  const objects: SweptObject[] = [];
  for (const { key } of unnamed) {
    try {
      const { lineage } = await placeInLineage(store, key, signal);
      objects.push({ key, projectId: projectIdOf(key), lineage });
    } catch (error) {
      signal.throwIfAborted();
      swept.kept.push({ key, reason: reasonOf(error) });
    }
  }
  if (objects.length === 0) return;
  for (const orphan of await catalog.findOrphans(objects)) {
    signal.throwIfAborted();
    const reason = (await whyKept(orphan, store, signal)) ?? (await whyNotDeleted(orphan, store, signal));
    if (reason === null) swept.deleted.push(orphan.key);
    else swept.kept.push({ key: orphan.key, reason });
  }
}

/** An object that was put a moment ago gets its row a moment later. */
async function stillWithoutRow({ catalog }: SweepOptions, kept: Swept["kept"]): Promise<Swept["kept"]> {
  const objects = kept.map(({ key }) => ({ key, projectId: projectIdOf(key), lineage: null }));
  const orphans = new Set((await catalog.findOrphans(objects)).map(({ key }) => key));
  return kept.filter(({ key }) => orphans.has(key));
}

/** One object that the store does not let go of must not keep the sweep from all behind it. */
async function whyNotDeleted({ key }: Orphan, store: ObjectStore, signal: AbortSignal): Promise<string | null> {
  try {
    await store.delete(key, { signal });
    return null;
  } catch (error) {
    if (signal.aborted || !(error instanceof ObjectStoreError) || error.retryable) throw error;
    return reasonOf(error);
  }
}

async function whyKept(
  { isInLedger, coveredBy }: Orphan,
  store: ObjectStore,
  signal: AbortSignal,
): Promise<string | null> {
  if (!isInLedger) return "the ledger does not have all of its batches";
  for (const key of coveredBy) {
    if ((await store.head(key, { signal })) === null)
      return `its lines should be in ${key}, which is not in the bucket`;
  }
  return null;
}
