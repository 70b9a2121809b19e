import { randomUUID } from "node:crypto";
import pino from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CatalogDatabase } from "#app/server/catalog/database.ts";
import { createPostgresIdempotencyCatalog } from "#app/server/catalog/postgres-idempotency-catalog.ts";
import { CatalogError } from "#app/server/ingest/batch-catalog.ts";
import type { IdempotencyCatalog, IdempotencyClaim } from "#app/server/ingest/idempotency-catalog.ts";
import { openTestDatabase, type TestDatabase } from "#tests/support/postgres.ts";

const TAKEOVER_MS = 600_000;
const ANSWER = { status: 202, body: '{"accepted":1}' } as const;

let db: TestDatabase;
let catalog: IdempotencyCatalog;

beforeAll(async () => {
  db = await openTestDatabase();
  catalog = createPostgresIdempotencyCatalog(db.database);
});
afterAll(() => db.drop());

function someClaim(changes: Partial<IdempotencyClaim> = {}): IdempotencyClaim {
  return { projectId: randomUUID(), key: "key-1", digest: "d1", walId: `wal-${randomUUID()}`, ...changes };
}

/** Makes a claim and its owner's last sign of life this old. */
async function age(claim: IdempotencyClaim, seconds: number): Promise<void> {
  await db.sql`update idempotency_keys set created_at = now() - make_interval(secs => ${seconds}) where project_id = ${claim.projectId}`;
  await db.sql`update processes set heartbeat_at = now() - make_interval(secs => ${seconds}) where wal_id = ${claim.walId}`;
}

test("exactly one of twenty concurrent claims from two processes gets the key", async () => {
  const other = createPostgresIdempotencyCatalog(db.connect());
  const claim = someClaim();
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, at) =>
      (at % 2 ? catalog : other).claim({ ...claim, walId: `wal-${at % 2}` }, TAKEOVER_MS),
    ),
  );
  expect(results.filter((result) => result.state === "claimed")).toHaveLength(1);
  expect(results.filter((result) => result.state === "running")).toHaveLength(19);
});

test("exactly one of ten processes takes an orphan over", async () => {
  const claim = someClaim();
  await catalog.claim(claim, TAKEOVER_MS);
  await age(claim, 601);
  const results = await Promise.all(
    Array.from({ length: 10 }, (_, at) => catalog.claim({ ...claim, walId: `heir-${at}` }, TAKEOVER_MS)),
  );
  expect(results.filter((result) => result.state === "claimed")).toHaveLength(1);
  expect(results.filter((result) => result.state === "running")).toHaveLength(9);
});

test("a finished key answers as the first time, to every process, and lets the caller compare digests", async () => {
  const claim = someClaim();
  await catalog.claim(claim, TAKEOVER_MS);
  expect(await catalog.complete(claim, ANSWER)).toBe(true);
  const finished = { state: "finished", digest: "d1", answer: ANSWER };
  expect(await catalog.claim({ ...claim, digest: "d2" }, TAKEOVER_MS)).toEqual(finished);
  expect(await catalog.claim({ ...claim, walId: "another" }, TAKEOVER_MS)).toEqual(finished);
  // Repeated after a lost reply: the first answer stays.
  expect(await catalog.complete(claim, { status: 422, body: "{}" })).toBe(true);
  expect(await catalog.claim(claim, TAKEOVER_MS)).toEqual(finished);
});

test("the same key of another project is another key", async () => {
  const claim = someClaim();
  await catalog.claim(claim, TAKEOVER_MS);
  expect(await catalog.claim({ ...claim, projectId: randomUUID() }, TAKEOVER_MS)).toEqual({ state: "claimed" });
});

test("a living owner's key is running, a dead one's orphaned until the takeover time and then claimed", async () => {
  const claim = someClaim();
  const heir = { ...claim, digest: "d2", walId: "heir" };
  await catalog.heartbeat(claim.walId);
  await catalog.claim(claim, TAKEOVER_MS);
  expect(await catalog.claim(heir, TAKEOVER_MS)).toEqual({ state: "running" });

  await age(claim, 60);
  const orphaned = await catalog.claim(heir, TAKEOVER_MS);
  expect(orphaned.state).toBe("orphaned");
  const retryAfterMs = orphaned.state === "orphaned" ? orphaned.retryAfterMs : 0;
  expect(retryAfterMs).toBeGreaterThan(530_000);
  expect(retryAfterMs).toBeLessThanOrEqual(540_000);

  // The claim is old, but its owner was seen: still its own.
  await age(claim, 601);
  await catalog.heartbeat(claim.walId);
  expect(await catalog.claim(heir, TAKEOVER_MS)).toEqual({ state: "running" });

  await age(claim, 601);
  expect(await catalog.isOwnedBy(claim)).toBe(true);
  expect(await catalog.claim(heir, TAKEOVER_MS)).toEqual({ state: "claimed" });
  expect(await catalog.isOwnedBy(claim)).toBe(false);
  expect(await catalog.isOwnedBy(heir)).toBe(true);
  expect(await catalog.complete(claim, ANSWER)).toBe(false);
  expect(await catalog.complete(heir, ANSWER)).toBe(true);
});

test("a process never takes its own running key over, however late its heartbeat is", async () => {
  const claim = someClaim();
  await catalog.claim(claim, 0);
  await age(claim, 3_600);
  expect(await catalog.claim(claim, 0)).toEqual({ state: "running" });
});

test("a released key is free, and only its owner can release it", async () => {
  const claim = someClaim();
  await catalog.claim(claim, TAKEOVER_MS);
  await catalog.release({ ...claim, walId: "another" });
  expect(await catalog.claim(claim, TAKEOVER_MS)).toEqual({ state: "running" });
  await catalog.release(claim);
  expect(await catalog.claim({ ...claim, walId: "another" }, TAKEOVER_MS)).toEqual({ state: "claimed" });
});

test("a finished key is not released", async () => {
  const claim = someClaim();
  await catalog.claim(claim, TAKEOVER_MS);
  await catalog.complete(claim, ANSWER);
  await catalog.release(claim);
  await catalog.releaseUnfinished(claim.walId);
  expect((await catalog.claim(claim, TAKEOVER_MS)).state).toBe("finished");
});

test("after a takeover that was given back, the first owner's replay still drops its record", async () => {
  const claim = someClaim();
  const heir = { ...claim, walId: "heir" };
  await catalog.claim(claim, TAKEOVER_MS);
  await age(claim, 601);
  await catalog.claim(heir, TAKEOVER_MS);
  await catalog.release(heir);
  expect(await catalog.isOwnedBy(claim)).toBe(false);
  expect(await catalog.claim({ ...claim, walId: "third" }, TAKEOVER_MS)).toEqual({ state: "claimed" });
});

test("replay keeps a record whose key expired meanwhile: it was acknowledged", async () => {
  const claim = someClaim();
  await catalog.claim(claim, TAKEOVER_MS);
  await catalog.complete(claim, ANSWER);
  await age(claim, 25 * 3_600);
  await catalog.expire();
  expect(await catalog.isOwnedBy(claim)).toBe(true);
});

test("the end of a replay frees the unfinished keys of that WAL only", async () => {
  const claim = someClaim();
  const other = someClaim();
  await catalog.claim(claim, TAKEOVER_MS);
  await catalog.claim(other, TAKEOVER_MS);
  await catalog.releaseUnfinished(claim.walId);
  expect((await catalog.claim({ ...claim, walId: "next" }, TAKEOVER_MS)).state).toBe("claimed");
  expect((await catalog.claim({ ...other, walId: "next" }, TAKEOVER_MS)).state).toBe("running");
});

test("a key lives 24 hours: just before it answers, after it is new, and expire() removes it", async () => {
  const claim = someClaim();
  await catalog.claim(claim, TAKEOVER_MS);
  await catalog.complete(claim, ANSWER);
  await age(claim, 24 * 3_600 - 60);
  await catalog.expire();
  expect((await catalog.claim(claim, TAKEOVER_MS)).state).toBe("finished");
  await age(claim, 24 * 3_600 + 60);
  expect((await catalog.claim({ ...claim, walId: "next" }, TAKEOVER_MS)).state).toBe("claimed");
  await age(claim, 24 * 3_600 + 60);
  await catalog.expire();
  expect(await db.sql`select 1 from idempotency_keys where project_id = ${claim.projectId}`).toHaveLength(0);
});

test("expire() forgets processes long gone and keeps living ones", async () => {
  await catalog.heartbeat("alive");
  await catalog.heartbeat("gone");
  await db.sql`update processes set heartbeat_at = now() - interval '8 days' where wal_id = 'gone'`;
  await catalog.expire();
  const rows = await db.sql<{ wal_id: string }[]>`select wal_id from processes where wal_id in ('alive', 'gone')`;
  expect(rows.map((row) => row.wal_id)).toEqual(["alive"]);
});

test("a claim that was stored although its reply was lost is claimed again by the same process", async () => {
  const lossy = new LossyDatabase({ url: db.url, logger: pino({ level: "silent" }) });
  const process = createPostgresIdempotencyCatalog(lossy);
  const claim = someClaim();
  lossy.losesReplies = true;
  await expect(process.claim(claim, TAKEOVER_MS)).rejects.toMatchObject({ kind: "unavailable" });
  lossy.losesReplies = false;
  expect(await catalog.claim({ ...claim, walId: "another" }, TAKEOVER_MS)).toEqual({ state: "running" });
  expect(await process.claim(claim, TAKEOVER_MS)).toEqual({ state: "claimed" });
  expect(await process.claim(claim, TAKEOVER_MS)).toEqual({ state: "running" });
  await lossy.close();
});

/** Runs every statement, and can then pretend that the connection broke. */
class LossyDatabase extends CatalogDatabase {
  losesReplies = false;

  override async run<T>(...args: Parameters<CatalogDatabase["run"]>): Promise<T> {
    const result = await super.run(...args);
    if (this.losesReplies) throw new CatalogError(args[0], "unavailable", "connection lost");
    return result as T;
  }
}
