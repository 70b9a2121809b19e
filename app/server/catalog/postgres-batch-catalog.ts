import { and, desc, eq, sql } from "drizzle-orm";
import { batchConditions } from "#app/server/catalog/batch-conditions.ts";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import { isUuid } from "#app/server/catalog/is-uuid.ts";
import { logBatches, logCounts, projects, walCommits } from "#app/server/catalog/schema.ts";
import type { BatchCatalog, BatchFilter, CommittedBatch, StoredBatch } from "#app/server/ingest/batch-catalog.ts";

/** createPostgresBatchCatalog keeps batches, counts and the ledger in PostgreSQL. Every method throws CatalogError. */
export function createPostgresBatchCatalog(database: CatalogDatabase): BatchCatalog {
  return {
    commitBatch: (batch) => commitBatch(database, batch),
    committedBatchNumbers: (walId) => committedBatchNumbers(database, walId),
    trimLedger: (walId) => trimLedger(database, walId),
    findBatches: (filter) => findBatches(database, filter),
    markMissing: (batchId) => markMissing(database, batchId),
  };
}

/**
 * One statement, so one transaction. The ledger comes first and decides: without a new row there the other two inserts
 * have nothing to insert. A second commit of the same batch waits at the ledger's key until the first is over.
 */
async function commitBatch(
  database: CatalogDatabase,
  batch: CommittedBatch,
): Promise<"committed" | "already-committed"> {
  const rows = await database.run("commit batch", (db) =>
    db.execute(sql`
      with ledger as (
        insert into ${walCommits} (wal_id, batch_no, project_id)
        values (${batch.walId}, ${batch.batchNo}::bigint, ${batch.projectId}::uuid)
        on conflict do nothing
        returning wal_id, batch_no, project_id
      ), stored as (
        insert into ${logBatches} (project_id, wal_id, batch_no, o3_object_key, sha256, tier, generation, entries, bytes,
          raw_bytes, ts_start, ts_end, services, levels, tags)
        select project_id, wal_id, batch_no, ${batch.objectKey}::text, ${batch.sha256}::text, 0, 0, ${batch.entries}::bigint,
          ${batch.bytes}::bigint, ${batch.rawBytes}::bigint, ${batch.tsStartNs}::bigint, ${batch.tsEndNs}::bigint,
          ${batch.services === null ? null : sql.param(batch.services, logBatches.services)}::text[],
          ${sql.param(batch.levels, logBatches.levels)}::text[],
          ${JSON.stringify(batch.tags)}::text::jsonb
        from ledger
        returning id
      ), counted as (
        insert into ${logCounts} (batch_id, minute, service, level, count)
        select stored.id, counts.minute, counts.service, counts.level, counts.count
        from stored, jsonb_to_recordset(${JSON.stringify(batch.counts)}::text::jsonb)
          as counts(minute integer, service text, level text, count bigint)
      )
      select 1 from stored`),
  );
  return rows.length === 1 ? "committed" : "already-committed";
}

async function committedBatchNumbers(database: CatalogDatabase, walId: string): Promise<number[]> {
  const rows = await database.run("read ledger", (db) =>
    db
      .select({ batchNo: walCommits.batchNo })
      .from(walCommits)
      .where(eq(walCommits.walId, walId))
      .orderBy(walCommits.batchNo),
  );
  return rows.map((row) => row.batchNo);
}

async function trimLedger(database: CatalogDatabase, walId: string): Promise<void> {
  await database.run("trim ledger", (db) => db.delete(walCommits).where(eq(walCommits.walId, walId)));
}

/** One statement sees one snapshot, which is all that REPEATABLE READ would add here, without its three extra round trips. */
async function findBatches(database: CatalogDatabase, filter: BatchFilter): Promise<StoredBatch[]> {
  if (!isUuid(filter.projectId)) return [];
  return database.run("find batches", (db) =>
    db
      .select({
        id: logBatches.id,
        walId: logBatches.walId,
        batchNo: logBatches.batchNo,
        objectKey: logBatches.objectKey,
        sha256: logBatches.sha256,
        tier: logBatches.tier,
        entries: logBatches.entries,
        bytes: logBatches.bytes,
        rawBytes: logBatches.rawBytes,
        tsStartNs: logBatches.tsStartNs,
        tsEndNs: logBatches.tsEndNs,
        state: logBatches.state,
      })
      .from(logBatches)
      .innerJoin(projects, eq(projects.id, logBatches.projectId))
      .where(batchConditions(filter))
      // `nulls last` is how the index is sorted; without it PostgreSQL sorts again.
      .orderBy(sql`${desc(logBatches.tsEndNs)} nulls last`, logBatches.id),
  );
}

async function markMissing(database: CatalogDatabase, batchId: string): Promise<void> {
  if (!isUuid(batchId)) return;
  await database.run("mark batch as missing", (db) =>
    db
      .update(logBatches)
      .set({ state: "missing" })
      .where(and(eq(logBatches.id, batchId), eq(logBatches.state, "stored"))),
  );
}
