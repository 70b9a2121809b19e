import { and, desc, eq, inArray, sql } from "drizzle-orm";
import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";
import {
  batchConditions,
  batchValues,
  batchWording,
  hasFewWordings,
  type BatchWording,
} from "#app/server/catalog/batch-conditions.ts";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import { isUuid } from "#app/server/catalog/is-uuid.ts";
import { logBatches, logCounts, processes, projects, walCommits } from "#app/server/catalog/schema.ts";
import { wordedOnce } from "#app/server/catalog/worded-once.ts";
import {
  ledgerKey,
  type BatchCatalog,
  type BatchFilter,
  type CommittedBatch,
  type FoundBatches,
  type WalFloor,
} from "#app/server/ingest/batch-catalog.ts";

/** createPostgresBatchCatalog keeps batches, counts and the ledger in PostgreSQL. Every method throws CatalogError. */
export function createPostgresBatchCatalog(database: CatalogDatabase): BatchCatalog {
  return {
    commitBatch: (batch) => commitBatch(database, batch),
    committedBatchNumbers: (walId) => committedBatchNumbers(database, walId),
    trimLedger: (walId) => trimLedger(database, walId),
    findBatches: (filter, floors) => findBatches(database, filter, floors),
    markMissing: (batchId) => markMissing(database, batchId),
  };
}

async function commitBatch(
  database: CatalogDatabase,
  batch: CommittedBatch,
): Promise<"committed" | "already-committed"> {
  const values = { ...batch, tags: JSON.stringify(batch.tags), counts: JSON.stringify(batch.counts) };
  const rows = await database.run("commit batch", (db) => commitStatement(db, {}).execute(values));
  return rows.length === 1 ? "committed" : "already-committed";
}

/** Drizzle's encoder of arrays takes no null. */
const NULLABLE_SERVICES = {
  mapToDriverValue: (names: unknown) =>
    names === null ? null : logBatches.services.mapToDriverValue(names as string[]),
};

const commitStatement = wordedOnce("commit batch", buildCommitStatement, () => true);

/**
 * One statement, so one transaction. The ledger comes first and decides: without a new row there the other two inserts
 * have nothing to insert. A second commit of the same batch waits at the ledger's key until the first is over.
 */
function buildCommitStatement(db: PostgresJsDatabase) {
  const value = (name: keyof CommittedBatch) => sql.placeholder(name);
  const ledger = db.$with("ledger", {}).as(sql`
    insert into ${walCommits} (wal_id, batch_no, project_id)
    values (${value("walId")}::text, ${value("batchNo")}::bigint, ${value("projectId")}::uuid)
    on conflict do nothing
    returning wal_id, batch_no, project_id`);
  const stored = db.$with("stored", { id: logBatches.id }).as(sql`
    insert into ${logBatches} (project_id, wal_id, batch_no, o3_object_key, sha256, tier, generation, entries, bytes,
      raw_bytes, ts_start, ts_end, services, levels, tags, received_at)
    select project_id, wal_id, batch_no, ${value("objectKey")}::text, ${value("sha256")}::text, 0, 0,
      ${value("entries")}::bigint, ${value("bytes")}::bigint, ${value("rawBytes")}::bigint, ${value("tsStartNs")}::bigint,
      ${value("tsEndNs")}::bigint, ${sql.param(value("services"), NULLABLE_SERVICES)}::text[],
      ${sql.param(value("levels"), logBatches.levels)}::text[], ${value("tags")}::text::jsonb,
      to_timestamp(${value("receivedAtMs")}::double precision / 1000)
    from ledger
    returning id`);
  const counted = db.$with("counted", {}).as(sql`
    insert into ${logCounts} (batch_id, minute, service, level, count)
    select stored.id, counts.minute, counts.service, counts.level, counts.count
    from stored, jsonb_to_recordset(${value("counts")}::text::jsonb)
      as counts(minute integer, service text, level text, count bigint)`);
  return db.with(ledger, stored, counted).select({ id: stored.id }).from(stored);
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

/** With its WAL a process has nothing left that others would have to wait for. */
async function trimLedger(database: CatalogDatabase, walId: string): Promise<void> {
  await database.run("trim ledger", (db) =>
    db.execute(sql`
      with gone as (delete from ${processes} where ${processes.walId} = ${walId})
      delete from ${walCommits} where ${walCommits.walId} = ${walId}`),
  );
}

async function findBatches(
  database: CatalogDatabase,
  filter: BatchFilter,
  floors: readonly WalFloor[],
): Promise<FoundBatches> {
  if (!isUuid(filter.projectId)) return { batches: [], inLedger: new Set() };
  const wording = batchWording(filter);
  const values = { ...batchValues(filter), floors: JSON.stringify(floors) };
  const rows = await database.run("find batches", (db) => findStatement(db, wording).execute(values));
  const keys = rows.find((row) => row.ledger !== null)?.ledger ?? [];
  return {
    batches: rows.flatMap((row) => (row.found === null ? [] : [row.found])),
    inLedger: new Set(keys.map(([walId, batchNo]) => ledgerKey(walId, batchNo))),
  };
}

/** storedBatchColumns is what a StoredBatch is made of. */
export const storedBatchColumns = {
  id: logBatches.id,
  walId: logBatches.walId,
  batchNo: logBatches.batchNo,
  objectKey: logBatches.objectKey,
  sha256: logBatches.sha256,
  tier: logBatches.tier,
  generation: logBatches.generation,
  entries: logBatches.entries,
  bytes: logBatches.bytes,
  rawBytes: logBatches.rawBytes,
  tsStartNs: logBatches.tsStartNs,
  tsEndNs: logBatches.tsEndNs,
  state: logBatches.state,
  promotedKeys: logBatches.promotedKeys,
  tailStart: logBatches.tailStart,
  tailSha256: logBatches.tailSha256,
  tokeniser: logBatches.tokeniser,
};

async function markMissing(database: CatalogDatabase, batchId: string): Promise<boolean> {
  if (!isUuid(batchId)) return false;
  const rows = await database.run("mark batch as missing", (db) =>
    db
      .update(logBatches)
      .set({ state: "missing" })
      .where(and(eq(logBatches.id, batchId), inArray(logBatches.state, ["stored", "missing"])))
      .returning({ id: logBatches.id }),
  );
  return rows.length === 1;
}

const findStatement = wordedOnce("find batches", buildFindStatement, hasFewWordings);

/**
 * One statement sees one snapshot, which is all that REPEATABLE READ would add here, without its three extra round trips.
 * The ledger stands in one row only: beside every batch it would be sent as often as there are batches.
 */
function buildFindStatement(db: PostgresJsDatabase, wording: BatchWording) {
  const found = db
    .select(storedBatchColumns)
    .from(logBatches)
    .innerJoin(projects, eq(projects.id, logBatches.projectId))
    .where(batchConditions(wording))
    .as("found");
  const ledger = db
    .select({
      keys: sql<
        [string, number][]
      >`coalesce(jsonb_agg(jsonb_build_array(${walCommits.walId}, ${walCommits.batchNo})), '[]')`.as("keys"),
    })
    .from(walCommits)
    .innerJoin(
      sql`jsonb_to_recordset(${sql.placeholder("floors")}::text::jsonb) as floors("walId" text, "batchNo" bigint)`,
      sql`${walCommits.walId} = floors."walId" and ${walCommits.batchNo} >= floors."batchNo"`,
    )
    .where(eq(walCommits.projectId, sql.placeholder("projectId")))
    .as("ledger");
  return (
    db
      .select({
        found: found._.selectedFields,
        ledger: sql<[string, number][] | null>`case when row_number() over () = 1 then ${ledger.keys} end`,
      })
      .from(ledger)
      .leftJoin(found, sql`true`)
      // `nulls last` is how the index is sorted; without it PostgreSQL sorts again.
      .orderBy(sql`${desc(found.tsEndNs)} nulls last`, found.id)
  );
}
