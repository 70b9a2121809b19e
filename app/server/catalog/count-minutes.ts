import { eq, sql } from "drizzle-orm";
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
import { storedBatchColumns } from "#app/server/catalog/postgres-batch-catalog.ts";
import { logBatches, logCounts, projects, walCommits } from "#app/server/catalog/schema.ts";
import { wordedOnce } from "#app/server/catalog/worded-once.ts";
import type { Level } from "#app/core/level.ts";
import { ledgerKey } from "#app/server/ingest/batch-catalog.ts";
import type { CountCatalog, FoundCounts, MinuteCountRequest } from "#app/server/search/count-catalog.ts";

/** createPostgresCountCatalog answers from `log_counts`. */
export function createPostgresCountCatalog(database: CatalogDatabase): CountCatalog {
  return { countMinutes: (request) => countMinutes(database, request) };
}

type CountRow = [range: number, step: number, service: string | null, level: Level, count: number];

async function countMinutes(database: CatalogDatabase, request: MinuteCountRequest): Promise<FoundCounts> {
  const { filter, floors, ranges, edgeMinutes, byService } = request;
  if (!isUuid(filter.projectId)) return { counts: [], batches: [], inLedger: new Set() };
  const rangeRows = ranges.map(({ from, to, step }, range) => ({
    range,
    from_minute: from,
    to_minute: to,
    origin: step?.originMinute ?? null,
    step: step?.stepMinutes ?? null,
  }));
  const wording = batchWording(filter);
  const values = {
    ...batchValues(filter),
    byService,
    floors: JSON.stringify(floors),
    ranges: JSON.stringify(rangeRows),
    firstMinute: Math.min(...ranges.map(({ from }) => from)),
    endMinute: Math.max(...ranges.map(({ to }) => to)),
    edgeMinutes: JSON.stringify(edgeMinutes),
  };
  const rows = await database.run("count minutes", (db) => countStatement(db, wording).execute(values));
  const once = rows.find(({ sums }) => sums !== null);
  return {
    counts: (once?.sums ?? []).map(([range, step, name, level, count]) => ({
      range,
      step,
      service: name,
      level,
      count,
    })),
    batches: rows.flatMap(({ batch }) => (batch === null ? [] : [batch])),
    inLedger: new Set((once?.ledger ?? []).map(([walId, batchNo]) => ledgerKey(walId, batchNo))),
  };
}

const countStatement = wordedOnce("count minutes", buildCountStatement, hasFewWordings);

/** One statement, so that counts, batches and ledger are of one moment. Sums and ledger stand in its first row only. */
function buildCountStatement(db: PostgresJsDatabase, wording: BatchWording) {
  const byService = sql`${sql.placeholder("byService")}::boolean`;
  const found = db.$with("found").as(
    db
      .select({
        ...storedBatchColumns,
        isCounted: sql<boolean>`${logBatches.state} = 'stored' and
          (not ${byService} or ${logBatches.services} is not null)`.as("is_counted"),
      })
      .from(logBatches)
      .innerJoin(projects, eq(projects.id, logBatches.projectId))
      .where(batchConditions(wording)),
  );
  const sums = sql`(
    select coalesce(jsonb_agg(jsonb_build_array(range, step, service, level, count)), '[]') from (
      select ranges.range, coalesce((counts.minute - ranges.origin) / ranges.step, 0) as step,
        case when ${byService} then counts.service end as service, counts.level, sum(counts.count) as count
      from found
        join ${logCounts} as counts on counts.batch_id = found.id
          and counts.minute >= ${sql.placeholder("firstMinute")}::integer
          and counts.minute < ${sql.placeholder("endMinute")}::integer
        join jsonb_to_recordset(${sql.placeholder("ranges")}::text::jsonb)
          as ranges(range integer, from_minute integer, to_minute integer, origin integer, step integer)
          on counts.minute >= ranges.from_minute and counts.minute < ranges.to_minute
      where found.is_counted
      group by 1, 2, 3, 4) as sums)`;
  const ledger = sql`(
    select coalesce(jsonb_agg(jsonb_build_array(commits.wal_id, commits.batch_no)), '[]')
    from ${walCommits} as commits
      join jsonb_to_recordset(${sql.placeholder("floors")}::text::jsonb) as floors("walId" text, "batchNo" bigint)
        on commits.wal_id = floors."walId" and commits.batch_no >= floors."batchNo"
    where commits.project_id = ${sql.placeholder("projectId")}::uuid)`;
  const once = db
    .select({ sums: sql<CountRow[]>`${sums}`.as("sums"), ledger: sql<[string, number][]>`${ledger}`.as("ledger") })
    .from(sql`(values (1)) as one`)
    .as("once");
  // An array is looked up in the index of a batch's minutes; a list of rows would be compared with each of them.
  const edges = sql`array(select jsonb_array_elements_text(${sql.placeholder("edgeMinutes")}::text::jsonb)::integer)`;
  const hasEdge = sql`exists (select 1 from ${logCounts} as counts
    where counts.batch_id = found.id and counts.minute = any(${edges}))`;
  return db
    .with(found)
    .select({
      batch: found._.selectedFields,
      sums: sql<CountRow[] | null>`case when row_number() over () = 1 then ${once.sums} end`,
      ledger: sql<[string, number][] | null>`case when row_number() over () = 1 then ${once.ledger} end`,
    })
    .from(once)
    .leftJoin(found, sql`not found.is_counted or ${hasEdge}`);
}
