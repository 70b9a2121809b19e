import { and, eq, sql } from "drizzle-orm";
import type { StoredObject } from "#app/core/stored-object.ts";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import { isUuid } from "#app/server/catalog/is-uuid.ts";
import { logBatches } from "#app/server/catalog/schema.ts";

/** hasCompactedObjects says whether a search could need an object of tier 1. */
export async function hasCompactedObjects(database: CatalogDatabase): Promise<boolean> {
  const rows = await database.run("look for compacted objects", (db) =>
    db
      .select({ one: sql`1` })
      .from(logBatches)
      .where(and(eq(logBatches.tier, 1), eq(logBatches.state, "stored")))
      .limit(1),
  );
  return rows.length > 0;
}

/** findStoredObject returns what is known of the object that a batch is, also after it was compacted into another. */
export async function findStoredObject(
  database: CatalogDatabase,
  projectId: string,
  batchId: string,
): Promise<StoredObject | null> {
  if (!isUuid(batchId)) return null;
  const rows = await database.run("read object of batch", (db) =>
    db
      .select({
        key: logBatches.objectKey,
        sha256: logBatches.sha256,
        tier: logBatches.tier,
        entries: logBatches.entries,
        bytes: logBatches.bytes,
        rawBytes: logBatches.rawBytes,
      })
      .from(logBatches)
      .where(and(eq(logBatches.projectId, projectId), eq(logBatches.id, batchId))),
  );
  return rows[0] ?? null;
}
