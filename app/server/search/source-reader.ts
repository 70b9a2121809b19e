import type { BatchCatalog, StoredBatch } from "#app/server/ingest/batch-catalog.ts";
import type { LocalBatches, LocalView } from "#app/server/ingest/local-batches.ts";
import { CorruptBatchError } from "#app/server/ingest/tier0-format.ts";
import { readObject, type ObjectReaderOptions, type ReadOutcome } from "#app/server/search/object-reader.ts";
import type { Logger } from "#app/server/system/logger.ts";

/** QuerySource is a batch that may hold matches, wherever its lines lie. */
export type QuerySource = StoredBatch | LocalView;

export interface QuerySourceOptions extends ObjectReaderOptions {
  catalog: BatchCatalog;
  local: LocalBatches;
  /** Reads a spool file and checks its sha256. */
  readSpool: (spoolPath: string, sha256: string) => Promise<Buffer>;
  logger: Logger;
}

/** After this many failed reads in a row the store counts as away, and only what is local is still looked at. */
const MAX_STORE_FAILURES = 2;

export function isLocal(source: QuerySource): source is LocalView {
  return "parts" in source;
}

/** SourceReader reads the objects of one query's sources, from the spool, the cache or the store. */
export class SourceReader {
  readonly #options: QuerySourceOptions;
  readonly #signal: AbortSignal;
  #failedReads = 0;

  constructor(options: QuerySourceOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  async read(source: QuerySource): Promise<ReadOutcome> {
    if (isLocal(source)) {
      const { spoolPath, sealed } = source.batch;
      if (spoolPath === null || sealed === null) return { failed: "missing", error: null };
      return await this.#readSpool(spoolPath, sealed.sha256);
    }
    if (source.state === "missing") return { failed: "missing", error: null };
    if (this.#failedReads >= MAX_STORE_FAILURES) return { failed: "unreachable", error: null };
    const outcome = await readObject(this.#options, source, this.#signal);
    if ("bytes" in outcome) {
      this.#failedReads = 0;
      return outcome;
    }
    const { objectKey } = source;
    this.#options.logger.error(
      { err: outcome.error, objectKey, failed: outcome.failed },
      "cannot read the object of a batch",
    );
    if (outcome.failed === "unreachable") this.#failedReads++;
    // Queries over it are incomplete either way; the mark only saves them the attempt.
    if (outcome.failed === "missing") await this.#options.catalog.markMissing(source.id).catch(() => undefined);
    return outcome;
  }

  async #readSpool(spoolPath: string, sha256: string): Promise<ReadOutcome> {
    try {
      return { bytes: await this.#options.readSpool(spoolPath, sha256) };
    } catch (error) {
      this.#options.logger.error({ err: error, spoolPath }, "cannot read a spool file");
      return { failed: error instanceof CorruptBatchError ? "corrupt" : "unreachable", error };
    }
  }
}
