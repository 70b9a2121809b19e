import { reasonOf } from "#app/core/errors.ts";
import type { LineageRun } from "#app/server/ingest/batch-catalog.ts";
import type { ObjectStore } from "#app/server/o3/object-store.ts";
import {
  describeObject,
  placeInLineage,
  type DescribedObject,
  type ObjectPlace,
} from "#app/server/retention/describe-object.ts";
import {
  decodeProjectRecord,
  isProjectRecordKey,
  OBJECTS_PREFIX,
  projectIdOf,
  projectRecordKey,
  type ProjectRecord,
} from "#app/server/retention/project-record.ts";
import type { Logger } from "#app/server/system/logger.ts";

/** ReindexCatalog is an empty index that is filled from the bucket. Every method throws CatalogError. */
export interface ReindexCatalog {
  insertProject(record: ProjectRecord): Promise<void>;
  /** Writes the row, the counts, and the ledger of every batch inside, in one transaction. */
  insertObject(object: DescribedObject): Promise<void>;
}

export interface ReindexOptions {
  store: ObjectStore;
  catalog: ReindexCatalog;
  nowMs: number;
  logger: Logger;
}

export interface Reindexed {
  projects: ProjectRecord[];
  objects: number;
  entries: number;
  /** Objects whose batches are in newer ones; the sweep deletes them. */
  superseded: string[];
  /** Objects that cannot be used, and why. */
  refused: { key: string; reason: string }[];
}

const RECOVERED_RETENTION_DAYS = 3_650;

/**
 * reindex fills an empty index from the bucket alone. Of each batch only the newest generation of the objects that hold it
 * counts; one that is damaged gives way to the objects it was made from, where they are still there. Throws
 * ObjectStoreError and CatalogError; begun again it needs an empty index again.
 */
export async function reindex(options: ReindexOptions, signal: AbortSignal): Promise<Reindexed> {
  const { store, catalog, logger } = options;
  const keysByProject = new Map<string, string[]>();
  for await (const { key } of store.list(OBJECTS_PREFIX, { signal })) {
    const keys = keysByProject.get(projectIdOf(key)) ?? [];
    keysByProject.set(projectIdOf(key), keys);
    if (!isProjectRecordKey(key)) keys.push(key);
  }
  const done: Reindexed = { projects: [], objects: 0, entries: 0, superseded: [], refused: [] };
  for (const [projectId, keys] of keysByProject) {
    const record = await readRecord(options, projectId, signal);
    if (record === null) {
      done.refused.push(...keys.map((key) => ({ key, reason: "its key names no project" })));
      continue;
    }
    await catalog.insertProject(record);
    done.projects.push(record);
    await reindexProject(options, keys, done, signal);
    logger.info({ projectId, name: record.name, objects: keys.length }, "indexed a project");
  }
  return done;
}

async function readRecord(
  { store, logger, nowMs }: ReindexOptions,
  projectId: string,
  signal: AbortSignal,
): Promise<ProjectRecord | null> {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(projectId)) return null;
  const key = projectRecordKey(projectId);
  if ((await store.head(key, { signal })) !== null) {
    const record = decodeProjectRecord(await store.get(key, { signal }), key);
    if (record.id === projectId) return record;
  }
  logger.warn({ objectKey: key }, "a project has no record of its own: it gets a name, and keeps its entries for long");
  return {
    format: 1,
    id: projectId,
    name: `Recovered ${projectId.slice(0, 8)}`,
    slug: `recovered-${projectId}`,
    retentionDays: RECOVERED_RETENTION_DAYS,
    createdAt: new Date(nowMs).toISOString(),
    deletedAt: null,
  };
}

async function reindexProject(
  { store, catalog }: ReindexOptions,
  keys: string[],
  done: Reindexed,
  signal: AbortSignal,
): Promise<void> {
  const places: ObjectPlace[] = [];
  for (const key of keys) await attempt(key, async () => void places.push(await placeInLineage(store, key, signal)));
  places.sort((a, b) => b.generation - a.generation || (a.key < b.key ? -1 : 1));
  const indexed = new Set<string>();
  for (const { key, lineage } of places) {
    const batches = batchesOf(lineage);
    const known = batches.filter((batch) => indexed.has(batch)).length;
    if (known === batches.length) {
      done.superseded.push(key);
      continue;
    }
    await attempt(key, async () => {
      if (known > 0) throw new Error("a part of its batches is in a newer object, and a part is not");
      const object = await describeObject(store, key, signal);
      await catalog.insertObject(object);
      for (const batch of batches) indexed.add(batch);
      done.objects++;
      done.entries += object.entries;
    });
  }

  async function attempt(key: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      signal.throwIfAborted();
      if (isOutage(error)) throw error;
      done.refused.push({ key, reason: reasonOf(error) });
    }
  }
}

/** Half an index that looks whole would be worse than none. */
function isOutage(error: unknown): boolean {
  return error instanceof Error && "retryable" in error && error.retryable === true;
}

function batchesOf(lineage: readonly LineageRun[]): string[] {
  return lineage.flatMap(([walId, first, last]) =>
    Array.from({ length: last - first + 1 }, (_, i) => `${walId} ${first + i}`),
  );
}
