import { createHash } from "node:crypto";
import type { BatchCatalog, CommittedBatch } from "#app/server/ingest/batch-catalog.ts";
import type { IdempotencyCatalog, RememberedAnswer } from "#app/server/ingest/idempotency-catalog.ts";
import { ObjectNotFoundError, type ObjectStore } from "#app/server/o3/object-store.ts";
import type { Clock } from "#app/server/system/clock.ts";

/** Outside is what survives a crash of the machine under test: the bucket and the database, as plain values. */
export interface Outside {
  objects: ReadonlyMap<string, Buffer>;
  /** A list, so that a batch that is committed twice shows. */
  rows: readonly CommittedBatch[];
  ledger: ReadonlySet<string>;
  keys: ReadonlyMap<string, IdempotencyKey>;
}

export interface IdempotencyKey {
  digest: string;
  owner: string;
  claimId: string;
  answer: RememberedAnswer | null;
}

export function emptyOutside(): Outside {
  return { objects: new Map(), rows: [], ledger: new Set(), keys: new Map() };
}

/** OutsideWorld implements the interfaces over values that are replaced and never changed, so that a snapshot is free. */
export interface OutsideWorld {
  now: Outside;
  store: ObjectStore;
  catalog: BatchCatalog;
  idempotency: IdempotencyCatalog;
}

/** `onStep` is called before and after every step that changes something; what it throws is what the caller sees. */
export function createOutsideWorld(start: Outside, onStep: (step: string) => void): OutsideWorld {
  const world: OutsideWorld = { now: start, store: store(), catalog: catalog(), idempotency: idempotency() };
  return world;

  async function change(step: string, changed: () => Partial<Outside>): Promise<void> {
    onStep(`before ${step}`);
    world.now = { ...world.now, ...changed() };
    onStep(`after ${step}`);
    await Promise.resolve();
  }

  function store(): ObjectStore {
    return {
      async put(key, bytes) {
        await change("put", () => ({ objects: new Map(world.now.objects).set(key, Buffer.from(bytes)) }));
      },
      async get(key) {
        const bytes = world.now.objects.get(key);
        if (bytes === undefined) throw new ObjectNotFoundError("get", key);
        return bytes;
      },
      async head(key) {
        const bytes = world.now.objects.get(key);
        return bytes === undefined
          ? null
          : { sizeBytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
      },
      async *list(prefix) {
        for (const [key, bytes] of world.now.objects)
          if (key.startsWith(prefix)) yield { key, sizeBytes: bytes.length };
      },
      async delete() {
        throw new Error("nothing here deletes objects");
      },
      close: () => Promise.resolve(),
    };
  }

  function catalog(): BatchCatalog {
    return {
      async commitBatch(batch) {
        const name = ledgerName(batch.walId, batch.batchNo);
        if (world.now.ledger.has(name)) {
          onStep("commit again");
          return "already-committed";
        }
        await change("commit", () => ({
          ledger: new Set(world.now.ledger).add(name),
          rows: [...world.now.rows, batch],
        }));
        return "committed";
      },
      async committedBatchNumbers(walId) {
        return [...world.now.ledger]
          .filter((name) => name.startsWith(`${walId} `))
          .map((name) => Number(name.split(" ")[1]));
      },
      async trimLedger(walId) {
        await change("trim", () => ({
          ledger: new Set([...world.now.ledger].filter((name) => !name.startsWith(`${walId} `))),
        }));
      },
      findBatches: () => Promise.resolve({ batches: [], inLedger: new Set() }),
      markMissing: () => Promise.resolve(true),
    };
  }

  function idempotency(): IdempotencyCatalog {
    const find = ({ key, claimId }: { key: string; claimId: string }) => {
      const found = world.now.keys.get(key);
      return found?.claimId === claimId ? found : undefined;
    };
    return {
      async claim({ key, digest, walId }) {
        const found = world.now.keys.get(key);
        if (found?.answer) return { state: "finished", digest: found.digest, answer: found.answer };
        if (found !== undefined) return { state: "running" };
        // A key is claimed once by each process here.
        const claimId = `${walId} ${key}`;
        await change("claim", () => ({
          keys: new Map(world.now.keys).set(key, { digest, owner: walId, claimId, answer: null }),
        }));
        return { state: "claimed", claimId };
      },
      async settle(claim, answer) {
        const held = world.now.keys.get(claim.key);
        if (held === undefined) return true;
        const { claimId, walId: owner } = claim;
        // Whoever settles first has it.
        if (held.claimId !== claimId && held.answer !== null) return false;
        await change("settle", () => ({
          keys: new Map(world.now.keys).set(claim.key, { ...held, claimId, owner, answer: held.answer ?? answer }),
        }));
        return true;
      },
      async release(claim) {
        if (find(claim)?.answer === null)
          await change("release", () => ({ keys: without(world.now.keys, [claim.key]) }));
      },
      async releaseUnfinished(walId) {
        const gone = [...world.now.keys]
          .filter(([, { owner, answer }]) => owner === walId && answer === null)
          .map(([key]) => key);
        if (gone.length > 0) await change("release", () => ({ keys: without(world.now.keys, gone) }));
      },
      heartbeat: () => Promise.resolve(),
      expire: () => Promise.resolve(),
    };
  }
}

function ledgerName(walId: string, batchNo: number): string {
  return `${walId} ${batchNo}`;
}

function without<T>(map: ReadonlyMap<string, T>, gone: readonly string[]): ReadonlyMap<string, T> {
  return new Map([...map].filter(([name]) => !gone.includes(name)));
}

const MAX_IDLE_TURNS = 100;

/** ManualClock stands still until `runUntil` moves it from timer to timer. */
export class ManualClock implements Clock {
  #nowMs: number;
  #timers: { atMs: number; fire: () => void }[] = [];

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      const timer = { atMs: this.#nowMs + ms, fire: resolve };
      this.#timers.push(timer);
      const onAbort = () => {
        this.#timers = this.#timers.filter((each) => each !== timer);
        reject(signal?.reason as Error);
      };
      timer.fire = () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      };
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Moves time on, a timer at a time, until the condition holds. Everything below it must be promises without real I/O. */
  async runUntil(isDone: () => boolean, maxMs = 600_000): Promise<void> {
    const deadlineMs = this.#nowMs + maxMs;
    for (let idle = 0; ; idle++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (isDone()) return;
      this.#timers.sort((a, b) => a.atMs - b.atMs);
      const next = this.#timers.shift();
      if (next === undefined) {
        if (idle > MAX_IDLE_TURNS) throw new Error("nothing goes on, and no timer is set");
        continue;
      }
      idle = 0;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      if (this.#nowMs > deadlineMs) throw new Error(`nothing came of ${maxMs} ms`);
      next.fire();
    }
  }
}
