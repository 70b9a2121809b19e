import { randomUUID } from "node:crypto";
import pino from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CatalogDatabase } from "#app/server/catalog/database.ts";
import { createPostgresIdempotencyCatalog } from "#app/server/catalog/postgres-idempotency-catalog.ts";
import { CatalogError } from "#app/server/ingest/batch-catalog.ts";
import type { DurableClaim, IdempotencyCatalog, IdempotencyRequest } from "#app/server/ingest/idempotency-catalog.ts";
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

function someRequest(changes: Partial<IdempotencyRequest> = {}): IdempotencyRequest {
  return { projectId: randomUUID(), key: "key-1", digest: "d1", walId: `wal-${randomUUID()}`, ...changes };
}

/** Claims a key that is free. */
async function claimKey(request: IdempotencyRequest, by = catalog): Promise<DurableClaim> {
  const result = await by.claim(request, TAKEOVER_MS);
  if (result.state !== "claimed") throw new Error(`the key is ${result.state}`);
  return { ...request, claimId: result.claimId, receivedAtMs: Date.now() };
}

function settle(claim: DurableClaim, isFinal = true): Promise<boolean> {
  return catalog.settle(claim, ANSWER, { isFinal });
}

/** Makes a claim and its owner's last sign of life this old. */
async function age(request: IdempotencyRequest, seconds: number): Promise<void> {
  await db.sql`update idempotency_keys set created_at = now() - make_interval(secs => ${seconds}) where project_id = ${request.projectId}`;
  await db.sql`update processes set heartbeat_at = now() - make_interval(secs => ${seconds}) where wal_id = ${request.walId}`;
}

test("exactly one of twenty concurrent claims from two processes gets the key", async () => {
  const other = createPostgresIdempotencyCatalog(db.connect());
  const request = someRequest();
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, at) =>
      (at % 2 ? catalog : other).claim({ ...request, walId: `wal-${at % 2}` }, TAKEOVER_MS),
    ),
  );
  expect(results.filter((result) => result.state === "claimed")).toHaveLength(1);
  expect(results.filter((result) => result.state === "running")).toHaveLength(19);
});

test("exactly one of ten processes takes an orphan over", async () => {
  const request = someRequest();
  await claimKey(request);
  await age(request, 601);
  const results = await Promise.all(
    Array.from({ length: 10 }, (_, at) => catalog.claim({ ...request, walId: `heir-${at}` }, TAKEOVER_MS)),
  );
  expect(results.filter((result) => result.state === "claimed")).toHaveLength(1);
  expect(results.filter((result) => result.state === "running")).toHaveLength(9);
});

test("of a takeover and the owner who settles at the same moment the owner wins, and the other hears of it", async () => {
  const other = createPostgresIdempotencyCatalog(db.connect());
  for (let round = 0; round < 20; round++) {
    const request = someRequest();
    const claim = await claimKey(request);
    await age(request, 601);
    const [isOurs, taken] = await Promise.all([settle(claim), other.claim({ ...request, walId: "heir" }, TAKEOVER_MS)]);
    expect([isOurs, ["finished", "claimed"].includes(taken.state)]).toEqual([true, true]);
    if (taken.state === "claimed")
      expect(await settle({ ...claim, claimId: taken.claimId, walId: "heir" })).toBe(false);
  }
});

test("of the owner and its heir who settle at the same moment one wins, and the other hears of it", async () => {
  const other = createPostgresIdempotencyCatalog(db.connect());
  for (let round = 0; round < 20; round++) {
    const request = someRequest();
    const claim = await claimKey(request);
    await age(request, 601);
    const inherited = await claimKey({ ...request, walId: "heir" });
    const settled = await Promise.all([settle(claim), other.settle(inherited, ANSWER, { isFinal: true })]);
    expect(settled.sort()).toEqual([false, true]);
  }
});

test("a finished key answers as the first time, to every process, and lets the caller compare digests", async () => {
  const request = someRequest();
  const claim = await claimKey(request);
  expect(await settle(claim)).toBe(true);
  const finished = { state: "finished", digest: "d1", answer: ANSWER };
  expect(await catalog.claim({ ...request, digest: "d2" }, TAKEOVER_MS)).toEqual(finished);
  expect(await catalog.claim({ ...request, walId: "another" }, TAKEOVER_MS)).toEqual(finished);
  // Repeated after a lost reply: the first answer stays.
  expect(await catalog.settle(claim, { status: 422, body: "{}" }, { isFinal: true })).toBe(true);
  expect(await catalog.claim(request, TAKEOVER_MS)).toEqual(finished);
});

test("a settled key is running while its owner lives, gets a better answer, and is never taken over", async () => {
  const request = someRequest();
  const heir = { ...request, walId: "heir" };
  const claim = await claimKey(request);
  await catalog.heartbeat(request.walId);
  expect(await settle(claim, false)).toBe(true);
  expect((await catalog.claim(request, 0)).state).toBe("running");
  expect((await catalog.claim(heir, 0)).state).toBe("running");
  await catalog.release(claim);

  await age(request, 3_600);
  expect(await catalog.claim(heir, 0)).toEqual({ state: "finished", digest: "d1", answer: ANSWER });
  const better = { status: 200, body: '{"committed":true}' } as const;
  expect(await catalog.settle(claim, better, { isFinal: true })).toBe(true);
  expect(await catalog.claim(heir, 0)).toEqual({ state: "finished", digest: "d1", answer: better });
});

test("the end of a replay gives settled keys the answer that they have", async () => {
  const request = someRequest();
  const claim = await claimKey(request);
  await catalog.heartbeat(request.walId);
  await settle(claim, false);
  await catalog.releaseUnfinished(request.walId);
  expect((await catalog.claim({ ...request, walId: "another" }, TAKEOVER_MS)).state).toBe("finished");
});

test("the same key of another project is another key", async () => {
  const request = someRequest();
  await claimKey(request);
  await claimKey({ ...request, projectId: randomUUID() });
});

test("a living owner's key is running, a dead one's orphaned until the takeover time and then claimed", async () => {
  const request = someRequest();
  const heir = { ...request, digest: "d2", walId: "heir" };
  await catalog.heartbeat(request.walId);
  const claim = await claimKey(request);
  expect(await catalog.claim(heir, TAKEOVER_MS)).toEqual({ state: "running" });

  await age(request, 60);
  const orphaned = await catalog.claim(heir, TAKEOVER_MS);
  expect(orphaned.state).toBe("orphaned");
  const retryAfterMs = orphaned.state === "orphaned" ? orphaned.retryAfterMs : 0;
  expect(retryAfterMs).toBeGreaterThan(530_000);
  expect(retryAfterMs).toBeLessThanOrEqual(540_000);

  // The claim is old, but its owner was seen: still its own.
  await age(request, 601);
  await catalog.heartbeat(request.walId);
  expect(await catalog.claim(heir, TAKEOVER_MS)).toEqual({ state: "running" });

  await age(request, 601);
  const inherited = await claimKey(heir);
  expect(await settle(inherited)).toBe(true);
  expect(await settle(claim)).toBe(false);
});

test("a process never takes its own running key over, however late its heartbeat is", async () => {
  const request = someRequest();
  await claimKey(request);
  await age(request, 3_600);
  expect(await catalog.claim(request, 0)).toEqual({ state: "running" });
});

test("a released key is free, and only its claim can release it", async () => {
  const request = someRequest();
  const claim = await claimKey(request);
  await catalog.release({ ...claim, claimId: randomUUID() });
  expect(await catalog.claim(request, TAKEOVER_MS)).toEqual({ state: "running" });
  await catalog.release(claim);
  await claimKey({ ...request, walId: "another" });
});

test("a finished key is not released", async () => {
  const request = someRequest();
  const claim = await claimKey(request);
  await settle(claim);
  await catalog.release(claim);
  await catalog.releaseUnfinished(request.walId);
  expect((await catalog.claim(request, TAKEOVER_MS)).state).toBe("finished");
});

test("after a takeover that was given back, the first owner stores what it has acknowledged", async () => {
  const request = someRequest();
  const claim = await claimKey(request);
  await age(request, 601);
  await catalog.release(await claimKey({ ...request, walId: "heir" }));
  expect(await settle(claim)).toBe(true);
  expect((await catalog.claim({ ...request, walId: "third" }, TAKEOVER_MS)).state).toBe("finished");
});

test("who took a key over and has not settled it loses it to the first owner, whose content it then stands for", async () => {
  const request = someRequest();
  const claim = await claimKey(request);
  await age(request, 601);
  const heir = { ...request, digest: "d2", walId: "heir" };
  const inherited = await claimKey(heir);
  await catalog.heartbeat(heir.walId);
  await catalog.heartbeat(request.walId);
  expect(await settle(claim, false)).toBe(true);
  expect([await settle(inherited), await settle(claim, false)]).toEqual([false, true]);
  await catalog.releaseUnfinished(heir.walId);
  expect((await catalog.claim({ ...request, walId: "third" }, TAKEOVER_MS)).state).toBe("running");
  expect(await settle(claim)).toBe(true);
  const finished = { state: "finished", digest: "d1", answer: ANSWER };
  expect(await catalog.claim({ ...request, walId: "third" }, TAKEOVER_MS)).toEqual(finished);
});

test("a record that another process has stored is not stored when its key is used anew a day later", async () => {
  const request = someRequest();
  const claim = await claimKey(request);
  await age(request, 601);
  await settle(await claimKey({ ...request, walId: "heir" }));
  await age(request, 25 * 3_600);
  const anew = await claimKey({ ...request, walId: "third" });
  expect(await settle({ ...claim, receivedAtMs: Date.now() - 25 * 3_600_000 })).toBe(false);
  expect(await settle(anew)).toBe(true);
});

test("of two claims of one process, the first of them taken over, the first to be settled counts", async () => {
  const request = someRequest();
  const claim = await claimKey(request);
  await age(request, 601);
  await catalog.release(await claimKey({ ...request, walId: "heir" }));
  const again = await claimKey(request);
  expect([await settle(again), await settle(claim)]).toEqual([true, false]);
});

test("replay keeps a record whose key expired meanwhile, used anew or not: it was acknowledged", async () => {
  const request = someRequest();
  const claim = await claimKey(request);
  await settle(claim);
  await age(request, 25 * 3_600);
  await catalog.expire();
  expect(await settle(claim)).toBe(true);
  const heir = { ...request, walId: "heir" };
  await claimKey(heir);
  await age(request, 25 * 3_600);
  await claimKey({ ...request, walId: "third" });
  expect(await settle(claim)).toBe(true);
});

test("a record whose key was taken over is dropped after 25 hours as well", async () => {
  const request = someRequest();
  const claim = await claimKey(request);
  await age(request, 601);
  await settle(await claimKey({ ...request, walId: "heir" }));
  await age(request, 25 * 3_600);
  await catalog.expire();
  expect(await settle(claim)).toBe(false);
});

test("the end of a replay frees the unsettled keys of that WAL only", async () => {
  const request = someRequest();
  const other = someRequest();
  await claimKey(request);
  await claimKey(other);
  await catalog.releaseUnfinished(request.walId);
  await claimKey({ ...request, walId: "next" });
  expect((await catalog.claim({ ...other, walId: "next" }, TAKEOVER_MS)).state).toBe("running");
});

test("a key lives 24 hours: just before it answers, after it is new, and expire() removes it", async () => {
  const request = someRequest();
  await settle(await claimKey(request));
  await age(request, 24 * 3_600 - 60);
  await catalog.expire();
  expect((await catalog.claim(request, TAKEOVER_MS)).state).toBe("finished");
  await age(request, 24 * 3_600 + 60);
  await claimKey({ ...request, walId: "next" });
  await age(request, 24 * 3_600 + 60);
  await catalog.expire();
  expect(await db.sql`select 1 from idempotency_keys where project_id = ${request.projectId}`).toHaveLength(0);
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
  const request = someRequest();
  lossy.losesReplies = true;
  await expect(process.claim(request, TAKEOVER_MS)).rejects.toMatchObject({ kind: "unavailable" });
  lossy.losesReplies = false;
  expect(await catalog.claim({ ...request, walId: "another" }, TAKEOVER_MS)).toEqual({ state: "running" });
  await claimKey(request, process);
  expect(await process.claim(request, TAKEOVER_MS)).toEqual({ state: "running" });
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
