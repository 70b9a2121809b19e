import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";
import type { Ingester } from "#app/server/ingest/ingester.ts";
import type { DurableBlock } from "#app/server/ingest/open-batches.ts";
import type { TailHub } from "#app/server/search/tail-hub.ts";

/** Metrics is what a process tells of itself; nothing in it names a project. */
export interface Metrics {
  registry: Registry;
  countAccepted: (durable: DurableBlock) => void;
  /** The parts that are asked when somebody looks. */
  watch: (parts: { ingester: Ingester; tail: TailHub }) => void;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const entries = new Counter({
    name: "akavelog_accepted_entries_total",
    help: "Entries that were made durable.",
    registers,
  });
  const bytes = new Counter({
    name: "akavelog_accepted_bytes_total",
    help: "Bytes of those entries as canonical lines.",
    registers,
  });
  return {
    registry,
    countAccepted({ block }) {
      entries.inc(block.count);
      bytes.inc(block.bytes.length);
    },
    watch({ ingester, tail }) {
      gauge("akavelog_wal_bytes", "Bytes of the WAL that are not in the store yet.", () => ingester.walBytes);
      gauge("akavelog_takes_logs", "1 while this process takes logs.", () =>
        ingester.reasonToRefuse === null ? 1 : 0,
      );
      gauge("akavelog_store_up", "0 while objects cannot be put.", () => (ingester.trouble.store === null ? 1 : 0));
      gauge("akavelog_database_up", "0 while rows cannot be written.", () =>
        ingester.trouble.catalog === null ? 1 : 0,
      );
      gauge("akavelog_followed_projects", "Projects that somebody follows live.", () => tail.followed().length);
    },
  };

  function gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  }
}
