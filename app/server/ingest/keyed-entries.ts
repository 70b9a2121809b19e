import { reasonOf } from "#app/core/errors.ts";
import type { IdempotencyCatalog } from "#app/server/ingest/idempotency-catalog.ts";
import type { LocalBatch } from "#app/server/ingest/local-batches.ts";
import type { DurableBlock } from "#app/server/ingest/open-batches.ts";
import type { WalIdempotency } from "#app/server/ingest/wal-payload.ts";
import type { Clock } from "#app/server/system/clock.ts";
import type { Logger } from "#app/server/system/logger.ts";

/**
 * KeyedOutcome says what became of durable entries with an Idempotency-Key: they are in these batches; they wait for the
 * database to say whose the key is; or another process took the key over, and they are dropped.
 */
export type KeyedOutcome =
  { state: "batched"; batches: Set<LocalBatch> } | { state: "waiting" } | { state: "taken-over" };

export interface KeyedEntriesOptions {
  idempotency: IdempotencyCatalog;
  /** Files entries whose key is settled. */
  batch: (durable: DurableBlock) => Set<LocalBatch>;
  /** Lets the WAL go of entries that another process stores. */
  drop: (durable: DurableBlock) => void;
  clock: Clock;
  logger: Logger;
}

const RETRY_MS = 1_000;

/**
 * KeyedEntries keeps durable entries out of every batch until their key is settled. A key is settled once, and what is in no
 * batch is never stored, so it makes no difference when a process dies or is cut off: either it settles the key, here or at
 * its replay, or another process that took the key over did so before, and stores the entries instead.
 */
export class KeyedEntries {
  readonly #options: KeyedEntriesOptions;
  readonly #waiting = new Set<DurableBlock>();
  readonly #retries = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(options: KeyedEntriesOptions) {
    this.#options = options;
  }

  /** Of entries that wait, the earliest receipt. */
  get oldestWaitingMs(): number {
    let oldestMs = Infinity;
    for (const { receivedAtMs } of this.#waiting) oldestMs = Math.min(oldestMs, receivedAtMs);
    return oldestMs;
  }

  async settle(durable: DurableBlock, idempotency: WalIdempotency, isFinal: boolean): Promise<KeyedOutcome> {
    try {
      return await this.#settleOnce(durable, idempotency, isFinal);
    } catch (error) {
      this.#options.logger.warn({ reason: reasonOf(error) }, "cannot settle an Idempotency-Key yet: its entries wait");
      this.#waiting.add(durable);
      const retry = this.#retry(durable, idempotency).finally(() => this.#retries.delete(retry));
      this.#retries.add(retry);
      return { state: "waiting" };
    }
  }

  /** What still waits stays in the WAL, and replay settles it. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error("no more keys are settled"));
    await Promise.all(this.#retries);
  }

  async #settleOnce(durable: DurableBlock, idempotency: WalIdempotency, isFinal: boolean): Promise<KeyedOutcome> {
    const { key, claimId, digest, answer } = idempotency;
    const { projectId, walId, receivedAtMs } = durable;
    const claim = { projectId, key, claimId, walId, digest, receivedAtMs };
    const isOurs = await this.#options.idempotency.settle(claim, { status: 202, body: answer }, { isFinal });
    if (isOurs) return { state: "batched", batches: this.#options.batch(durable) };
    this.#options.drop(durable);
    return { state: "taken-over" };
  }

  async #retry(durable: DurableBlock, idempotency: WalIdempotency): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stopping;
    for (;;) {
      await clock.sleep(RETRY_MS, signal).catch(() => undefined);
      if (signal.aborted) return;
      // The sender has had its answer, so this one is final.
      const outcome = await this.#settleOnce(durable, idempotency, true).catch(() => null);
      if (outcome === null) continue;
      this.#waiting.delete(durable);
      // They were acknowledged before the batch was opened; who waits for what is acknowledged goes by this time.
      if (outcome.state === "batched")
        for (const batch of outcome.batches) batch.openedAtMs = Math.min(batch.openedAtMs, durable.receivedAtMs);
      return;
    }
  }
}
