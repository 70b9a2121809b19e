import { and, asc, eq, inArray, lt, sql, type SQL } from "drizzle-orm";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import { isUsersProject } from "#app/server/catalog/canary-project.ts";
import { compactionLeases, logBatches, logCounts, projects } from "#app/server/catalog/schema.ts";
import type {
  BuildingBatch,
  Candidate,
  CompactionCatalog,
  Partition,
} from "#app/server/compaction/compaction-catalog.ts";

const NS_PER_DAY = sql.raw("86400000000000");
/** Larger entries have objects of their own, which stay as they are: a vector of them would not fit into memory. */
const LARGE_ENTRY_BYTES = 16 * 1024;
/** Half of what a step takes in: merging larger objects again gains nothing. */
const MAX_MERGED_RAW_BYTES = 64 * 1024 * 1024;
const MAX_PARTITIONS = 100;
const MAX_CANDIDATES = 5_000;
const MAX_REMOVED = 1_000;

/** The day of the entries, or `old` where a batch has several, and the day by which they all have expired. */
const partitionName = sql<string>`
  case when ${logBatches.tsStartNs} / ${NS_PER_DAY} = ${logBatches.tsEndNs} / ${NS_PER_DAY}
    then (${logBatches.tsEndNs} / ${NS_PER_DAY})::text else 'old' end || '/' ||
  (greatest(${logBatches.tsEndNs}, (extract(epoch from ${logBatches.receivedAt}) * 1e9)::bigint) / ${NS_PER_DAY})::text`;

/** createPostgresCompactionCatalog keeps the rows of compaction in PostgreSQL. Every method is one statement. */
export function createPostgresCompactionCatalog(database: CatalogDatabase): CompactionCatalog {
  return {
    findPartitions: (minAgeMs) => findPartitions(database, minAgeMs),
    findCandidates: (partition) => findCandidates(database, partition),
    takeLease: (partition, owner, forMs) => takeLease(database, partition, owner, forMs),
    giveLeaseBack: (partition, owner) => giveLeaseBack(database, partition, owner),
    insertBuilding: (batch) => insertBuilding(database, batch),
    swap: (buildingId, replacedIds) => swap(database, buildingId, replacedIds),
    abandonBuilding: (olderThanMs) => abandonBuilding(database, olderThanMs),
    findSuperseded: (olderThanMs) => findSuperseded(database, olderThanMs),
    postponeRemoval: (id, forMs) => postponeRemoval(database, id, forMs),
    removeRow: (id) => removeRow(database, id),
  };
}

function isOlderThan(column: SQL | typeof logBatches.committedAt, ms: number): SQL {
  return sql`${column} <= now() - ${ms}::double precision * interval '1 millisecond'`;
}

function isCompactable(minAgeMs: number): SQL | undefined {
  return and(
    eq(logBatches.state, "stored"),
    sql`${logBatches.rawBytes} <= ${logBatches.entries} * ${LARGE_ENTRY_BYTES}::bigint`,
    sql`(${and(eq(logBatches.tier, 0), isOlderThan(logBatches.committedAt, minAgeMs))}
      or ${and(eq(logBatches.tier, 1), lt(logBatches.rawBytes, MAX_MERGED_RAW_BYTES))})`,
  );
}

async function findPartitions(database: CatalogDatabase, minAgeMs: number): Promise<Partition[]> {
  return await database.run("find what to compact", (db) =>
    db
      .select({ projectId: logBatches.projectId, name: partitionName.as("name") })
      .from(logBatches)
      .innerJoin(projects, eq(projects.id, logBatches.projectId))
      // The canary's few lines are gone after a day; a process for them every few minutes would cost more than they do.
      .where(and(eq(logBatches.tier, 0), isCompactable(minAgeMs), sql`${projects.deletedAt} is null`, isUsersProject()))
      // By place: `name` would be the project's.
      .groupBy(sql`1, 2`)
      .orderBy(sql`min(${logBatches.committedAt})`)
      .limit(MAX_PARTITIONS),
  );
}

async function findCandidates(database: CatalogDatabase, partition: Partition): Promise<Candidate[]> {
  return await database.run("find objects to compact", (db) =>
    db
      .select({
        id: logBatches.id,
        objectKey: logBatches.objectKey,
        sha256: logBatches.sha256,
        tier: logBatches.tier,
        generation: logBatches.generation,
        rawBytes: logBatches.rawBytes,
        tsStartNs: logBatches.tsStartNs,
        tailStart: logBatches.tailStart,
        ageMs: sql`extract(epoch from now() - ${logBatches.committedAt}) * 1000`.mapWith(Number),
      })
      .from(logBatches)
      .where(
        and(eq(logBatches.projectId, partition.projectId), isCompactable(0), sql`${partitionName} = ${partition.name}`),
      )
      .orderBy(asc(logBatches.tsStartNs), asc(logBatches.id))
      .limit(MAX_CANDIDATES),
  );
}

async function takeLease(
  database: CatalogDatabase,
  { projectId, name }: Partition,
  owner: string,
  forMs: number,
): Promise<boolean> {
  const rows = await database.run("take the lease of a partition", (db) =>
    db.execute(sql`
      insert into ${compactionLeases} as lease (project_id, partition, owner, until)
      values (${projectId}::uuid, ${name}, ${owner}, now() + ${forMs}::double precision * interval '1 millisecond')
      on conflict (project_id, partition) do update set owner = excluded.owner, until = excluded.until
      where lease.owner = excluded.owner or lease.until < now()
      returning 1`),
  );
  return rows.length === 1;
}

async function giveLeaseBack(database: CatalogDatabase, { projectId, name }: Partition, owner: string): Promise<void> {
  await database.run("give back the lease of a partition", (db) =>
    db
      .delete(compactionLeases)
      .where(
        and(
          eq(compactionLeases.projectId, projectId),
          eq(compactionLeases.partition, name),
          eq(compactionLeases.owner, owner),
        ),
      ),
  );
}

async function insertBuilding(database: CatalogDatabase, batch: BuildingBatch): Promise<string> {
  const [walId, batchNo] = batch.lineage[0] ?? ["", 0];
  const rows = await database.run("announce a compacted object", (db) =>
    db.execute<{ id: string }>(sql`
      with building as (
        insert into ${logBatches} (project_id, wal_id, batch_no, o3_object_key, sha256, tier, generation, state, entries,
          bytes, raw_bytes, ts_start, ts_end, services, levels, tags, promoted_keys, lineage, tail_start, tail_sha256,
          tokeniser, received_at)
        values (${batch.projectId}::uuid, ${walId}, ${batchNo}::bigint, ${batch.objectKey}, ${batch.sha256}, 1,
          ${batch.generation}::integer, 'building', ${batch.entries}::bigint, ${batch.bytes}::bigint,
          ${batch.rawBytes}::bigint, ${batch.tsStartNs}::bigint, ${batch.tsEndNs}::bigint,
          ${batch.services === null ? null : sql.param(batch.services, logBatches.services)}::text[],
          ${sql.param(batch.levels, logBatches.levels)}::text[], ${JSON.stringify(batch.tags)}::text::jsonb,
          ${sql.param(batch.promotedKeys, logBatches.promotedKeys)}::text[], ${JSON.stringify(batch.lineage)}::text::jsonb,
          ${batch.tailStart}::bigint, ${batch.tailSha256}, ${batch.tokeniser}::smallint,
          to_timestamp(${batch.receivedAtMs}::double precision / 1000))
        returning id
      ), counted as (
        insert into ${logCounts} (batch_id, minute, service, level, count)
        select building.id, counts.minute, counts.service, counts.level, counts.count
        from building, jsonb_to_recordset(${JSON.stringify(batch.counts)}::text::jsonb)
          as counts(minute integer, service text, level text, count bigint)
      )
      select id from building`),
  );
  return (rows[0] as { id: string }).id;
}

/** The rows are locked in one order, so that two processes that swap the same ones do not wait for each other. */
async function swap(database: CatalogDatabase, buildingId: string, replacedIds: readonly string[]): Promise<boolean> {
  const ids = JSON.stringify([...replacedIds, buildingId]);
  const rows = await database.run("swap compacted objects", (db) =>
    db.execute(sql`
      with involved as (
        select id, state from ${logBatches}
        where id in (select jsonb_array_elements_text(${ids}::text::jsonb)::uuid)
        order by id for update
      ), whole as (
        select 1 as ok
        where (select count(*) from involved where state = 'stored' and id <> ${buildingId}::uuid) = ${replacedIds.length}::integer
          and exists (select 1 from involved where state = 'building' and id = ${buildingId}::uuid)
      )
      update ${logBatches} as batch
      set state = case when batch.id = ${buildingId}::uuid then 'stored' else 'superseded' end, state_since = now()
      from involved, whole
      where batch.id = involved.id
      returning 1`),
  );
  return rows.length === replacedIds.length + 1;
}

async function abandonBuilding(database: CatalogDatabase, olderThanMs: number): Promise<void> {
  await database.run("give up unfinished objects", (db) =>
    db
      .update(logBatches)
      .set({ state: "superseded" })
      .where(and(eq(logBatches.state, "building"), isOlderThan(sql`${logBatches.stateSince}`, olderThanMs))),
  );
}

async function findSuperseded(
  database: CatalogDatabase,
  olderThanMs: number,
): Promise<{ id: string; objectKey: string }[]> {
  return await database.run("find superseded objects", (db) =>
    db
      .select({ id: logBatches.id, objectKey: logBatches.objectKey })
      .from(logBatches)
      .where(and(eq(logBatches.state, "superseded"), isOlderThan(sql`${logBatches.stateSince}`, olderThanMs)))
      .orderBy(asc(logBatches.stateSince))
      .limit(MAX_REMOVED),
  );
}

async function postponeRemoval(database: CatalogDatabase, id: string, forMs: number): Promise<void> {
  await database.run("postpone the removal of an object", (db) =>
    db
      .update(logBatches)
      .set({ stateSince: sql`now() + ${forMs}::double precision * interval '1 millisecond'` })
      .where(and(eq(logBatches.id, id), eq(logBatches.state, "superseded"))),
  );
}

async function removeRow(database: CatalogDatabase, id: string): Promise<void> {
  await database.run("forget a removed object", (db) =>
    db.delete(logBatches).where(and(eq(logBatches.id, id), inArray(logBatches.state, ["superseded", "building"]))),
  );
}
