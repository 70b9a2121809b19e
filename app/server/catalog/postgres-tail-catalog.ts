import { and, asc, eq, gt, inArray, notInArray, sql } from "drizzle-orm";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import { logBatches, processes } from "#app/server/catalog/schema.ts";
import type { TailCatalog } from "#app/server/search/tail-feed.ts";

/** A process that has not told of its follows for so long is gone. */
const FOLLOWS_TTL_S = 10;

/** createPostgresTailCatalog keeps follows with the processes, and finds batches by the time of their commit. */
export function createPostgresTailCatalog(database: CatalogDatabase): TailCatalog {
  return {
    async exchangeFollows(walId, projectIds) {
      const here = sql.param(projectIds, processes.follows);
      const rows = await database.run("exchange follows", (db) =>
        db.execute<{ projectId: string }>(sql`
          with told as (
            update ${processes} set follows = ${here}::uuid[], follows_at = now()
            where wal_id = ${walId} and (follows <> '{}' or ${here}::uuid[] <> '{}')
          )
          select distinct unnest(follows) as "projectId" from ${processes}
          where wal_id <> ${walId} and follows_at > now() - make_interval(secs => ${FOLLOWS_TTL_S}::integer)`),
      );
      return rows.map(({ projectId }) => projectId);
    },

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
