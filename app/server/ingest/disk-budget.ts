import { BacklogFullError } from "#app/server/ingest/batcher.ts";
import type { Clock } from "#app/server/system/clock.ts";
import type { FileSystem } from "#app/server/system/file-system.ts";

export interface DiskBudgetOptions {
  fileSystem: FileSystem;
  clock: Clock;
  /** The folder whose disk is watched. */
  directory: string;
  walMaxBytes: number;
  /** Bytes of all WAL files now. */
  walBytes: () => number;
}

/** The last part of a disk is left to the database, the spool and whatever else keeps the machine alive. */
const MIN_FREE_SHARE = 0.05;
const FREE_SPACE_CHECK_MS = 1_000;
const RETRY_AFTER_MS = 10_000;

/** DiskBudget refuses entries before the disk or the WAL's share of it is full, and takes them again by itself. */
export class DiskBudget {
  readonly #options: DiskBudgetOptions;
  #checkedAtMs = -Infinity;
  #isNearlyFull = false;
  #checking: Promise<void> | null = null;

  constructor(options: DiskBudgetOptions) {
    this.#options = options;
  }

  /** reasonToRefuse is null while there is room. The free space is asked for in the background, at most once a second. */
  reasonToRefuse(incomingBytes: number): string | null {
    const { walBytes, walMaxBytes, clock } = this.#options;
    if (this.#checking === null && clock.nowMs() - this.#checkedAtMs >= FREE_SPACE_CHECK_MS)
      this.#checking = this.check();
    if (walBytes() + incomingBytes > walMaxBytes) return "the WAL has reached its budget (WAL_MAX_BYTES)";
    return this.#isNearlyFull ? "the disk is nearly full" : null;
  }

  /** Throws BacklogFullError when there is no room for `incomingBytes` more. */
  admit(incomingBytes: number): void {
    const reason = this.reasonToRefuse(incomingBytes);
    if (reason !== null) throw new BacklogFullError(reason, RETRY_AFTER_MS);
  }

  async check(): Promise<void> {
    const { fileSystem, directory, clock } = this.#options;
    try {
      const { freeBytes, totalBytes } = await fileSystem.freeSpace(directory);
      this.#isNearlyFull = freeBytes < totalBytes * MIN_FREE_SHARE;
    } catch {
      // A disk that cannot be asked shows itself at the next write, which refuses then.
    } finally {
      this.#checkedAtMs = clock.nowMs();
      this.#checking = null;
    }
  }
}
