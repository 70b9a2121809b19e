import type { CommittedBatch, WalFloor } from "#app/server/ingest/batch-catalog.ts";
import type { BatchPart } from "#app/server/ingest/tier0-input.ts";
import type { PositionRange } from "#app/server/ingest/wal-payload.ts";

/**
 * LocalBatch is a batch on its way from this process's memory to the catalog.
 * open: takes entries; sealing: its object is being built; spooled: its object is in the spool and `parts` are gone;
 * committed: the catalog has it, kept only for queries that began before; quarantined: the catalog refused it for ever.
 */
export interface LocalBatch {
  state: "open" | "sealing" | "spooled" | "committed" | "quarantined";
  projectId: string;
  walId: string;
  /** Given when it is sealed; before a crash it may have been given already, then it never changes. */
  batchNo: number | null;
  /** Which entries share it: a UTC day, `old`, and whether they are large. */
  kind: string;
  parts: BatchPart[];
  entries: number;
  /** Size of its lines as stored; the budget of memory it takes while it has parts. */
  rawBytes: number;
  minMs: number;
  maxMs: number;
  /** The latest receipt of an entry inside. */
  receivedAtMs: number;
  openedAtMs: number;
  ranges: PositionRange[];
  /** Known from `spooled` on. */
  sealed: CommittedBatch | null;
  spoolPath: string | null;
  /** Resolves with the object key once object and row exist. */
  committed: Promise<string>;
  resolveCommitted: (objectKey: string) => void;
}

export function createLocalBatch(
  of: Pick<LocalBatch, "projectId" | "walId" | "batchNo" | "kind" | "openedAtMs">,
): LocalBatch {
  const { promise, resolve } = withResolvers<string>();
  return {
    ...of,
    state: "open",
    parts: [],
    entries: 0,
    rawBytes: 0,
    minMs: Infinity,
    maxMs: -Infinity,
    receivedAtMs: 0,
    ranges: [],
    sealed: null,
    spoolPath: null,
    committed: promise,
    resolveCommitted: resolve,
  };
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((r) => (resolve = r));
  return { promise, resolve };
}

/** LocalView is a batch as one query sees it; entries that arrive later are not in it. */
export interface LocalView {
  batch: LocalBatch;
  parts: readonly BatchPart[];
}

/**
 * LocalBatches lists what this process holds beside the catalog. A committed batch stays readable until the last query
 * registered before its commit has ended: such a query may have read the catalog before the row was there.
 */
export class LocalBatches {
  readonly #batches = new Set<LocalBatch>();
  /** Of each WAL, the highest number that a batch has left with. */
  readonly #left = new Map<string, number>();
  readonly #queries = new Set<number>();
  readonly #leaving = new Map<LocalBatch, { behindQuery: number; release: () => void }>();
  #nextQuery = 0;

  /** A WAL that will have batches: a query that begins before its first one asks the ledger for it all the same. */
  addWal(walId: string): void {
    this.#left.set(walId, -1);
  }

  add(batch: LocalBatch): void {
    this.#batches.add(batch);
  }

  /** Ends the batch's stay once no earlier query can need it; `release` then removes its file. */
  leave(batch: LocalBatch, release: () => void): void {
    this.#leaving.set(batch, { behindQuery: this.#nextQuery, release });
    this.#releaseUnneeded();
  }

  /** isReading is true while queries may still read committed batches of a WAL here, which only the ledger tells from stored ones. */
  isReading(walId: string): boolean {
    return [...this.#leaving.keys()].some((batch) => batch.walId === walId);
  }

  /** Registers a query before it reads the catalog; call the returned function when it has ended. */
  register(): () => void {
    const query = this.#nextQuery++;
    this.#queries.add(query);
    return () => {
      this.#queries.delete(query);
      this.#releaseUnneeded();
    };
  }

  /** views returns the project's batches as they are now; `parts` of open batches grow later only in new arrays. */
  views(projectId: string): LocalView[] {
    const views: LocalView[] = [];
    for (const batch of this.#batches) {
      if (batch.projectId === projectId) views.push({ batch, parts: batch.parts.map((part) => ({ ...part })) });
    }
    return views;
  }

  /**
   * floors names, for each WAL, the lowest batch number that a batch of the project here has or may yet get. What the ledger
   * has from there on is stored, and is to be read from the catalog alone.
   */
  floors(projectId: string): WalFloor[] {
    const own = new Map<string, number>();
    const highest = new Map(this.#left);
    for (const { projectId: owner, walId, batchNo } of this.#batches) {
      highest.set(walId, Math.max(highest.get(walId) ?? -1, batchNo ?? -1));
      if (owner === projectId && batchNo !== null) own.set(walId, Math.min(own.get(walId) ?? Infinity, batchNo));
    }
    return [...highest].map(([walId, batchNo]) => ({ walId, batchNo: own.get(walId) ?? batchNo + 1 }));
  }

  /** What was batched here before this moment is in the catalog; what comes from now on is not asked about. */
  committedThroughMs(nowMs: number): number {
    let throughMs = nowMs;
    for (const { state, openedAtMs } of this.#batches) {
      if (state !== "committed" && state !== "quarantined") throughMs = Math.min(throughMs, openedAtMs);
    }
    return throughMs;
  }

  all(): Iterable<LocalBatch> {
    return this.#batches;
  }

  #releaseUnneeded(): void {
    if (this.#leaving.size === 0) return;
    const oldest = this.#queries.size === 0 ? Infinity : Math.min(...this.#queries);
    for (const [batch, { behindQuery, release }] of this.#leaving) {
      if (oldest < behindQuery) continue;
      this.#leaving.delete(batch);
      this.#batches.delete(batch);
      this.#left.set(batch.walId, Math.max(this.#left.get(batch.walId) ?? -1, batch.batchNo ?? -1));
      release();
    }
  }
}
