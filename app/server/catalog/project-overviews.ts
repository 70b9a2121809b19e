import { sql } from "drizzle-orm";
import type { Account } from "#app/core/account.ts";
import type { ProjectOverview } from "#app/core/project-overview.ts";
import { isUsersProject } from "#app/server/catalog/canary-project.ts";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";

/** How far back an overview looks, in hours. */
export const OVERVIEW_HOURS = 24;

interface OverviewRow extends Record<string, unknown> {
  name: string;
  slug: string;
  retention_days: number;
  hourly: [hour: number, count: number, errors: number][];
  stored_bytes: string;
  raw_bytes: string;
}

const MINUTE_MS = 60_000;

/** readProjectOverviews returns the projects a person may open, by name. An admin may open all. */
export async function readProjectOverviews(
  database: CatalogDatabase,
  { id, isAdmin }: Account,
  nowMs: number,
): Promise<ProjectOverview[]> {
  const currentHour = Math.floor(nowMs / MINUTE_MS / 60);
  const firstHour = currentHour - OVERVIEW_HOURS + 1;
  const rows = await database.run("read project overviews", (db) =>
    db.execute<OverviewRow>(sql`
      select projects.name, projects.slug, projects.retention_days,
        coalesce((
          select jsonb_agg(jsonb_build_array(hour, count, errors)) from (
            select counts.minute / 60 as hour, sum(counts.count) as count,
              coalesce(sum(counts.count) filter (where counts.level in ('error', 'fatal')), 0) as errors
            from log_batches as batches join log_counts as counts on counts.batch_id = batches.id
            where batches.project_id = projects.id and batches.state = 'stored'
              and batches.ts_end >= ${`${firstHour * 3600}000000000`}::bigint
              and counts.minute >= ${firstHour * 60}::integer and counts.minute < ${(currentHour + 1) * 60}::integer
            group by 1
          ) as hours
        ), '[]') as hourly,
        coalesce(sizes.bytes, 0)::text as stored_bytes, coalesce(sizes.raw_bytes, 0)::text as raw_bytes
      from projects
        left join lateral (
          select sum(bytes) as bytes, sum(raw_bytes) as raw_bytes from log_batches
          where project_id = projects.id and state = 'stored'
        ) as sizes on true
      where projects.deleted_at is null and ${isUsersProject()} and (${isAdmin}::boolean or exists (
        select 1 from memberships where memberships.project_id = projects.id and memberships.user_id = ${id}::uuid
      ))
      order by lower(projects.name), projects.id`),
  );
  return rows.map((row) => toOverview(row, firstHour));
}

function toOverview(row: OverviewRow, firstHour: number): ProjectOverview {
  const hourly = Array.from({ length: OVERVIEW_HOURS }, () => 0);
  let errors = 0;
  for (const [hour, count, failed] of row.hourly) {
    hourly[hour - firstHour] = count;
    errors += failed;
  }
  return {
    name: row.name,
    slug: row.slug,
    retentionDays: row.retention_days,
    hourly,
    errors,
    storedBytes: Number(row.stored_bytes),
    rawBytes: Number(row.raw_bytes),
  };
}
