import type { Canary } from "#app/server/canary/canary.ts";
import type { Alerts } from "#app/server/alerts/open-alerts.ts";
import type { Compactor } from "#app/server/compaction/compactor.ts";
import type { Env } from "#app/server/env.ts";
import type { Ingester } from "#app/server/ingest/ingester.ts";
import type { MemoryBudget } from "#app/server/protocols/memory-budget.ts";
import type { RetentionWorker } from "#app/server/retention/retention-worker.ts";
import type { CacheFigures } from "#app/server/search/object-cache.ts";
import type { QuerySlots } from "#app/server/search/query-slots.ts";
import type { TailHub } from "#app/server/search/tail-hub.ts";
import type { Clock } from "#app/server/system/clock.ts";

/** MeasuredParts are what keeps figures of its own. */
export interface MeasuredParts {
  env: Pick<Env, "walMaxBytes" | "ingest">;
  clock: Clock;
  ingester: Ingester;
  memory: MemoryBudget;
  querySlots: QuerySlots;
  tail: TailHub;
  /** Of objects of either tier; null where the store's own files are read. */
  caches: { tier0: { figures: CacheFigures } | null; tier1: { figures: CacheFigures } | null };
  compactor: Pick<Compactor, "figures">;
  retention: Pick<RetentionWorker, "figures">;
  alerts: Pick<Alerts, "worker" | "deliveries">;
  canary: Pick<Canary, "figures">;
}

interface Makers {
  gauge: (name: string, help: string, read: () => number) => void;
  /** A count that is kept elsewhere. */
  counter: (name: string, help: string, read: () => number) => void;
}

/** watchParts makes the metrics that are read from the parts when somebody looks. */
export function watchParts(parts: MeasuredParts, makers: Makers): void {
  watchIngestion(parts, makers);
  watchSearch(parts, makers);
  watchUpkeep(parts, makers);
  watchAlerts(parts, makers);
  watchCanary(parts, makers);
}

function watchIngestion({ env, clock, ingester, memory }: MeasuredParts, { gauge, counter }: Makers): void {
  gauge("akavelog_takes_logs", "1 while this process takes logs.", () => (ingester.reasonToRefuse === null ? 1 : 0));
  gauge("akavelog_store_up", "0 while objects cannot be put.", () => (ingester.trouble.store === null ? 1 : 0));
  gauge("akavelog_database_up", "0 while rows cannot be written.", () => (ingester.trouble.catalog === null ? 1 : 0));
  gauge("akavelog_wal_bytes", "Bytes of the WAL that are not in the store yet.", () => ingester.walBytes);
  gauge("akavelog_wal_budget_bytes", "WAL_MAX_BYTES.", () => env.walMaxBytes);
  gauge("akavelog_wal_lag_seconds", "Age of the oldest entry that is not in store and catalog yet.", () => {
    const nowMs = clock.nowMs();
    return (nowMs - ingester.committedThroughMs(nowMs)) / 1000;
  });
  gauge("akavelog_flush_queue_batches", "Sealed batches on their way to the store.", () => ingester.flushQueueLength);
  counter("akavelog_lost_wal_records_total", "Records that replay found damaged.", () => ingester.damage.lostRecords);
  counter("akavelog_damaged_wal_bytes_total", "Bytes that it put into quarantine.", () => ingester.damage.damagedBytes);
  gauge("akavelog_request_memory_bytes", "What request bodies hold now.", () => memory.usedBytes);
  gauge("akavelog_request_memory_budget_bytes", "INGEST_MEMORY_MAX_BYTES.", () => env.ingest.memoryMaxBytes);
}

function watchSearch({ querySlots, tail, caches }: MeasuredParts, { gauge, counter }: Makers): void {
  gauge("akavelog_queries_running", "Queries at work.", () => querySlots.running);
  gauge("akavelog_queries_waiting", "Queries that wait for their turn.", () => querySlots.waiting);
  gauge("akavelog_followed_projects", "Projects that somebody follows live.", () => tail.followed().length);
  for (const tier of ["tier0", "tier1"] as const) {
    const cache = caches[tier];
    gauge(`akavelog_cache_${tier}_bytes`, "Bytes of copies on local disk.", () => cache?.figures.bytes ?? 0);
    counter(`akavelog_cache_${tier}_hits_total`, "Reads that found a copy.", () => cache?.figures.hits ?? 0);
    counter(`akavelog_cache_${tier}_misses_total`, "Reads that went to the store.", () => cache?.figures.misses ?? 0);
  }
}

function watchUpkeep({ compactor, retention }: MeasuredParts, { counter }: Makers): void {
  const { figures } = compactor;
  counter("akavelog_compaction_steps_total", "Objects of tier 1 that were made.", () => figures.steps);
  counter("akavelog_compaction_failures_total", "Steps that failed and are tried again.", () => figures.failures);
  counter("akavelog_compaction_entries_total", "Entries that were compacted.", () => figures.entries);
  counter("akavelog_compaction_raw_bytes_total", "Bytes of their lines.", () => figures.rawBytes);
  counter("akavelog_compaction_bytes_total", "Bytes of the objects that were made.", () => figures.bytes);
  counter("akavelog_compaction_seconds_total", "Time that steps took.", () => figures.elapsedMs / 1000);
  counter("akavelog_expired_objects_total", "Expired objects that were deleted.", () => retention.figures.objects);
  counter("akavelog_expired_bytes_total", "Their bytes.", () => retention.figures.bytes);
  counter("akavelog_retention_failures_total", "Rounds of expiry that failed.", () => retention.figures.failures);
}

function watchAlerts({ alerts: { worker, deliveries } }: MeasuredParts, { gauge, counter }: Makers): void {
  const { figures } = worker;
  gauge(
    "akavelog_alert_lag_seconds",
    "How far the rule that is furthest behind was when this process last evaluated.",
    () => figures.lagMs / 1000,
  );
  gauge("akavelog_alert_tick_seconds", "How long the last evaluation took.", () => figures.tickMs / 1000);
  counter("akavelog_alert_evaluations_total", "Windows of groups that were evaluated.", () => figures.evaluations);
  counter("akavelog_alert_failures_total", "Evaluations of rules that failed.", () => figures.failures);
  for (const outcome of ["delivered", "retried", "failed"] as const) {
    counter(`akavelog_notifications_${outcome}_total`, `Notifications that were ${outcome}.`, () => {
      return deliveries.figures[outcome];
    });
  }
}

function watchCanary({ canary }: MeasuredParts, { gauge, counter }: Makers): void {
  const figure = (name: "written" | "missed" | "doubled" | "failures") => () => canary.figures?.[name] ?? 0;
  counter("akavelog_canary_written_total", "Lines of the server's own that were acknowledged.", figure("written"));
  counter("akavelog_canary_missed_total", "Of them, what a complete search did not find.", figure("missed"));
  counter("akavelog_canary_doubled_total", "Of them, what was found more than once.", figure("doubled"));
  counter("akavelog_canary_failures_total", "Rounds that could not write or search.", figure("failures"));
  gauge(
    "akavelog_canary_found_timestamp_seconds",
    "When everything was last found; 0 before that.",
    () => (canary.figures?.foundAtMs ?? 0) / 1000,
  );
}
