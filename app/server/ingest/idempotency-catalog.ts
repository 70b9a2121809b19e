/**
 * IdempotencyCatalog keeps which (project, Idempotency-Key) pairs were used within the last 24 hours, for all processes.
 * A key is claimed before its record is written to the WAL and completed with the answer after the fsync.
 * Every method throws CatalogError when the database is away.
 */
export interface IdempotencyCatalog {
  /**
   * Claims a key for this process's WAL. Exactly one of several concurrent claims gets `claimed`.
   * A finished key returns its answer; the caller compares digests.
   * An unfinished key of another WAL returns `running` while that WAL's process is alive, `orphaned` when it is not;
   * an orphan older than `takeoverMs` is claimed for this WAL, after which the old owner's replay drops its record.
   */
  claim(claim: IdempotencyClaim, takeoverMs: number): Promise<ClaimResult>;
  /** Stores the answer of a claimed key; returns false when the key is no longer owned by this WAL. */
  complete(owner: { projectId: string; key: string; walId: string }, answer: RememberedAnswer): Promise<boolean>;
  /** Gives a claim back after a refusal that is not remembered (429, 503, ...). */
  release(owner: { projectId: string; key: string; walId: string }): Promise<void>;
  /** True when this unfinished or finished key is still owned by the WAL; asked by replay before a keyed record is kept. */
  isOwnedBy(owner: { projectId: string; key: string; walId: string }): Promise<boolean>;
  /** Deletes the unfinished keys of a WAL whose replay is over: their requests never became durable. */
  releaseUnfinished(walId: string): Promise<void>;
  /** Says that the process which owns this WAL is alive. Called every few seconds. */
  heartbeat(walId: string): Promise<void>;
  /** Deletes keys older than 24 hours and heartbeats of processes long gone. */
  expire(): Promise<void>;
}

export interface IdempotencyClaim {
  projectId: string;
  key: string;
  /** Hex sha256 of the request's content (the decoded body and what changes its meaning). */
  digest: string;
  walId: string;
}

export type ClaimResult =
  | { state: "claimed" }
  | { state: "running" }
  | { state: "orphaned"; retryAfterMs: number }
  | { state: "finished"; digest: string; answer: RememberedAnswer };

/** RememberedAnswer is what the first request was answered: only 200, 202 and 422 are remembered. */
export interface RememberedAnswer {
  status: 200 | 202 | 422;
  /** The JSON text of the answer. */
  body: string;
}

/** Remembered keys live this long. */
export const IDEMPOTENCY_TTL_MS = 24 * 60 * 60 * 1000;
/** A process whose last heartbeat is older than this is taken for dead. */
export const HEARTBEAT_TIMEOUT_MS = 30_000;
