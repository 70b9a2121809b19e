import { sql } from "drizzle-orm";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import { logBatches, logCounts, projects, walCommits } from "#app/server/catalog/schema.ts";
import type { DescribedObject } from "#app/server/retention/describe-object.ts";
import type { ReindexCatalog } from "#app/server/retention/reindex.ts";

/** isIndexEmpty tells whether anything was ever put into the index. */
export async function isIndexEmpty(database: CatalogDatabase): Promise<boolean> {
  const rows = await database.run("look whether the index is empty", (db) =>
    db.execute(sql`
      select 1 where exists (select 1 from ${projects}) or exists (select 1 from ${logBatches})
        or exists (select 1 from ${walCommits})`),
  );
  return rows.length === 0;
}

/** createPostgresReindexCatalog writes an index as `reindex` finds it in the bucket. */
export function createPostgresReindexCatalog(database: CatalogDatabase): ReindexCatalog {
  return {
    async insertProject({ id, name, slug, retentionDays, createdAt, deletedAt }) {
      await database.run("insert project", (db) =>
        db.insert(projects).values({
          id,
          name,
          slug,
          retentionDays,
          createdAt: new Date(createdAt),
          deletedAt: deletedAt === null ? null : new Date(deletedAt),
          // The bucket has it, for that is where it comes from.
          recordedVersion: 1,
        }),
      );
    },
    insertObject: (object) => insertObject(database, object),
  };
}

async function insertObject(database: CatalogDatabase, object: DescribedObject): Promise<void> {
  const [walId, batchNo] = object.lineage[0] ?? ["", 0];
  const { tier1 } = object;
  const lineage = JSON.stringify(object.lineage);
  await database.run("index an object", (db) =>
    db.execute(sql`
      with ledger as (
        insert into ${walCommits} (wal_id, batch_no, project_id)
        select run->>0, batch_no, ${object.projectId}::uuid
        from jsonb_array_elements(${lineage}::text::jsonb) as run,
          generate_series((run->>1)::bigint, (run->>2)::bigint) as batch_no
        on conflict do nothing
      ), stored as (
        insert into ${logBatches} (project_id, wal_id, batch_no, o3_object_key, sha256, tier, generation, entries, bytes,
          raw_bytes, ts_start, ts_end, services, levels, tags, promoted_keys, lineage, tail_start, tail_sha256, tokeniser,
          received_at)
        values (${object.projectId}::uuid, ${walId}, ${batchNo}::bigint, ${object.objectKey}, ${object.sha256},
          ${object.tier}::smallint, ${object.generation}::integer, ${object.entries}::bigint, ${object.bytes}::bigint,
          ${object.rawBytes}::bigint, ${object.tsStartNs}::bigint, ${object.tsEndNs}::bigint,
          ${object.services === null ? null : sql.param(object.services, logBatches.services)}::text[],
          ${sql.param(object.levels, logBatches.levels)}::text[], ${JSON.stringify(object.tags)}::text::jsonb,
          ${sql.param(tier1?.promotedKeys ?? [], logBatches.promotedKeys)}::text[],
          ${tier1 === null ? null : lineage}::text::jsonb, ${tier1?.tailStart ?? null}::bigint,
          ${tier1?.tailSha256 ?? null}::text, ${tier1?.tokeniser ?? null}::smallint,
          to_timestamp(${object.receivedAtMs}::double precision / 1000))
        returning id
      )
      insert into ${logCounts} (batch_id, minute, service, level, count)
      select stored.id, counts.minute, counts.service, counts.level, counts.count
      from stored, jsonb_to_recordset(${JSON.stringify(object.counts)}::text::jsonb)
        as counts(minute integer, service text, level text, count bigint)`),
  );
}
