import { sql } from "drizzle-orm";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import { rateUsage } from "#app/server/catalog/schema.ts";

/** Exchange is what other processes took from their buckets. */
export interface Exchange {
  /** The database's time. */
  nowMs: number;
  others: { walId: string; bucket: string; taken: number; madeMs: number }[];
}

export interface ExchangeOptions {
  walId: string;
  /** Each `taken` counts from when this process made the bucket. */
  usage: readonly { bucket: string; taken: number }[];
  /** The time of the last exchange; null asks for everything. */
  sinceMs: number | null;
}

/** A statement that began earlier may commit later than one that was read already. */
const OVERLAP_MS = 10_000;
/** A bucket that nothing was taken from for so long is full again. */
const MEMORY_HOURS = 24;

/**
 * exchangeUsage says what this process took and returns what changed of the others. Each process writes rows of its own
 * alone: rows that several write would make them wait for each other, or deadlock. Throws CatalogError.
 */
export async function exchangeUsage(
  database: CatalogDatabase,
  { walId, usage, sinceMs }: ExchangeOptions,
): Promise<Exchange> {
  const fromMs = sinceMs === null ? 0 : sinceMs - OVERLAP_MS;
  const rows = await database.run("exchange rate usage", (db) =>
    db.execute<{ now_ms: string; others: Exchange["others"] }>(sql`
      with told as (
        insert into ${rateUsage} (wal_id, bucket, taken)
        select ${walId}, bucket, taken from jsonb_to_recordset(${JSON.stringify(usage)}::text::jsonb) as used (bucket text, taken bigint)
        on conflict (wal_id, bucket) do update set taken = excluded.taken, told_at = now()
      ), forgotten as (
        delete from ${rateUsage} where told_at < now() - make_interval(hours => ${MEMORY_HOURS}::integer)
      )
      select extract(epoch from now()) * 1000 as now_ms,
        coalesce((select jsonb_agg(jsonb_build_object('walId', wal_id, 'bucket', bucket, 'taken', taken,
            'madeMs', extract(epoch from made_at) * 1000))
          from ${rateUsage}
          where wal_id <> ${walId} and told_at > to_timestamp(${fromMs / 1000}::double precision)), '[]') as others`),
  );
  const [row] = rows;
  return { nowMs: Number(row?.now_ms), others: row?.others ?? [] };
}
