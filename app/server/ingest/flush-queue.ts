import { reasonOf } from "#app/core/errors.ts";
import { CatalogError, type BatchCatalog, type CommittedBatch } from "#app/server/ingest/batch-catalog.ts";
import type { LocalBatch } from "#app/server/ingest/local-batches.ts";
import type { Spool } from "#app/server/ingest/spool.ts";
import type { ObjectStore } from "#app/server/o3/object-store.ts";
import { putVerified } from "#app/server/o3/put-verified.ts";
import { backoffMs } from "#app/server/o3/retry-backoff.ts";
import type { Clock } from "#app/server/system/clock.ts";
import type { Logger } from "#app/server/system/logger.ts";
import { noTracer, type Tracer } from "#app/server/system/tracer.ts";

export interface FlushQueueOptions {
  spool: Spool;
  store: ObjectStore;
  catalog: BatchCatalog;
  /** `trust-store` only for a store that refuses bytes which do not have the announced sha256. */
  verify: "read-back" | "trust-store";
  clock: Clock;
  /** Uniform in [0, 1). */
  random: () => number;
  logger: Logger;
  tracer?: Tracer | undefined;
  /** Called once the catalog has the batch, before anything of it is removed. */
  onCommitted: (batch: LocalBatch) => Promise<void>;
  /** Called when the catalog refused the batch for ever and its object was put aside. */
  onQuarantined: (batch: LocalBatch) => Promise<void>;
}

/** SpooledBatch is a batch whose object is durable in the spool. */
export interface SpooledBatch {
  batch: LocalBatch;
  sealed: CommittedBatch;
  spoolPath: string;
  /** The object itself where it was just built. */
  bytes: Buffer | null;
  /** An earlier put of it, perhaps before a crash, has an unknown outcome. */
  isRetried: boolean;
}

interface QueuedFlush extends SpooledBatch {
  attempts: number;
  notBeforeMs: number;
  /** The object is known to be in the store; what is left is the commit. */
  isStored: boolean;
}

/** A store that is back is noticed within seconds; the first success then hurries the rest. */
const FLUSH_BACKOFF = { firstDelayMs: 200, maxDelayMs: 8_000 };
/** Uploads that run at once; a put of a batch takes some round trips, not bandwidth. */
const MAX_CONCURRENT = 4;

/**
 * FlushQueue moves sealed batches from the spool into the store and commits their rows, in any order and for as long as it
 * takes. A batch that fails waits by itself (full jitter) and gives its turn to another; turns go to the project with the
 * fewest running, so one project's backlog does not hold up another's.
 */
export class FlushQueue {
  readonly #options: FlushQueueOptions;
  readonly #tracer: Tracer;
  readonly #waiting: QueuedFlush[] = [];
  readonly #running = new Map<QueuedFlush, Promise<void>>();
  readonly #stopping = new AbortController();
  #wakeUp: (() => void) | null = null;
  #loop: Promise<void> | null = null;
  #storeFailure: string | null = null;
  #catalogFailure: string | null = null;

  constructor(options: FlushQueueOptions) {
    this.#options = options;
    this.#tracer = options.tracer ?? noTracer;
  }

  /** Why the last put or commit failed, null after one that worked. */
  get trouble(): { store: string | null; catalog: string | null } {
    return { store: this.#storeFailure, catalog: this.#catalogFailure };
  }

  get length(): number {
    return this.#waiting.length + this.#running.size;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Ends what is running at its next step; everything unfinished stays in spool and WAL. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error("the flush queue stops"));
    this.#wakeUp?.();
    await this.#loop;
    await Promise.all(this.#running.values());
  }

  add(spooled: SpooledBatch): void {
    // What has to wait is read from the spool when its turn comes: a store that is away must not fill the memory.
    const bytes = this.length < MAX_CONCURRENT ? spooled.bytes : null;
    this.#waiting.push({ ...spooled, bytes, attempts: 0, notBeforeMs: 0, isStored: false });
    this.#wakeUp?.();
  }

  /** What was away is back: batches that wait out a failure try at once. */
  #hurry(): void {
    for (const flush of this.#waiting) flush.notBeforeMs = 0;
    this.#wakeUp?.();
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const next = this.#running.size < MAX_CONCURRENT ? this.#takeNext() : null;
      if (next === null) {
        await this.#waitForWork();
        continue;
      }
      const flushing = this.#flush(next).finally(() => {
        this.#running.delete(next);
        this.#wakeUp?.();
      });
      this.#running.set(next, flushing);
    }
  }

  #takeNext(): QueuedFlush | null {
    const nowMs = this.#options.clock.nowMs();
    const runningByProject = new Map<string, number>();
    for (const { batch } of this.#running.keys()) {
      runningByProject.set(batch.projectId, (runningByProject.get(batch.projectId) ?? 0) + 1);
    }
    let best = -1;
    let fewest = Infinity;
    for (const [i, flush] of this.#waiting.entries()) {
      if (flush.notBeforeMs > nowMs) continue;
      const running = runningByProject.get(flush.batch.projectId) ?? 0;
      if (running < fewest) {
        best = i;
        fewest = running;
        if (running === 0) break;
      }
    }
    return best === -1 ? null : (this.#waiting.splice(best, 1)[0] ?? null);
  }

  async #waitForWork(): Promise<void> {
    const nowMs = this.#options.clock.nowMs();
    const earliestMs = Math.min(...this.#waiting.map((flush) => flush.notBeforeMs));
    const isBusy = this.#running.size >= MAX_CONCURRENT;
    const timer = new AbortController();
    const woken = new Promise<void>((resolve) => (this.#wakeUp = resolve));
    if (Number.isFinite(earliestMs) && !isBusy) {
      const slept = this.#options.clock.sleep(Math.max(1, earliestMs - nowMs), timer.signal).catch(() => undefined);
      await Promise.race([woken, slept]);
    } else {
      await woken;
    }
    timer.abort();
    this.#wakeUp = null;
  }

  async #flush(flush: QueuedFlush): Promise<void> {
    const { signal } = this.#stopping;
    try {
      const outcome = await this.#tracer.trace("upload", async (span) => {
        span.set("akavelog.project_id", flush.batch.projectId);
        span.set("akavelog.entries", flush.sealed.entries);
        span.set("akavelog.bytes", flush.sealed.bytes);
        span.set("akavelog.attempt", flush.attempts);
        return await this.#putAndCommit(flush, signal);
      });
      if (outcome === "quarantined") await this.#options.onQuarantined(flush.batch);
      else await this.#options.onCommitted(flush.batch);
    } catch (error) {
      if (signal.aborted) return;
      const waitMs = backoffMs(flush.attempts++, this.#options.random, FLUSH_BACKOFF);
      flush.notBeforeMs = this.#options.clock.nowMs() + waitMs;
      this.#waiting.push(flush);
      const { objectKey } = flush.sealed;
      this.#options.logger.warn({ err: error, objectKey, attempts: flush.attempts, waitMs }, "cannot flush batch yet");
    }
  }

  async #putAndCommit(flush: QueuedFlush, signal: AbortSignal): Promise<"committed" | "quarantined"> {
    if (!flush.isStored) await this.#put(flush, signal);
    return await this.#commit(flush);
  }

  async #put(flush: QueuedFlush, signal: AbortSignal): Promise<void> {
    const { objectKey, sha256 } = flush.sealed;
    const bytes = flush.bytes ?? (await this.#options.spool.read(flush.spoolPath, sha256));
    flush.bytes = null;
    const retried = flush.isRetried || flush.attempts > 0;
    try {
      await putVerified(this.#options.store, objectKey, bytes, sha256, {
        verify: this.#options.verify,
        retried,
        signal,
      });
    } catch (error) {
      if (!signal.aborted) this.#storeFailure = reasonOf(error);
      throw error;
    }
    flush.isStored = true;
    if (this.#storeFailure !== null) this.#hurry();
    this.#storeFailure = null;
  }

  async #commit(flush: QueuedFlush): Promise<"committed" | "quarantined"> {
    try {
      await this.#options.catalog.commitBatch(flush.sealed);
    } catch (error) {
      if (error instanceof CatalogError && error.kind === "data") {
        this.#options.logger.error(
          { err: error, objectKey: flush.sealed.objectKey },
          "the catalog refuses this batch for ever: its object is put aside in quarantine/",
        );
        return "quarantined";
      }
      this.#catalogFailure = reasonOf(error);
      throw error;
    }
    if (this.#catalogFailure !== null) this.#hurry();
    this.#catalogFailure = null;
    return "committed";
  }
}
