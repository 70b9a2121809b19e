/**
 * IdempotencyCatalog keeps which (project, Idempotency-Key) pairs were used within the last 24 hours, for all processes.
 * A key is claimed before its record is written to the WAL, and settled after the fsync and before an entry of the record
 * enters a batch. Of several processes that have a record for a key the first to settle it stores its entries, and no other
 * ever does: a takeover only lets another process try. Every method throws CatalogError when the database is away.
 */
export interface IdempotencyCatalog {
  /**
   * Claims a key for this process's WAL. Exactly one of several concurrent claims gets `claimed`.
   * A finished key returns its answer; the caller compares digests.
   * An unfinished key of another WAL returns `running` while that WAL's process is alive, `orphaned` when it is not;
   * an orphan older than `takeoverMs` is claimed for this WAL, and then belongs to whichever of the two settles it first.
   */
  claim(request: IdempotencyRequest, takeoverMs: number): Promise<ClaimResult>;
  /**
   * Stores the answer of a claim whose record is durable. Unless the answer is final the key counts as running for as long
   * as its owner lives. Returns false when another process has taken the key over and settled it: the record must not be
   * stored then. One that took it over and has not settled it loses it again: its record may never become durable, and this
   * one may have been acknowledged. A key that expired meanwhile was not taken over, and its record is as good as any other.
   */
  settle(claim: DurableClaim, answer: RememberedAnswer, options: { isFinal: boolean }): Promise<boolean>;
  /** Gives an unsettled claim back after a refusal that is not remembered (429, 503, ...). */
  release(claim: KeyClaim): Promise<void>;
  /** Ends the unsettled claims of a WAL whose replay is over: their requests never became durable. */
  releaseUnfinished(walId: string): Promise<void>;
  /** Says that the process which owns this WAL is alive. Called every few seconds. */
  heartbeat(walId: string): Promise<void>;
  /** Deletes keys older than 24 hours and heartbeats of processes long gone. */
  expire(): Promise<void>;
}

export interface IdempotencyRequest {
  projectId: string;
  key: string;
  /** Hex sha256 of the request's content (the decoded body and what changes its meaning). */
  digest: string;
  walId: string;
}

/** KeyClaim is one successful claim of a key. Its id tells it from a later one of the same process. */
export interface KeyClaim {
  projectId: string;
  key: string;
  claimId: string;
}

/** DurableClaim is a claim whose record lies in a WAL. */
export interface DurableClaim extends KeyClaim {
  walId: string;
  digest: string;
  receivedAtMs: number;
}

export type ClaimResult =
  | { state: "claimed"; claimId: string }
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
