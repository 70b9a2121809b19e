import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { watchParts, type MeasuredParts } from "#app/server/http/watch-parts.ts";
import type { BatchObserver } from "#app/server/ingest/measured-batch-catalog.ts";
import type { DurableBlock } from "#app/server/ingest/open-batches.ts";
import type { StoreCall } from "#app/server/o3/measured-object-store.ts";

/** Metrics is what a process tells of itself. Projects are named by their ids, and so many of them alone. */
export interface Metrics {
  registry: Registry;
  countAccepted: (durable: DurableBlock) => void;
  /** Records of a request that was read. */
  countRejected: (records: number) => void;
  /** A request of a sender that was refused whole, by the code of its error. */
  countRefused: (code: string) => void;
  observeAnswer: (answer: Answered) => void;
  observeStore: (call: StoreCall) => void;
  observeSync: (elapsedMs: number) => void;
  observeCanary: (elapsedMs: number) => void;
  batches: BatchObserver;
  /** The parts that are asked when somebody looks. */
  watch: (parts: MeasuredParts) => void;
}

/** Answered is a request that was answered to its end. */
export interface Answered {
  /** One of few. */
  route: string;
  status: number;
  elapsedMs: number;
}

/** Every further project is counted as `other`: a series for each of thousands would cost Prometheus more than it tells. */
const MAX_PROJECTS = 100;
const OTHER_PROJECTS = "other";

const QUICK_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const SLOW_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[] = []) =>
    new Counter({ name, help, labelNames, registers });
  const histogram = <Label extends string>(name: string, help: string, buckets: number[], labelNames: Label[] = []) =>
    new Histogram({ name, help, buckets, labelNames, registers });

  const entries = counter("akavelog_accepted_entries_total", "Entries that were made durable.");
  const bytes = counter("akavelog_accepted_bytes_total", "Bytes of those entries as canonical lines.");
  const projectEntries = counter("akavelog_project_entries_total", "Entries that were made durable, by project.", [
    "project",
  ]);
  const projectBytes = counter("akavelog_project_bytes_total", "Bytes of those entries, by project.", ["project"]);
  const rejected = counter("akavelog_rejected_records_total", "Records that were refused by themselves.");
  const refused = counter("akavelog_refused_requests_total", "Requests of senders that were refused whole.", [
    "reason",
  ]);
  const answers = histogram("akavelog_http_request_seconds", "Until the last byte of an answer was sent.", SLOW_S, [
    "route",
    "status",
  ]);
  const calls = histogram("akavelog_store_request_seconds", "Calls of the object store.", SLOW_S, [
    "operation",
    "outcome",
  ]);
  const syncs = histogram("akavelog_wal_sync_seconds", "One fdatasync of the WAL.", QUICK_S);
  const canary = histogram("akavelog_canary_seconds", "From sending a line of the server's own to finding it.", SLOW_S);
  const commits = histogram("akavelog_commit_seconds", "One batch's row, counts and ledger entry.", QUICK_S);
  const batchEntries = histogram(
    "akavelog_batch_entries",
    "Entries of committed batches.",
    [1, 10, 100, 1_000, 10_000],
  );
  const batchBytes = histogram(
    "akavelog_batch_bytes",
    "Bytes of their objects.",
    [1e3, 1e4, 1e5, 2.5e5, 5e5, 1e6, 2.5e6, 5e6, 1e7],
  );
  const delay = histogram(
    "akavelog_commit_delay_seconds",
    "From the receipt of a batch's last entry until it is in store and catalog.",
    [1, 5, 10, 20, 30, 60, 120, 300, 900, 3_600],
  );
  const quarantined = counter("akavelog_quarantined_batches_total", "Batches that the catalog refused for ever.");
  const missing = counter("akavelog_missing_objects_total", "Objects that queries found gone from the store.");

  const byProject = new Map<string, { entries: Counter.Internal; bytes: Counter.Internal }>();
  function countersOf(projectId: string) {
    let counters = byProject.get(projectId);
    if (counters === undefined) {
      const project = byProject.size < MAX_PROJECTS ? projectId : OTHER_PROJECTS;
      counters = { entries: projectEntries.labels(project), bytes: projectBytes.labels(project) };
      // The others share one place in the table, so that it stays as small as the list.
      if (project === OTHER_PROJECTS) return counters;
      byProject.set(projectId, counters);
    }
    return counters;
  }

  return {
    registry,
    countAccepted({ projectId, block }) {
      entries.inc(block.count);
      bytes.inc(block.bytes.length);
      const own = countersOf(projectId);
      own.entries.inc(block.count);
      own.bytes.inc(block.bytes.length);
    },
    countRejected(records) {
      if (records > 0) rejected.inc(records);
    },
    countRefused: (code) => refused.labels(code.toLowerCase()).inc(),
    observeAnswer: ({ route, status, elapsedMs }) =>
      answers.labels(route, `${Math.floor(status / 100)}xx`).observe(elapsedMs / 1000),
    observeStore: ({ operation, outcome, elapsedMs }) => calls.labels(operation, outcome).observe(elapsedMs / 1000),
    observeSync: (elapsedMs) => syncs.observe(elapsedMs / 1000),
    observeCanary: (elapsedMs) => canary.observe(elapsedMs / 1000),
    batches: {
      onCommitted(batch, elapsedMs) {
        commits.observe(elapsedMs / 1000);
        batchEntries.observe(batch.entries);
        batchBytes.observe(batch.bytes);
        delay.observe(Math.max(0, Date.now() - batch.receivedAtMs) / 1000);
      },
      onRefused: () => quarantined.inc(),
      onMissing: () => missing.inc(),
    },
    watch: (parts) =>
      watchParts(parts, {
        gauge: (name, help, read) =>
          void new Gauge({
            name,
            help,
            registers,
            collect() {
              this.set(read());
            },
          }),
        counter: (name, help, read) =>
          void new Counter({
            name,
            help,
            registers,
            collect() {
              this.reset();
              this.inc(read());
            },
          }),
      }),
  };
}
