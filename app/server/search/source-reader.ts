import type { BatchCatalog, StoredBatch } from "#app/server/ingest/batch-catalog.ts";
import type { LocalBatches, LocalView } from "#app/server/ingest/local-batches.ts";
import { CorruptBatchError } from "#app/server/ingest/tier0-format.ts";
import type { LineScanner } from "#app/server/search/line-scanner.ts";
import {
  readFailure,
  readObject,
  type ObjectReaderOptions,
  type ReadFailure,
} from "#app/server/search/object-reader.ts";
import type { Tier1Statement } from "#app/server/search/over-rows.ts";
import { EngineFailedError } from "#app/server/search/search-engine.ts";
import type { SortedLines } from "#app/server/search/sorted-lines.ts";
import type { RowGroup } from "#app/server/search/tier1-format.ts";
import type { Tier1Object } from "#app/server/search/tier1-objects.ts";
import type { Tier1Search } from "#app/server/search/tier1-search.ts";
import type { Logger } from "#app/server/system/logger.ts";

/** QuerySource is a batch that may hold matches, wherever its lines lie. */
export type QuerySource = StoredBatch | LocalView;

export interface QuerySourceOptions extends ObjectReaderOptions {
  catalog: BatchCatalog;
  local: LocalBatches;
  tier1: Tier1Search;
  scanner: LineScanner;
  /** Reads a spool file and checks its sha256. */
  readSpool: (spoolPath: string, sha256: string) => Promise<Buffer>;
  logger: Logger;
}

/**
 * SourceFailure: `replaced` says that nobody reads the batch any more, since it was compacted or expired a moment ago: the
 * query has to look again where the lines are now.
 */
export type SourceFailure = ReadFailure | { failed: "replaced"; error: unknown };
export type SourceOutcome<T> = { found: T } | SourceFailure;

/** After this many failed reads in a row the store counts as away, and only what is local is still looked at. */
const MAX_STORE_FAILURES = 2;

export function isLocal(source: QuerySource): source is LocalView {
  return "parts" in source;
}

export function isTier1(source: QuerySource): source is StoredBatch & { tier: 1 } {
  return !isLocal(source) && source.tier === 1;
}

/** SourceReader reads the objects of one query's sources, from the spool, the cache or the store. */
export class SourceReader {
  readonly #options: QuerySourceOptions;
  readonly #projectId: string;
  readonly #signal: AbortSignal;
  #failedReads = 0;

  constructor(options: QuerySourceOptions, projectId: string, signal: AbortSignal) {
    this.#options = options;
    this.#projectId = projectId;
    this.#signal = signal;
  }

  /** The object of a batch of tier 0, whole. */
  async read(source: QuerySource): Promise<SourceOutcome<Buffer>> {
    if (!isLocal(source)) return await this.#attempt(source, () => readObject(this.#options, source, this.#signal));
    const { spoolPath, sealed } = source.batch;
    if (spoolPath === null || sealed === null) return { failed: "missing", error: null };
    return await this.#readSpool(spoolPath, sealed.sha256);
  }

  async open(batch: StoredBatch): Promise<SourceOutcome<Tier1Object>> {
    return await this.#attempt(batch, () => this.#options.tier1.open(batch, this.#signal));
  }

  /** Rows of a statement over some row groups. */
  async rows(
    object: Tier1Object,
    rowGroups: readonly RowGroup[],
    statement: Tier1Statement,
  ): Promise<SourceOutcome<unknown[][]>> {
    const by = { projectId: this.#projectId, signal: this.#signal };
    return await this.#attempt(object.batch, () => this.#options.tier1.rows(object, rowGroups, statement, by));
  }

  /** Stored lines, of a statement that selects `lineColumns` over some row groups. */
  async lines(
    object: Tier1Object,
    rowGroups: readonly RowGroup[],
    statement: Tier1Statement,
  ): Promise<SourceOutcome<Buffer>> {
    const by = { projectId: this.#projectId, signal: this.#signal };
    return await this.#attempt(object.batch, () => this.#options.tier1.lines(object, rowGroups, statement, by));
  }

  /** The same lines in a file. */
  async sortedLines(
    object: Tier1Object,
    rowGroups: readonly RowGroup[],
    statement: Tier1Statement,
  ): Promise<SourceOutcome<SortedLines>> {
    const by = { projectId: this.#projectId, signal: this.#signal };
    return await this.#attempt(object.batch, () => this.#options.tier1.sortedLines(object, rowGroups, statement, by));
  }

  async #attempt<T>(batch: StoredBatch, work: () => Promise<T>): Promise<SourceOutcome<T>> {
    if (batch.state === "missing") return { failed: "missing", error: null };
    if (this.#failedReads >= MAX_STORE_FAILURES) return { failed: "unreachable", error: null };
    try {
      const found = await work();
      this.#failedReads = 0;
      return { found };
    } catch (error) {
      return await this.#failureOf(batch, error);
    }
  }

  async #failureOf(batch: StoredBatch, error: unknown): Promise<SourceFailure> {
    const { catalog, logger } = this.#options;
    const failure: ReadFailure =
      error instanceof EngineFailedError && !this.#signal.aborted
        ? { failed: "unreachable", error }
        : readFailure(error, this.#signal);
    const { objectKey } = batch;
    // Queries over it are incomplete either way; the mark only saves them the attempt.
    if (failure.failed === "missing" && !(await catalog.markMissing(batch.id).catch(() => true)))
      return { failed: "replaced", error };
    logger.error({ err: error, objectKey, failed: failure.failed }, "cannot read the object of a batch");
    if (failure.failed === "unreachable") this.#failedReads++;
    return failure;
  }

  async #readSpool(spoolPath: string, sha256: string): Promise<SourceOutcome<Buffer>> {
    try {
      return { found: await this.#options.readSpool(spoolPath, sha256) };
    } catch (error) {
      this.#options.logger.error({ err: error, spoolPath }, "cannot read a spool file");
      return { failed: error instanceof CorruptBatchError ? "corrupt" : "unreachable", error };
    }
  }
}
