import path from "node:path";
import { BacklogFullError, Batcher } from "#app/server/ingest/batcher.ts";
import { DiskBudget } from "#app/server/ingest/disk-budget.ts";
import { FlushQueue } from "#app/server/ingest/flush-queue.ts";
import { KeyedEntries, type KeyedOutcome } from "#app/server/ingest/keyed-entries.ts";
import { LocalBatches, type LocalBatch } from "#app/server/ingest/local-batches.ts";
import type { DurableBlock } from "#app/server/ingest/open-batches.ts";
import { replayWal } from "#app/server/ingest/replay-wal.ts";
import { Spool } from "#app/server/ingest/spool.ts";
import { encodeEntries } from "#app/server/ingest/wal-payload.ts";
import { WalRelease } from "#app/server/ingest/wal-release.ts";
import { WalSet } from "#app/server/ingest/wal-set.ts";
import { Wal, WalFullError } from "#app/server/ingest/wal.ts";
import { syncAncestors } from "#app/server/system/sync-ancestors.ts";
import type { AcceptRequest, IngesterOptions } from "#app/server/ingest/ingester-options.ts";

/** A WAL file holds some batches; smaller ones are released sooner, larger ones are made less often. */
const WAL_FILE_MAX_BYTES = 64 * 1024 * 1024;
const WAL_FILES_PER_BUDGET = 16;
/** Requests that wait for their commit share a batch when they come this close together. */
const COMMIT_GATHER_MS = 100;
const DISK_FULL_RETRY_AFTER_MS = 10_000;

/**
 * Ingester is the way of a log line from an accepted request to the catalog: WAL, batch, spool, store, row.
 * `start()` first replays what earlier processes left.
 */
export class Ingester {
  readonly local = new LocalBatches();
  /** What replay found broken in the WALs of earlier processes. */
  readonly damage = { damagedBytes: 0, lostRecords: 0 };
  readonly #options: IngesterOptions;
  readonly #spool: Spool;
  readonly #flushQueue: FlushQueue;
  readonly #batcher: Batcher;
  readonly #keyed: KeyedEntries;
  readonly #budget: DiskBudget;
  readonly #wals: WalSet;
  readonly #commitTimers = new Map<string, NodeJS.Timeout>();
  /** This process's own WAL while it takes entries. */
  #own: WalRelease | null = null;
  /** Batches with entries before this sequence number are sealed. */
  #sealedBefore = 0;

  constructor(options: IngesterOptions) {
    this.#options = options;
    const { fileSystem, catalog, clock, random, logger } = options;
    this.#wals = new WalSet({ catalog, local: this.local, logger });
    this.#spool = new Spool({
      fileSystem,
      directory: path.join(options.dataDir, "spool"),
      quarantineDirectory: this.#quarantineDirectory,
    });
    this.#flushQueue = new FlushQueue({
      spool: this.#spool,
      store: options.store,
      catalog,
      verify: options.verifyPuts,
      clock,
      random,
      logger,
      tracer: options.tracer,
      onCommitted: (batch) => this.#finishCommitted(batch),
      onQuarantined: (batch) => this.#finishQuarantined(batch),
    });
    this.#batcher = new Batcher({
      limits: options.limits,
      bufferMaxBytes: options.bufferMaxBytes,
      local: this.local,
      spool: this.#spool,
      flushQueue: this.#flushQueue,
      buildObject: options.buildObject,
      clock,
      random,
      logger,
    });
    this.#keyed = new KeyedEntries({
      idempotency: options.idempotency,
      batch: (durable) => this.#addToBatches(durable),
      drop: ({ walId, sequence, block }) => void this.#wals.markStored(walId, [[sequence, 0, block.count]]),
      clock,
      logger,
    });
    this.#budget = new DiskBudget({
      fileSystem,
      clock,
      directory: options.dataDir,
      walMaxBytes: options.walMaxBytes,
      walBytes: () => this.walBytes,
    });
  }

  get walBytes(): number {
    return this.#wals.sizeBytes;
  }

  get flushQueueLength(): number {
    return this.#flushQueue.length;
  }

  /** The WALs whose entries searches of this process see: its own, and earlier ones as long as they are not stored. */
  get walIds(): string[] {
    return [...new Set([this.#options.walId, ...this.#wals.ids])];
  }

  /** What keeps sealed batches from the store or the catalog at the moment. */
  get trouble(): { store: string | null; catalog: string | null } {
    return this.#flushQueue.trouble;
  }

  /** Why entries would be refused now, or null. */
  get reasonToRefuse(): string | null {
    return this.#own === null ? "the server has not started yet" : this.#budget.reasonToRefuse(0);
  }

  /** Throws BacklogFullError when entries would be refused; asked before a body is read. */
  assertRoom(): void {
    if (this.#own === null) throw new BacklogFullError("the server has not started yet", DISK_FULL_RETRY_AFTER_MS);
    this.#sealForRoom(this.#own.wal);
    this.#budget.admit(0);
  }

  /**
   * A project that sends little would keep the oldest file, and with it all behind it, until its batch is old enough: once
   * half of the budget is used nobody waits for that.
   */
  #sealForRoom(wal: Wal): void {
    const bound = wal.files[1]?.firstSequence;
    if (bound === undefined || bound === this.#sealedBefore || this.walBytes < this.#options.walMaxBytes / 2) return;
    this.#sealedBefore = bound;
    this.#batcher.sealBefore(wal.walId, bound);
  }

  /** Replays the WALs of earlier processes, then opens this process's own. The catalog must be reachable. */
  async start(): Promise<void> {
    const { fileSystem, logger, walId } = this.#options;
    await fileSystem.makeDirectory(this.#walDirectory);
    // Also when it was there: the process that made it may have died before its name was durable.
    await fileSystem.syncDirectory(this.#options.dataDir);
    await syncAncestors(fileSystem, this.#options.dataDir);
    await this.#spool.open();
    await this.#budget.check();
    const earlierWalIds = await fileSystem.list(this.#walDirectory);
    await this.#spool.removeAllBut(earlierWalIds);
    this.#flushQueue.start();
    for (const earlierWalId of earlierWalIds) await this.#replay(earlierWalId);

    const wal = await Wal.open({
      directory: this.#walDirectory,
      walId,
      fileSystem,
      maxFileBytes: this.#walFileMaxBytes,
      ...(this.#options.onSynced === undefined ? {} : { onSynced: this.#options.onSynced }),
      onFailure: this.#options.onFailure,
    });
    const own = new WalRelease(wal, { isDraining: false });
    this.#wals.add(own);
    this.local.addWal(walId);
    this.#batcher.addWal({ wal, nextBatchNo: 0 });
    this.#batcher.start();
    this.#own = own;
    logger.info({ walId }, "the WAL is open");
  }

  /**
   * accept resolves once the entries are fsynced, with the batches they went to; searches of this process see them then.
   * Entries with an Idempotency-Key may still wait for the database, or be dropped for another process's: see KeyedOutcome.
   * Throws BacklogFullError (nothing was stored) or WalFailedError (unknown, the process is ending).
   */
  async accept(request: AcceptRequest): Promise<KeyedOutcome> {
    const own = this.#own;
    if (own === null) throw new BacklogFullError("the server is stopping", DISK_FULL_RETRY_AFTER_MS);
    const { projectId, block, receivedAtMs, idempotency } = request;
    this.#budget.admit(block.bytes.length);
    await this.#batcher.waitForRoom();
    let sequence: number;
    try {
      const payload = encodeEntries(projectId, receivedAtMs, block, idempotency);
      sequence = await own.append(payload, block.count);
    } catch (error) {
      if (error instanceof WalFullError) throw new BacklogFullError("the disk is full", DISK_FULL_RETRY_AFTER_MS);
      throw error;
    }
    const durable = { projectId, walId: own.wal.walId, sequence, block, receivedAtMs };
    if (idempotency !== null) return await this.#keyed.settle(durable, idempotency, request.isAnswerFinal ?? true);
    return { state: "batched", batches: this.#addToBatches(durable) };
  }

  #addToBatches(durable: DurableBlock): Set<LocalBatch> {
    this.#options.onAccepted?.(durable);
    return this.#batcher.add(durable);
  }

  /** What was acknowledged here before this moment is found by searches of this process. */
  searchableThroughMs(nowMs: number): number {
    return Math.min(nowMs, this.#keyed.oldestWaitingMs);
  }

  /** What was acknowledged here before this moment is in the catalog. */
  committedThroughMs(nowMs: number): number {
    return Math.min(this.local.committedThroughMs(nowMs), this.#keyed.oldestWaitingMs);
  }

  /** Reads a batch that is sealed and not yet in the store. */
  readSpool(spoolPath: string, sha256: string): Promise<Buffer> {
    return this.#spool.read(spoolPath, sha256);
  }

  /** Seals the project's batches soon; requests that ask meanwhile share them. */
  sealSoon(projectId: string): void {
    if (this.#commitTimers.has(projectId)) return;
    const timer = setTimeout(() => {
      this.#commitTimers.delete(projectId);
      this.#batcher.sealProject(projectId);
    }, COMMIT_GATHER_MS);
    this.#commitTimers.set(projectId, timer);
  }

  /**
   * Seals and flushes what it can within `graceMs`; everything else is safe in WAL and spool and goes on at the next start.
   */
  async close(graceMs: number): Promise<void> {
    this.#own = null;
    for (const timer of this.#commitTimers.values()) clearTimeout(timer);
    await this.#keyed.stop();
    this.#batcher.sealAll();
    await this.#flushAll(graceMs);
    await this.#batcher.stop();
    await this.#flushQueue.stop();
    await this.#wals.close();
  }

  async #flushAll(graceMs: number): Promise<void> {
    const deadlineMs = this.#options.clock.nowMs() + graceMs;
    await Promise.race([this.#batcher.sealed(), this.#options.clock.sleep(graceMs)]);
    while (this.#flushQueue.length > 0 && this.#options.clock.nowMs() < deadlineMs) await this.#options.clock.sleep(20);
  }

  async #replay(walId: string): Promise<void> {
    const { fileSystem, clock, logger, catalog, idempotency, onFailure } = this.#options;
    const startedAtMs = clock.nowMs();
    const replayed = await replayWal(
      {
        directory: this.#walDirectory,
        quarantineDirectory: this.#quarantineDirectory,
        walFileMaxBytes: this.#walFileMaxBytes,
        fileSystem,
        clock,
        logger,
        spool: this.#spool,
        local: this.local,
        batcher: this.#batcher,
        catalog,
        idempotency,
        onFailure,
        onReleaseReady: (release) => this.#wals.add(release),
      },
      walId,
    );
    const { replayedEntries, damagedBytes, lostRecords } = replayed;
    this.damage.damagedBytes += damagedBytes;
    this.damage.lostRecords += lostRecords;
    const elapsedMs = clock.nowMs() - startedAtMs;
    logger.info({ walId, replayedEntries, damagedBytes, lostRecords, elapsedMs }, "replayed an earlier WAL");
    await this.#wals.stopHolding(walId);
  }

  async #finishCommitted(batch: LocalBatch): Promise<void> {
    batch.state = "committed";
    batch.resolveCommitted(batch.sealed?.objectKey ?? "");
    this.local.leave(batch, () => void this.#finishLeft(batch));
    await this.#wals.markStored(batch.walId, batch.ranges);
    await this.#wals.letGo(batch.walId);
  }

  /** No query reads a committed batch here any more. */
  async #finishLeft(batch: LocalBatch): Promise<void> {
    await this.#removeSpoolFile(batch);
    await this.#wals.letGo(batch.walId);
  }

  async #removeSpoolFile(batch: LocalBatch): Promise<void> {
    const { spoolPath } = batch;
    if (spoolPath === null) return;
    try {
      await this.#options.keepCommitted(batch, spoolPath);
    } catch (error) {
      this.#options.logger.warn({ err: error, spoolPath }, "cannot remove a spool file; the next start does");
    }
  }

  /** The object stays readable from quarantine/ for this process; the WAL lets go, since no retry can succeed. */
  async #finishQuarantined(batch: LocalBatch): Promise<void> {
    if (batch.spoolPath !== null) batch.spoolPath = await this.#spool.quarantine(batch.spoolPath);
    batch.state = "quarantined";
    await this.#wals.markStored(batch.walId, batch.ranges);
  }

  /**
   * The newest file is not released, so a small budget has small files: the seal that follows all entries begins another
   * file when theirs is full, and what then stays is a small part of the budget.
   */
  get #walFileMaxBytes(): number {
    const { walFileMaxBytes, walMaxBytes } = this.#options;
    return walFileMaxBytes ?? Math.min(WAL_FILE_MAX_BYTES, Math.ceil(walMaxBytes / WAL_FILES_PER_BUDGET));
  }

  get #walDirectory(): string {
    return path.join(this.#options.dataDir, "wal");
  }

  get #quarantineDirectory(): string {
    return path.join(this.#options.dataDir, "quarantine");
  }
}
