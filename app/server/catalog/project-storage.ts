import { sql } from "drizzle-orm";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";

/** ProjectStorage is what a project has in the bucket, and how long its lines take to get there. */
export interface ProjectStorage {
  objects: number;
  entries: number;
  storedBytes: number;
  rawBytes: number;
  /** From the last arrival in a batch to its commit, in the middle and at worst over the last hour; null without batches. */
  lagMs: { median: number; worst: number } | null;
}

interface StorageRow extends Record<string, unknown> {
  objects: string;
  entries: string;
  bytes: string;
  raw_bytes: string;
  median_ms: number | null;
  worst_ms: number | null;
}

/** readProjectStorage adds up the project's rows. */
export async function readProjectStorage(database: CatalogDatabase, projectId: string): Promise<ProjectStorage> {
  const [row] = await database.run("read project storage", (db) =>
    db.execute<StorageRow>(sql`
      select count(*)::text as objects, coalesce(sum(entries), 0)::text as entries,
        coalesce(sum(bytes), 0)::text as bytes, coalesce(sum(raw_bytes), 0)::text as raw_bytes,
        percentile_cont(0.5) within group (order by lag_ms) as median_ms, max(lag_ms) as worst_ms
      from (
        select entries, bytes, raw_bytes,
          case when tier = 0 and committed_at > now() - interval '1 hour'
            then greatest(0, extract(epoch from committed_at - received_at) * 1000)::double precision end as lag_ms
        from log_batches where project_id = ${projectId}::uuid and state = 'stored'
      ) as batches`),
  );
  return {
    objects: Number(row?.objects ?? 0),
    entries: Number(row?.entries ?? 0),
    storedBytes: Number(row?.bytes ?? 0),
    rawBytes: Number(row?.raw_bytes ?? 0),
    lagMs:
      row === undefined || row.median_ms === null || row.worst_ms === null
        ? null
        : { median: row.median_ms, worst: row.worst_ms },
  };
}
