import { randomUUID } from "node:crypto";
import { and, eq, isNull, or, sql } from "drizzle-orm";
import { LRUCache } from "lru-cache";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import { idempotencyKeys, processes } from "#app/server/catalog/schema.ts";
import { CatalogError } from "#app/server/ingest/batch-catalog.ts";
import {
  HEARTBEAT_TIMEOUT_MS,
  IDEMPOTENCY_TTL_MS,
  type ClaimResult,
  type DurableClaim,
  type IdempotencyCatalog,
  type IdempotencyRequest,
  type KeyClaim,
  type RememberedAnswer,
} from "#app/server/ingest/idempotency-catalog.ts";

/** The owner of a key that was taken over and then given back: nobody. */
const NOBODY = "";

/**
 * A key that was taken over from a dead process stays known this long, because that process may come back and its replay
 * has to learn that its record was replaced. A process that is dead for longer stores the record a second time.
 */
const TAKEOVER_MEMORY_DAYS = 30;

/** Well over every takeover time; a process without a heartbeat counts as dead since it claimed the key. */
const HEARTBEAT_MEMORY_DAYS = 7;

/** Claims whose reply was lost. More than this at once means that the database is away, where claims do not arrive anyway. */
const MAX_DOUBTFUL_CLAIMS = 10_000;

/** A key can come and go between the claim and the look at who has it. */
const MAX_CLAIM_ROUNDS = 5;

/**
 * createPostgresIdempotencyCatalog keeps Idempotency-Keys in PostgreSQL. Every step is one statement and every time is
 * the database's own, so neither the order of processes nor their clocks matter.
 */
export function createPostgresIdempotencyCatalog(database: CatalogDatabase): IdempotencyCatalog {
  // A claim may be stored although its reply is lost. Its key would look as if still in use until this process ends,
  // so the next claim is told which unfinished claim is nobody's.
  const doubtful = new LRUCache<string, string[]>({ max: MAX_DOUBTFUL_CLAIMS });

  return {
    async claim(request, takeoverMs) {
      const name = JSON.stringify([request.projectId, request.key, request.walId]);
      const lost = doubtful.get(name) ?? [];
      const claimId = randomUUID();
      try {
        const result = await claimKey(database, request, { claimId, lost, takeoverMs });
        doubtful.delete(name);
        return result;
      } catch (error) {
        if (error instanceof CatalogError && error.kind === "unavailable")
          doubtful.set(name, [...lost, claimId].slice(-10));
        throw error;
      }
    },

    settle: (claim, answer, { isFinal }) => settleClaim(database, claim, answer, isFinal),

    release: (claim) => giveBack(database, "release idempotency key", sql`${claimedKey(claim)}`),

    async releaseUnfinished(walId) {
      const owned = eq(idempotencyKeys.ownerWalId, walId);
      await giveBack(database, "release idempotency keys", sql`${owned}`);
      // Whoever waited for more than this answer is gone.
      await database.run("complete idempotency keys", (db) =>
        db
          .update(idempotencyKeys)
          .set({ completedAt: sql`now()` })
          .where(and(owned, isNull(idempotencyKeys.completedAt))),
      );
    },

    async heartbeat(walId) {
      await database.run("store heartbeat", (db) =>
        db
          .insert(processes)
          .values({ walId })
          .onConflictDoUpdate({ target: processes.walId, set: { heartbeatAt: sql`now()` } }),
      );
    },

    async expire() {
      await database.run("expire idempotency keys", (db) =>
        db.execute(sql`
          with old_processes as (
            delete from ${processes} where ${processes.heartbeatAt} < now() - make_interval(days => ${HEARTBEAT_MEMORY_DAYS}::integer)
          )
          delete from ${idempotencyKeys}
          where ${isOlderThanTtl()} and (${idempotencyKeys.takenClaims} = '{}'
            or ${idempotencyKeys.createdAt} < now() - make_interval(days => ${TAKEOVER_MEMORY_DAYS}::integer))`),
      );
    },
  };
}

interface ClaimAttempt {
  claimId: string;
  /** Earlier claims of this WAL for the same key that were never answered. */
  lost: string[];
  takeoverMs: number;
}

async function claimKey(
  database: CatalogDatabase,
  request: IdempotencyRequest,
  attempt: ClaimAttempt,
): Promise<ClaimResult> {
  for (let round = 0; round < MAX_CLAIM_ROUNDS; round++) {
    if (await takeKey(database, request, attempt)) return { state: "claimed", claimId: attempt.claimId };
    const holder = await readHolder(database, request, attempt.takeoverMs);
    if (holder !== null) return holder;
  }
  throw new CatalogError("claim idempotency key", "unavailable", "other requests keep claiming and releasing it");
}

/** The row lock of ON CONFLICT lets exactly one of several claims see the row as free. */
async function takeKey(
  database: CatalogDatabase,
  request: IdempotencyRequest,
  { claimId, lost, takeoverMs }: ClaimAttempt,
): Promise<boolean> {
  const rows = await database.run("claim idempotency key", (db) =>
    db.execute(sql`
      insert into ${idempotencyKeys} (project_id, key, digest, owner_wal_id, claim_id)
      values (${request.projectId}::uuid, ${request.key}, ${request.digest}, ${request.walId}, ${claimId}::uuid)
      on conflict (project_id, key) do update set
        digest = excluded.digest, owner_wal_id = excluded.owner_wal_id, claim_id = excluded.claim_id,
        created_at = now(), completed_at = null, status = null, body = null,
        -- A key that expired is used anew, and what the earlier claim left in a WAL is stored all the same.
        taken_claims = case when ${isOlderThanTtl()} or ${idempotencyKeys.ownerWalId} in (${NOBODY}, excluded.owner_wal_id)
          then ${idempotencyKeys.takenClaims} else ${idempotencyKeys.takenClaims} || ${idempotencyKeys.claimId} end
      where ${isOlderThanTtl()}
        or ${idempotencyKeys.ownerWalId} = ${NOBODY}
        or (${idempotencyKeys.status} is null and ${idempotencyKeys.claimId}::text in
            (select jsonb_array_elements_text(${JSON.stringify(lost)}::text::jsonb)))
        or (${idempotencyKeys.status} is null and ${idempotencyKeys.ownerWalId} <> excluded.owner_wal_id
            and ${silentMs()} >= ${Math.max(takeoverMs, HEARTBEAT_TIMEOUT_MS)}::double precision)
      returning 1`),
  );
  return rows.length === 1;
}

/**
 * The row lock puts this, takeovers and other settlements in an order. Whoever took the key over and has not settled it is
 * noted as lost in turn. That the first settlement decides is why the second look is a statement of its own, which sees what
 * the first one waited for.
 */
async function settleClaim(
  database: CatalogDatabase,
  claim: DurableClaim,
  answer: RememberedAnswer,
  isFinal: boolean,
): Promise<boolean> {
  const settled = await database.run("settle idempotency key", (db) =>
    db
      .update(idempotencyKeys)
      .set({
        status: answer.status,
        body: answer.body,
        completedAt: isFinal ? sql`now()` : null,
        digest: claim.digest,
        ownerWalId: claim.walId,
        claimId: claim.claimId,
        takenClaims: sql`case when ${claimedKey(claim)} then ${idempotencyKeys.takenClaims}
          else array_remove(${idempotencyKeys.takenClaims}, ${claim.claimId}::uuid) || ${idempotencyKeys.claimId} end`,
      })
      .where(
        or(
          // A repeated call, after a lost reply, changes nothing.
          and(claimedKey(claim), isNull(idempotencyKeys.completedAt)),
          and(isLost(claim), isNull(idempotencyKeys.status), isOfOneUse(claim)),
        ),
      )
      .returning({ key: idempotencyKeys.key }),
  );
  if (settled.length === 1) return true;
  const lost = await database.run("read idempotency key", (db) =>
    db.select({ key: idempotencyKeys.key }).from(idempotencyKeys).where(isLost(claim)),
  );
  return lost.length === 0;
}

/** Null when the key is gone again. */
async function readHolder(
  database: CatalogDatabase,
  request: IdempotencyRequest,
  takeoverMs: number,
): Promise<ClaimResult | null> {
  const rows = await database.run("read idempotency key", (db) =>
    db
      .select({
        digest: idempotencyKeys.digest,
        ownerWalId: idempotencyKeys.ownerWalId,
        status: idempotencyKeys.status,
        body: idempotencyKeys.body,
        completedAt: idempotencyKeys.completedAt,
        silentMs: silentMs().mapWith(Number),
      })
      .from(idempotencyKeys)
      .where(namedKey(request)),
  );
  const holder = rows[0];
  if (holder === undefined || holder.ownerWalId === NOBODY) return null;
  // Our own WAL's process is this one, however late its heartbeat is.
  const isAlive = holder.ownerWalId === request.walId || holder.silentMs < HEARTBEAT_TIMEOUT_MS;
  if (holder.status !== null && holder.body !== null && (holder.completedAt !== null || !isAlive)) {
    return { state: "finished", digest: holder.digest, answer: { status: holder.status, body: holder.body } };
  }
  if (isAlive || holder.status !== null) return { state: "running" };
  return { state: "orphaned", retryAfterMs: Math.max(1, Math.ceil(takeoverMs - holder.silentMs)) };
}

/** Milliseconds since the owner of a key was last seen alive; claiming the key is a sign of life as well. */
function silentMs() {
  return sql<number>`extract(epoch from now() - greatest(${idempotencyKeys.createdAt},
    (select ${processes.heartbeatAt} from ${processes} where ${processes.walId} = ${idempotencyKeys.ownerWalId}))) * 1000`;
}

function isOlderThanTtl() {
  return sql`${idempotencyKeys.createdAt} < now() - make_interval(secs => ${IDEMPOTENCY_TTL_MS / 1000}::double precision)`;
}

function namedKey({ projectId, key }: Pick<KeyClaim, "projectId" | "key">) {
  return and(eq(idempotencyKeys.projectId, projectId), eq(idempotencyKeys.key, key));
}

function claimedKey(claim: KeyClaim) {
  return and(namedKey(claim), eq(idempotencyKeys.claimId, claim.claimId));
}

/** Another process has taken this claim over. */
function isLost(claim: KeyClaim) {
  return and(namedKey(claim), sql`${idempotencyKeys.takenClaims} @> array[${claim.claimId}::uuid]`);
}

/** A key that expired and is used anew still remembers who lost it before, when another stored those entries. */
function isOfOneUse({ receivedAtMs }: DurableClaim) {
  return sql`${idempotencyKeys.createdAt} < to_timestamp(${(receivedAtMs + IDEMPOTENCY_TTL_MS) / 1000}::double precision)`;
}

/** Unsettled keys go; one that was taken over stays without an owner, for the replay of its first. */
async function giveBack(database: CatalogDatabase, operation: string, whose: ReturnType<typeof sql>): Promise<void> {
  const unsettled = sql`${whose} and ${isNull(idempotencyKeys.status)}`;
  await database.run(operation, (db) =>
    db.execute(sql`
      with gone as (
        delete from ${idempotencyKeys} where ${unsettled} and ${idempotencyKeys.takenClaims} = '{}'
      )
      update ${idempotencyKeys} set owner_wal_id = ${NOBODY}
      where ${unsettled} and ${idempotencyKeys.takenClaims} <> '{}'`),
  );
}
