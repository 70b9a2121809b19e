import { createHash } from "node:crypto";
import { AkavelogError } from "#app/core/errors.ts";
import { pingDatabase } from "#app/server/catalog/ping-database.ts";
import { CatalogError } from "#app/server/ingest/batch-catalog.ts";
import { BacklogFullError } from "#app/server/ingest/batcher.ts";
import type { DurableClaim, RememberedAnswer } from "#app/server/ingest/idempotency-catalog.ts";
import type { DecodedRecords, RecordError } from "#app/server/protocols/json/decode-json.ts";
import type { WalIdempotency } from "#app/server/ingest/wal-payload.ts";
import type { Services } from "#app/server/services.ts";

/** Accepted is the answer to a request that was read: status and JSON text. */
export type Accepted = RememberedAnswer;

/** IdempotencyError: the key is in use (409), was used for something else (422), or belongs to a process that is down (503). */
export class IdempotencyError extends AkavelogError {
  readonly retryAfterMs: number;
  constructor(code: "KEY_RUNNING" | "KEY_REUSED" | "KEY_ORPHANED", reason: string, retryAfterMs = 0) {
    super(code, `cannot accept this Idempotency-Key: ${reason}`);
    this.retryAfterMs = retryAfterMs;
  }
}

export interface AcceptOptions {
  projectId: string;
  receivedAtMs: number;
  decoded: DecodedRecords;
  /** Answer only when object and row exist. */
  waitForCommit: boolean;
  idempotencyKey: string | null;
  /** The inflated body; a key stands for its bytes. */
  body: Buffer;
}

type AcceptServices = Pick<Services, "ingester" | "idempotency" | "clock" | "env" | "walId" | "database" | "store">;

/** A commit that takes longer is answered 202: everything is safe on disk and goes on by itself. */
const MAX_COMMIT_WAIT_MS = 10_000;
const STORE_PROBE_MS = 2_000;
const RETRY_AFTER_MS = 5_000;

/**
 * acceptRecords is the common path of every wire format: the entries are fsynced before it resolves.
 * Throws IdempotencyError, BacklogFullError, WalFailedError and CatalogError.
 */
export async function acceptRecords(services: AcceptServices, options: AcceptOptions): Promise<Accepted> {
  if (options.waitForCommit) await assertCommitPossible(services, options.projectId);
  if (options.idempotencyKey === null) return await storeRecords(services, options, null);
  return await acceptOnce(services, options, options.idempotencyKey);
}

async function acceptOnce(services: AcceptServices, options: AcceptOptions, key: string): Promise<Accepted> {
  const { idempotency, walId, env } = services;
  const { projectId, receivedAtMs } = options;
  const digest = createHash("sha256").update(options.body).digest("hex");
  const claimed = await idempotency.claim({ projectId, key, digest, walId }, env.idempotencyTakeoverMs);
  switch (claimed.state) {
    case "finished":
      if (claimed.digest === digest) return claimed.answer;
      throw new IdempotencyError("KEY_REUSED", "it was used for another body");
    case "running":
      throw new IdempotencyError("KEY_RUNNING", "its first request is still running", 1_000);
    case "orphaned":
      throw new IdempotencyError(
        "KEY_ORPHANED",
        "the process that has its first request is down",
        claimed.retryAfterMs,
      );
    case "claimed":
  }
  const { claimId } = claimed;
  const claim = { projectId, key, claimId, walId, digest, receivedAtMs };
  let answer: Accepted;
  try {
    answer = await storeRecords(services, options, { key, claimId, digest, answer: answerText(options.decoded) });
  } catch (error) {
    // Nothing was stored, so the key is free again; should the database be away now, replay or takeover frees it.
    if (error instanceof BacklogFullError) await idempotency.release(claim).catch(() => undefined);
    throw error;
  }
  // Entries whose sender waits for nothing more have settled the key with this answer.
  if (options.waitForCommit || options.decoded.block.count === 0) await completeKey(services, claim, answer);
  return answer;
}

/** The record is durable, so the answer stands; while the database is away this process goes on trying to say so. */
async function completeKey(
  { idempotency, clock }: AcceptServices,
  claim: DurableClaim,
  answer: Accepted,
): Promise<void> {
  try {
    await idempotency.settle(claim, answer, { isFinal: true });
  } catch (error) {
    if (!(error instanceof CatalogError)) throw error;
    void retry();
  }
  async function retry(): Promise<void> {
    for (let attempts = 0; attempts < MAX_COMPLETE_ATTEMPTS; attempts++) {
      await clock.sleep(COMPLETE_RETRY_MS);
      const isDone = await idempotency.settle(claim, answer, { isFinal: true }).then(
        () => true,
        () => false,
      );
      if (isDone) return;
    }
  }
}

const COMPLETE_RETRY_MS = 2_000;
/** An hour; after that the key counts as running until this process ends. */
const MAX_COMPLETE_ATTEMPTS = 1_800;

async function storeRecords(
  { ingester, clock }: AcceptServices,
  { projectId, receivedAtMs, decoded, waitForCommit }: AcceptOptions,
  idempotency: WalIdempotency | null,
): Promise<Accepted> {
  const { block, rejected } = decoded;
  if (block.count === 0) {
    const status = rejected > 0 ? 422 : waitForCommit ? 200 : 202;
    return { status, body: answerText(decoded, status === 200 ? { committed: true, batches: [] } : {}) };
  }
  const isAnswerFinal = !waitForCommit;
  const accepted = await ingester.accept({ projectId, block, receivedAtMs, idempotency, isAnswerFinal });
  if (accepted.state === "taken-over") {
    throw new IdempotencyError("KEY_RUNNING", "another process that had it before or took it over was quicker", 1_000);
  }
  if (!waitForCommit) return { status: 202, body: answerText(decoded) };
  if (accepted.state === "waiting") return { status: 202, body: answerText(decoded, { committed: false }) };

  ingester.sealSoon(projectId);
  const timer = new AbortController();
  const committed = Promise.all([...accepted.batches].map((batch) => batch.committed));
  const timeout = clock.sleep(MAX_COMMIT_WAIT_MS, timer.signal).then(
    () => null,
    () => null,
  );
  const keys = await Promise.race([committed, timeout]);
  timer.abort();
  return keys === null
    ? { status: 202, body: answerText(decoded, { committed: false }) }
    : { status: 200, body: answerText(decoded, { committed: true, batches: [...new Set(keys)] }) };
}

function answerText({ block, rejected, errors }: DecodedRecords, extra: object = {}): string {
  return JSON.stringify({ accepted: block.count, rejected, errors: errors satisfies RecordError[], ...extra });
}

/** While database or store is away a commit cannot come; the sender hears it before anything is stored twice. */
async function assertCommitPossible(
  { database, store, ingester, clock }: AcceptServices,
  projectId: string,
): Promise<void> {
  await pingDatabase(database);
  const { store: trouble } = ingester.trouble;
  const timer = new AbortController();
  const timeout = clock.sleep(STORE_PROBE_MS, timer.signal).then(() => {
    throw new BacklogFullError("the object store does not answer", RETRY_AFTER_MS);
  });
  try {
    await Promise.race([store.head(`v1/${projectId}/project.json`), timeout]);
  } catch (error) {
    throw error instanceof BacklogFullError
      ? error
      : new BacklogFullError(`the object store is away${trouble === null ? "" : ` (${trouble})`}`, RETRY_AFTER_MS);
  } finally {
    timer.abort();
    timeout.catch(() => undefined);
  }
}
