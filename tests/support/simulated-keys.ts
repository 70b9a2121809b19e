import type { IdempotencyCatalog, RememberedAnswer } from "#app/server/ingest/idempotency-catalog.ts";
import { newRowId, type Reach, type SimulatedTables } from "#tests/support/simulated-tables.ts";

/** SimulatedKey is a row of `idempotency_keys`. */
export interface SimulatedKey {
  digest: string;
  owner: string;
  claimId: string;
  claimedAtMs: number;
  /** Claims that lost the key to another process. */
  takenClaims: readonly string[];
  answer: RememberedAnswer | null;
}

/** Without a heartbeat for this long a process counts as dead: two are missing then. */
const SILENT_MS = 12_000;
const NOBODY = "";

/** Every process has one of its own, which remembers the claims whose reply was lost. */
export function simulatedIdempotencyCatalog(tables: SimulatedTables, reach: Reach): IdempotencyCatalog {
  const { keys, heartbeats, nowMs } = tables;
  const doubtful = new Map<string, string[]>();
  const silentMs = ({ owner, claimedAtMs }: SimulatedKey) =>
    nowMs() - Math.max(claimedAtMs, heartbeats.get(owner) ?? 0);
  const giveBack = (isMeant: (key: SimulatedKey) => boolean) => {
    for (const [name, key] of keys) {
      if (!isMeant(key) || key.answer !== null) continue;
      if (key.takenClaims.length > 0) key.owner = NOBODY;
      else keys.delete(name);
    }
  };
  return {
    async claim({ key, digest, walId }, takeoverMs) {
      const lost = doubtful.get(key) ?? [];
      const claimId = newRowId();
      try {
        const result = await reach("claim", () => {
          const held = keys.get(key);
          const isFree =
            held === undefined ||
            held.owner === NOBODY ||
            (held.answer === null && lost.includes(held.claimId)) ||
            (held.answer === null && held.owner !== walId && silentMs(held) >= Math.max(takeoverMs, SILENT_MS));
          if (isFree) {
            const isTaken = held !== undefined && held.owner !== NOBODY && held.owner !== walId;
            const takenClaims = [...(held?.takenClaims ?? []), ...(isTaken ? [held.claimId] : [])];
            keys.set(key, { digest, owner: walId, claimId, claimedAtMs: nowMs(), takenClaims, answer: null });
            return { state: "claimed", claimId } as const;
          }
          if (held.answer !== null) return { state: "finished", digest: held.digest, answer: held.answer } as const;
          if (held.owner === walId || silentMs(held) < SILENT_MS) return { state: "running" } as const;
          return { state: "orphaned", retryAfterMs: Math.max(1, takeoverMs - silentMs(held)) } as const;
        });
        doubtful.delete(key);
        return result;
      } catch (error) {
        doubtful.set(key, [...lost, claimId]);
        throw error;
      }
    },
    settle: ({ key, claimId, walId, digest }, answer) =>
      reach("settle", () => {
        const held = keys.get(key);
        if (held?.answer === null && held.takenClaims.includes(claimId)) {
          const takenClaims = [...held.takenClaims.filter((id) => id !== claimId), held.claimId];
          keys.set(key, { ...held, digest, owner: walId, claimId, takenClaims, answer });
          return true;
        }
        if (held?.claimId === claimId) held.answer ??= answer;
        return held?.takenClaims.includes(claimId) !== true;
      }),
    release: ({ claimId }) => reach("release", () => giveBack((key) => key.claimId === claimId)),
    releaseUnfinished: (walId) => reach("release unfinished", () => giveBack(({ owner }) => owner === walId)),
    heartbeat: (walId) => reach("heartbeat", () => void heartbeats.set(walId, nowMs())),
    expire: () => Promise.resolve(),
  };
}
