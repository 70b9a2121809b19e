import type { BatchCatalog } from "#app/server/ingest/batch-catalog.ts";
import type { LocalBatches } from "#app/server/ingest/local-batches.ts";
import type { PositionRange } from "#app/server/ingest/wal-payload.ts";
import type { WalRelease } from "#app/server/ingest/wal-release.ts";
import type { Logger } from "#app/server/system/logger.ts";

export interface WalSetOptions {
  catalog: BatchCatalog;
  local: LocalBatches;
  logger: Logger;
}

/**
 * WalSet is the WALs that this process holds: its own, and those of earlier processes until all in them is stored. What
 * cannot be removed is no failure: it is stored, and a later batch or start removes it.
 */
export class WalSet {
  readonly #options: WalSetOptions;
  readonly #releases = new Map<string, WalRelease>();

  constructor(options: WalSetOptions) {
    this.#options = options;
  }

  get ids(): string[] {
    return [...this.#releases.keys()];
  }

  get sizeBytes(): number {
    let bytes = 0;
    for (const { wal } of this.#releases.values()) bytes += wal.sizeBytes;
    return bytes;
  }

  add(release: WalRelease): void {
    this.#releases.set(release.wal.walId, release);
  }

  /** Notes that entries are in the ledger, or never will be, and removes the files that this empties. */
  async markStored(walId: string, ranges: readonly PositionRange[]): Promise<void> {
    try {
      await this.#releases.get(walId)?.markStored(ranges);
    } catch (error) {
      // Thrown on, this would have it noted twice, and others' entries let go.
      this.#warnOfFile(error, walId);
    }
  }

  /** All that an earlier process left in its WAL was read and counted. */
  async stopHolding(walId: string): Promise<void> {
    try {
      await this.#releases.get(walId)?.stopHolding();
    } catch (error) {
      this.#warnOfFile(error, walId);
    }
    await this.letGo(walId);
  }

  /**
   * Forgets an earlier process's WAL of which everything is stored. Its ledger stays until the last query has ended that
   * would count a committed batch in catalog and memory without it.
   */
  async letGo(walId: string): Promise<void> {
    const release = this.#releases.get(walId);
    if (release === undefined || !release.isDraining || !release.isDone || this.#options.local.isReading(walId)) return;
    try {
      await release.removeEmptyFiles();
      if (release.wal.files.length > 0 || !this.#releases.delete(walId)) return;
      await release.wal.close();
      await this.#forget(release);
    } catch (error) {
      this.#warnOfFile(error, walId);
    }
  }

  /** Closes all files. This process's own WAL goes when everything in it is stored: it needs no replay. */
  async close(): Promise<void> {
    for (const { wal } of this.#releases.values()) await wal.close();
    for (const release of this.#releases.values()) {
      if (release.isDraining || !release.isDone) continue;
      while (release.wal.files.length > 0) await release.wal.removeOldestFile();
      await this.#forget(release);
    }
  }

  /**
   * The ledger is what keeps a batch from being stored twice, so it is trimmed only when the files are gone. The empty folder
   * goes last: by it the next start knows of a WAL that the catalog still has, and for which alerts would wait.
   */
  async #forget({ wal }: WalRelease): Promise<void> {
    const { catalog, logger } = this.#options;
    try {
      await catalog.trimLedger(wal.walId);
    } catch (error) {
      logger.warn({ err: error, walId: wal.walId }, "cannot trim the ledger of a WAL yet; the next start does");
      return;
    }
    await wal.removeDirectory();
  }

  #warnOfFile(error: unknown, walId: string): void {
    this.#options.logger.warn({ err: error, walId }, "cannot remove a WAL file yet; a later batch or start does");
  }
}
