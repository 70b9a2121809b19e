import { sql } from "drizzle-orm";
import type { AlertWindow } from "#app/core/alert-window.ts";
import { alertWatch } from "#app/server/catalog/alert-schema.ts";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import { processes } from "#app/server/catalog/schema.ts";
import { HEARTBEAT_TIMEOUT_MS } from "#app/server/ingest/idempotency-catalog.ts";

/** A window that somebody holds back for longer than this is evaluated as it is, and marked partial. */
export const MAX_HELD_MS = 300_000;
/** A process tells that it is there at least this often. */
export const MAX_PUBLISH_INTERVAL_MS = 5_000;
/** Gaps that lie closer together are one: a server that is restarted again and again is not there in between. */
const JOINED_GAPS_MS = 60_000;

/** ProcessProgress is how far another process is, as far as it has said. */
export interface ProcessProgress {
  walId: string;
  /** What it acknowledged before then is committed; null when it has not said anything yet. */
  committedThroughMs: number | null;
  /** Since it was last heard of. */
  silentMs: number;
}

/** UnwatchedTime is the last time in which no process was there to take entries. */
export interface UnwatchedTime {
  fromMs: number;
  toMs: number;
}

export interface PublishOptions {
  walId: string;
  committedThroughMs: number;
  /** How often processes publish; a silence of all of them that is longer than twice that is a gap. */
  intervalMs: number;
}

/** publishProgress says that this process is there and how far it is. Throws CatalogError. */
export async function publishProgress(database: CatalogDatabase, options: PublishOptions): Promise<void> {
  const gap = sql`now() - ${alertWatch.seenAt} > make_interval(secs => ${(2 * options.intervalMs + 1_000) / 1000}::double precision)`;
  const isNearLast = sql`${alertWatch.seenAt} - ${alertWatch.gapTo} < make_interval(secs => ${JOINED_GAPS_MS / 1000}::double precision)`;
  await database.run("publish progress", (db) =>
    db.execute(sql`
      with watched as (
        insert into ${alertWatch} (id, seen_at) values (1, now())
        on conflict (id) do update set seen_at = now(),
          gap_from = case when not (${gap}) or coalesce(${isNearLast}, false) then ${alertWatch.gapFrom} else ${alertWatch.seenAt} end,
          gap_to = case when ${gap} then now() else ${alertWatch.gapTo} end
      )
      insert into ${processes} (wal_id, committed_through)
      values (${options.walId}, ${options.committedThroughMs}::bigint)
      on conflict (wal_id) do update set heartbeat_at = now(), committed_through = excluded.committed_through`),
  );
}

export interface Watch {
  others: ProcessProgress[];
  unwatched: UnwatchedTime | null;
}

/**
 * takeWatch is how far all others are, or null while one of them evaluates. The lease only saves work: what is evaluated
 * twice is recorded once. `walIds` are those of this process and of its own earlier lives. Throws CatalogError.
 */
export async function takeWatch(
  database: CatalogDatabase,
  { walId, walIds, leaseMs }: { walId: string; walIds: readonly string[]; leaseMs: number },
): Promise<Watch | null> {
  const own = sql`(select jsonb_array_elements_text(${JSON.stringify(walIds)}::text::jsonb))`;
  const rows = await database.run("take the lease of alerts", (db) =>
    db.execute<WatchRow>(sql`
      with taken as (
        update ${alertWatch} set lease_owner = ${walId},
          lease_until = now() + make_interval(secs => ${leaseMs / 1000}::double precision)
        where id = 1 and (lease_owner is null or lease_owner in ${own} or lease_until < now()
          or not exists (select 1 from ${processes} where wal_id = lease_owner))
        returning gap_from, gap_to
      )
      select extract(epoch from gap_from) * 1000 as gap_from_ms, extract(epoch from gap_to) * 1000 as gap_to_ms,
        coalesce((select jsonb_agg(jsonb_build_object('walId', wal_id, 'committedThroughMs', committed_through,
            'silentMs', extract(epoch from now() - heartbeat_at) * 1000))
          from ${processes} where wal_id not in ${own}), '[]') as others
      from taken`),
  );
  const [row] = rows;
  if (row === undefined) return null;
  const { gap_from_ms: fromMs, gap_to_ms: toMs, others } = row;
  return {
    others,
    unwatched: fromMs === null || toMs === null ? null : { fromMs: Number(fromMs), toMs: Number(toMs) },
  };
}

interface WatchRow extends Record<string, unknown> {
  gap_from_ms: string | null;
  gap_to_ms: string | null;
  others: ProcessProgress[];
}

/** dropWatch lets another process evaluate at once. Throws CatalogError. */
export async function dropWatch(database: CatalogDatabase, walId: string): Promise<void> {
  await database.run("give the lease of alerts back", (db) =>
    db.execute(sql`update ${alertWatch} set lease_until = now() where lease_owner = ${walId}`),
  );
}

/**
 * isHeldBack is true while entries of a window may be on their way in a process. One that is dead holds windows back only
 * for as long as its restart may bring them: those that it lived in, and that ended before it is given up.
 */
export function isHeldBack(
  { committedThroughMs, silentMs }: ProcessProgress,
  { fromMs, toMs }: AlertWindow,
  { nowMs, offsetMs }: { nowMs: number; offsetMs: number },
): boolean {
  if (committedThroughMs !== null && committedThroughMs >= toMs + offsetMs) return false;
  if (silentMs <= HEARTBEAT_TIMEOUT_MS) return true;
  const heardMs = nowMs - silentMs;
  return fromMs < heardMs + MAX_PUBLISH_INTERVAL_MS && toMs < heardMs + MAX_HELD_MS;
}

/** Less of a window than this may be unwatched without making its silence doubtful: shippers come back within moments. */
const UNWATCHED_SHARE = 0.2;

/** isUnwatched is true when too little of a window was watched for its silence to mean anything. */
export function isUnwatched({ fromMs, toMs }: AlertWindow, unwatched: UnwatchedTime | null): boolean {
  if (unwatched === null) return false;
  const overlapMs = Math.min(toMs, unwatched.toMs) - Math.max(fromMs, unwatched.fromMs);
  return overlapMs > UNWATCHED_SHARE * (toMs - fromMs);
}
