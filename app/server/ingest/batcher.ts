import { AkavelogError } from "#app/core/errors.ts";
import type { Tier0Object } from "#app/server/ingest/build-tier0.ts";
import type { FlushQueue, SpooledBatch } from "#app/server/ingest/flush-queue.ts";
import type { LocalBatch, LocalBatches } from "#app/server/ingest/local-batches.ts";
import { OpenBatches, type BatchLimits, type DurableBlock } from "#app/server/ingest/open-batches.ts";
import type { Spool } from "#app/server/ingest/spool.ts";
import { encodeSeal } from "#app/server/ingest/wal-payload.ts";
import type { Wal } from "#app/server/ingest/wal.ts";
import type { SealableBatch } from "#app/server/ingest/merge-parts.ts";
import type { Clock } from "#app/server/system/clock.ts";
import type { Logger } from "#app/server/system/logger.ts";
import { backoffMs } from "#app/server/o3/retry-backoff.ts";

/** BacklogFullError: nothing was stored; the sender should come again after `retryAfterMs`. */
export class BacklogFullError extends AkavelogError {
  readonly retryAfterMs: number;
  constructor(reason: string, retryAfterMs: number) {
    super("BACKLOG_FULL", `cannot accept entries: ${reason}`);
    this.retryAfterMs = retryAfterMs;
  }
}

export interface BatcherOptions {
  limits: BatchLimits;
  /** When the lines of all unsealed batches together reach this, the largest is sealed. */
  bufferMaxBytes: number;
  local: LocalBatches;
  spool: Spool;
  flushQueue: FlushQueue;
  /** Builds an object, in another thread where there is one. */
  buildObject: (batch: SealableBatch) => Promise<Tier0Object>;
  clock: Clock;
  random: () => number;
  logger: Logger;
}

/** BatchWal is a WAL as the batcher uses it: where seals go, and the numbers its batches get. */
export interface BatchWal {
  wal: Wal;
  nextBatchNo: number;
}

const SEAL_CHECK_INTERVAL_MS = 250;
/** What is open and what is being sealed may take this much of the buffer's budget together. */
const ROOM_FACTOR = 1.5;
/** While one batch waits for the disk, the next is built. */
const MAX_CONCURRENT_SEALS = 3;
/** Sealing falls behind only when the disk does; then accepting waits this long before it refuses. */
const MAX_WAIT_FOR_ROOM_MS = 5_000;
const FULL_RETRY_AFTER_MS = 2_000;

/**
 * Batcher gathers durable entries into batches and seals them: object into the spool, then the seal into the WAL,
 * then off to the flush queue. In that order, so that every seal in a WAL names an object that was complete.
 */
export class Batcher {
  readonly #options: BatcherOptions;
  readonly #open: OpenBatches;
  readonly #wals = new Map<string, BatchWal>();
  readonly #toSeal: LocalBatch[] = [];
  readonly #stopping = new AbortController();
  /** Bytes of lines in open batches, and in those that are being sealed. */
  #openBytes = 0;
  #sealingBytes = 0;
  readonly #sealing = new Set<Promise<void>>();
  #ageLoop: Promise<void> | null = null;
  #roomWaiters: (() => void)[] = [];

  constructor(options: BatcherOptions) {
    this.#options = options;
    this.#open = new OpenBatches({
      limits: options.limits,
      onOpened: (batch) => options.local.add(batch),
      onFull: (batch) => this.seal(batch),
    });
  }

  addWal(wal: BatchWal): void {
    this.#wals.set(wal.wal.walId, wal);
  }

  start(): void {
    this.#ageLoop ??= this.#sealByAge();
  }

  /** Waits until there is room for more lines; throws BacklogFullError when none comes in time. */
  async waitForRoom(maxWaitMs = MAX_WAIT_FOR_ROOM_MS): Promise<void> {
    if (this.#hasRoom) return;
    const deadlineMs = this.#options.clock.nowMs() + maxWaitMs;
    while (!this.#hasRoom) {
      const timer = new AbortController();
      const room = new Promise<void>((resolve) => this.#roomWaiters.push(resolve));
      const timeout = this.#options.clock.sleep(MAX_WAIT_FOR_ROOM_MS, timer.signal).catch(() => undefined);
      await Promise.race([room, timeout]);
      timer.abort();
      if (this.#options.clock.nowMs() >= deadlineMs && !this.#hasRoom) {
        throw new BacklogFullError("sealing does not keep up with what is sent", FULL_RETRY_AFTER_MS);
      }
    }
  }

  /** Files durable entries; returns the batches they went to. Searches see them from here on. */
  add(durable: DurableBlock, from = 0, to = durable.block.count): Set<LocalBatch> {
    const { batches, rawBytes } = this.#open.add(durable, this.#options.clock.nowMs(), from, to);
    this.#openBytes += rawBytes;
    if (this.#openBytes >= this.#options.bufferMaxBytes) {
      const largest = this.#open.largest();
      if (largest !== null) this.#sealWhere((batch) => batch === largest);
    }
    return batches;
  }

  /** Counts lines that replay put into a batch by itself. */
  addReplayed(batch: LocalBatch): void {
    this.#options.local.add(batch);
    this.#openBytes += batch.rawBytes;
    this.seal(batch);
  }

  sealProject(projectId: string): void {
    this.#sealWhere((batch) => batch.projectId === projectId);
  }

  sealAll(): void {
    this.#sealWhere(() => true);
  }

  /** Seals a batch that is no longer open; it is flushed later. */
  seal(batch: LocalBatch): void {
    batch.state = "sealing";
    this.#openBytes -= batch.rawBytes;
    this.#sealingBytes += batch.rawBytes;
    this.#toSeal.push(batch);
    this.#startSealing();
  }

  /** Resolves when everything sealed so far is in the spool. */
  async sealed(): Promise<void> {
    while (this.#sealing.size > 0) await Promise.all(this.#sealing);
  }

  /** Stops sealing; what is unsealed stays in the WAL. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error("the batcher stops"));
    await this.#ageLoop;
    await Promise.all(this.#sealing);
  }

  get #hasRoom(): boolean {
    return this.#openBytes + this.#sealingBytes < ROOM_FACTOR * this.#options.bufferMaxBytes;
  }

  /** Seals what holds an entry of an earlier record than this: it keeps the WAL's oldest file from going. */
  sealBefore(walId: string, sequence: number): void {
    this.#sealWhere((batch) => batch.walId === walId && batch.parts.some((part) => part.sequence < sequence));
  }

  #sealWhere(isWanted: (batch: LocalBatch) => boolean): void {
    for (const batch of this.#open.take(isWanted)) this.seal(batch);
  }

  async #sealByAge(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#stopping.signal.aborted) {
      const nowMs = clock.nowMs();
      this.#sealWhere((batch) => this.#open.isExpired(batch, nowMs));
      await clock.sleep(SEAL_CHECK_INTERVAL_MS, this.#stopping.signal).catch(() => undefined);
    }
  }

  #startSealing(): void {
    while (this.#sealing.size < MAX_CONCURRENT_SEALS) {
      const batch = this.#toSeal.shift();
      if (batch === undefined || this.#stopping.signal.aborted) return;
      const sealing = this.#sealUntilDone(batch).finally(() => {
        this.#sealing.delete(sealing);
        this.#startSealing();
      });
      this.#sealing.add(sealing);
    }
  }

  /** A full disk or a dead thread passes; the entries are safe in the WAL and stay searchable meanwhile. */
  async #sealUntilDone(batch: LocalBatch): Promise<void> {
    const { clock, logger, random } = this.#options;
    for (let attempts = 0; !this.#stopping.signal.aborted; attempts++) {
      try {
        await this.#sealOnce(batch);
        return;
      } catch (error) {
        const waitMs = backoffMs(attempts, random);
        logger.error({ err: error, projectId: batch.projectId, attempts, waitMs }, "cannot seal batch yet");
        await clock.sleep(waitMs, this.#stopping.signal).catch(() => undefined);
      }
    }
  }

  async #sealOnce(batch: LocalBatch): Promise<void> {
    const owner = this.#wals.get(batch.walId);
    if (owner === undefined) throw new Error(`cannot seal batch: WAL ${batch.walId} is not open`);
    // The number is kept over attempts and crashes: it is what the ledger knows the batch by.
    const batchNo = (batch.batchNo ??= owner.nextBatchNo++);
    const { projectId, walId, parts, ranges, receivedAtMs } = batch;
    // Replay finds the entries in the order of the WAL, and must build the same bytes from them.
    parts.sort((a, b) => a.sequence - b.sequence || a.from - b.from);
    const object = await this.#options.buildObject({ projectId, walId, batchNo, receivedAtMs, parts });
    const { objectKey, sha256, entries } = object.batch;
    const spoolPath = await this.#options.spool.write(walId, batchNo, object.bytes);
    await owner.wal.append(encodeSeal({ type: "seal", projectId, batchNo, objectKey, sha256, entries, ranges }));
    this.markSpooled({ batch, sealed: object.batch, spoolPath, bytes: object.bytes, isRetried: false });
  }

  /** Releases a batch's memory and sends it to the store. */
  markSpooled(spooled: SpooledBatch): void {
    const { batch, sealed, spoolPath } = spooled;
    batch.sealed = sealed;
    batch.spoolPath = spoolPath;
    if (batch.parts.length > 0) this.#sealingBytes -= batch.rawBytes;
    batch.parts = [];
    batch.state = "spooled";
    this.#options.flushQueue.add(spooled);
    const waiters = this.#roomWaiters;
    this.#roomWaiters = [];
    for (const resolve of waiters) resolve();
  }
}
