import type { PositionRange } from "#app/server/ingest/wal-payload.ts";
import type { Wal } from "#app/server/ingest/wal.ts";

/**
 * WalRelease counts, for each file of a WAL, the entries that are not yet in the ledger, and removes files as they empty.
 * Only the oldest file goes: a younger one may hold the seals of its entries, without which replay would store them again.
 */
export class WalRelease {
  readonly wal: Wal;
  /** Only seals are added to it: it is an earlier process's. */
  readonly isDraining: boolean;
  readonly #pendingByFile = new Map<number, number>();
  #isHeld: boolean;
  #removing: Promise<void> = Promise.resolve();

  /** The newest file of a WAL that is draining may go as well; all are held until replay has counted everything in them. */
  constructor(wal: Wal, options: { isDraining: boolean }) {
    this.wal = wal;
    this.isDraining = options.isDraining;
    this.#isHeld = options.isDraining;
  }

  /** True when every entry of the WAL is in the ledger. */
  get isDone(): boolean {
    return !this.#isHeld && this.pendingEntries === 0;
  }

  /** Replay is over: from here on a count of zero means that a file is not needed. */
  async stopHolding(): Promise<void> {
    this.#isHeld = false;
    await this.removeEmptyFiles();
  }

  get pendingEntries(): number {
    let pending = 0;
    for (const count of this.#pendingByFile.values()) pending += count;
    return pending;
  }

  /** Appends entries to the WAL and counts them; resolves with their sequence number once they are on disk. */
  async append(chunks: readonly Buffer[], entries: number): Promise<number> {
    const sequence = await this.wal.append(chunks);
    this.addPending(sequence, entries);
    return sequence;
  }

  addPending(sequence: number, entries: number): void {
    const file = this.#fileOf(sequence);
    this.#pendingByFile.set(file, (this.#pendingByFile.get(file) ?? 0) + entries);
  }

  /** Notes that entries are in the ledger; resolves when the files this emptied are gone. */
  async markStored(ranges: readonly PositionRange[]): Promise<void> {
    for (const [sequence, from, to] of ranges) {
      const file = this.#fileOf(sequence);
      this.#pendingByFile.set(file, (this.#pendingByFile.get(file) ?? 0) - (to - from));
    }
    await this.removeEmptyFiles();
  }

  removeEmptyFiles(): Promise<void> {
    // What failed before is tried again, and its error was its caller's.
    this.#removing = this.#removing.catch(() => undefined).then(() => this.#removeEmptyFiles());
    return this.#removing;
  }

  async #removeEmptyFiles(): Promise<void> {
    while (!this.#isHeld) {
      const oldest = this.wal.files[0];
      if (oldest === undefined) return;
      const isNewest = this.wal.files.length === 1;
      if ((this.#pendingByFile.get(oldest.firstSequence) ?? 0) > 0 || (isNewest && !this.isDraining)) return;
      await this.wal.removeOldestFile();
      this.#pendingByFile.delete(oldest.firstSequence);
    }
  }

  /** The first sequence number of the file that holds a record. */
  #fileOf(sequence: number): number {
    const { files } = this.wal;
    for (let i = files.length - 1; i > 0; i--) {
      const first = files[i]?.firstSequence ?? 0;
      if (first <= sequence) return first;
    }
    return files[0]?.firstSequence ?? 0;
  }
}
