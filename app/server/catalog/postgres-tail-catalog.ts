import { and, asc, eq, gt, inArray, notInArray, sql } from "drizzle-orm";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import { logBatches } from "#app/server/catalog/schema.ts";
import type { TailCatalog } from "#app/server/search/tail-feed.ts";

/** createPostgresTailCatalog finds what was committed lately by the time that stands in its row. */
export function createPostgresTailCatalog(database: CatalogDatabase): TailCatalog {
  return {
    findCommitted: ({ projectIds, exceptWalIds, withinMs }) =>
      database.run("find batches of other processes", (db) =>
        db
          .select({
            projectId: logBatches.projectId,
            id: logBatches.id,
            objectKey: logBatches.objectKey,
            sha256: logBatches.sha256,
            entries: logBatches.entries,
          })
          .from(logBatches)
          .where(
            and(
              inArray(logBatches.projectId, [...projectIds]),
              notInArray(logBatches.walId, [...exceptWalIds]),
              eq(logBatches.tier, 0),
              eq(logBatches.state, "stored"),
              gt(logBatches.committedAt, sql`now() - make_interval(secs => ${withinMs / 1000}::double precision)`),
            ),
          )
          .orderBy(asc(logBatches.committedAt), asc(logBatches.id)),
      ),
  };
}
