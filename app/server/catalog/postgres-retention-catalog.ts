import { and, asc, eq, lte, sql } from "drizzle-orm";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import { logBatches, projects, walCommits } from "#app/server/catalog/schema.ts";
import type { HiddenBatch, Orphan, RetentionCatalog, SweptObject } from "#app/server/retention/retention-catalog.ts";

/** What one round takes at a time. */
const MAX_DELETABLE = 500;

/** createPostgresRetentionCatalog keeps in `log_batches` what has expired. Every method is one statement. */
export function createPostgresRetentionCatalog(database: CatalogDatabase): RetentionCatalog {
  return {
    hideExpired: () => hideExpired(database),
    findDeletable: (hiddenForMs) => findDeletable(database, hiddenForMs),
    forgetBatch: (id) => forgetBatch(database, id),
    postpone: (id, forMs) => postpone(database, id, forMs),
    findOrphans: (objects) => findOrphans(database, objects),
  };
}

/** An entry expires by the later of its own time and its receipt, so a batch does by the latest of both. */
async function hideExpired(database: CatalogDatabase): Promise<number> {
  const rows = await database.run("hide expired batches", (db) =>
    db.execute(sql`
      update ${logBatches} as batch set state = 'locked', state_since = now()
      from ${projects} as project
      where project.id = batch.project_id and batch.state in ('stored', 'missing') and (
        project.deleted_at is not null or
        greatest(batch.ts_end / 1000000000, extract(epoch from batch.received_at))
          < extract(epoch from now()) - project.retention_days * 86400)
      returning 1`),
  );
  return rows.length;
}

async function findDeletable(database: CatalogDatabase, hiddenForMs: number): Promise<HiddenBatch[]> {
  return await database.run("find expired objects", (db) =>
    db
      .select({
        id: logBatches.id,
        projectId: logBatches.projectId,
        objectKey: logBatches.objectKey,
        sha256: logBatches.sha256,
        entries: logBatches.entries,
        bytes: logBatches.bytes,
      })
      .from(logBatches)
      .where(
        and(
          eq(logBatches.state, "locked"),
          lte(logBatches.stateSince, sql`now() - ${hiddenForMs}::double precision * interval '1 millisecond'`),
        ),
      )
      .orderBy(asc(logBatches.stateSince))
      .limit(MAX_DELETABLE),
  );
}

async function forgetBatch(database: CatalogDatabase, id: string): Promise<boolean> {
  const rows = await database.run("forget an expired batch", (db) =>
    db
      .delete(logBatches)
      .where(and(eq(logBatches.id, id), eq(logBatches.state, "locked")))
      .returning({ id: logBatches.id }),
  );
  return rows.length === 1;
}

async function postpone(database: CatalogDatabase, id: string, forMs: number): Promise<void> {
  await database.run("postpone an expired batch", (db) =>
    db
      .update(logBatches)
      .set({ stateSince: sql`now() + ${forMs}::double precision * interval '1 millisecond'` })
      .where(and(eq(logBatches.id, id), eq(logBatches.state, "locked"))),
  );
}

async function findOrphans(database: CatalogDatabase, objects: readonly SweptObject[]): Promise<Orphan[]> {
  const given = JSON.stringify(objects.map(({ key, projectId, lineage }) => ({ key, project: projectId, lineage })));
  const rows = await database.run("find objects without a row", (db) =>
    db.execute<{ key: string; in_ledger: boolean; covered_by: string[] }>(sql`
      with orphans as (
        select key, project, lineage
        from jsonb_to_recordset(${given}::text::jsonb) as object(key text, project text, lineage jsonb)
        where not exists (select 1 from ${logBatches} where o3_object_key = object.key)
      ), inside as (
        select key, project, run->>0 as wal_id, batch_no
        from orphans, jsonb_array_elements(coalesce(lineage, '[]')) as run,
          generate_series((run->>1)::bigint, (run->>2)::bigint) as batch_no
      ), covering as (
        select inside.key, inside.wal_id, inside.batch_no, batch.o3_object_key, batch.state
        from inside join ${logBatches} as batch on batch.project_id::text = inside.project and
          case when batch.lineage is null then batch.wal_id = inside.wal_id and batch.batch_no = inside.batch_no
            else exists (select 1 from jsonb_array_elements(batch.lineage) as run where run->>0 = inside.wal_id
              and inside.batch_no between (run->>1)::bigint and (run->>2)::bigint) end
      )
      select key,
        lineage is not null and not exists (
          select 1 from inside where inside.key = orphans.key
            and not exists (select 1 from ${walCommits} as commits
              where commits.wal_id = inside.wal_id and commits.batch_no = inside.batch_no)
            and not exists (select 1 from covering where covering.key = inside.key
              and covering.wal_id = inside.wal_id and covering.batch_no = inside.batch_no)
        ) as in_ledger,
        to_jsonb(array(select distinct o3_object_key from covering
          where covering.key = orphans.key and state in ('stored', 'missing'))) as covered_by
      from orphans order by key`),
  );
  return rows.map((row) => ({ key: row.key, isInLedger: row.in_ledger, coveredBy: row.covered_by }));
}
