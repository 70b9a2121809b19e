import { expect, it } from "vitest";
import { CatalogError } from "#app/server/ingest/batch-catalog.ts";
import type { WalIdempotency } from "#app/server/ingest/wal-payload.ts";
import { emptyOutside, ManualClock, type IdempotencyKey } from "#tests/support/crash-fakes.ts";
import {
  blockOf,
  buildMachine,
  closeMachine,
  committedMessages,
  visibleMessages,
  type Machine,
} from "#tests/support/crash-model.ts";
import { MemoryFileSystem } from "#tests/support/memory-file-system.ts";

const PROJECT = "00000000-0000-4000-8000-00000000000a";
const START_MS = Date.UTC(2026, 0, 15, 12);
const KEY = "k";
const OURS: WalIdempotency = { key: KEY, claimId: "ours", digest: "d", answer: "{}" };
const HELD: IdempotencyKey = { digest: "d", owner: "first", claimId: OURS.claimId, answer: null };
const TAKEN_OVER: IdempotencyKey = {
  ...HELD,
  owner: "another",
  claimId: "another's",
  answer: { status: 202, body: "{}" },
};
const LONGER_THAN_A_BATCH_MS = 5_000;

/** A process that has claimed the key, and has acknowledged its entries while the database is away. */
async function waitingMachine(): Promise<{ machine: Machine; database: { isAway: boolean } }> {
  const database = { isAway: true };
  const machine = buildMachine({
    fileSystem: new MemoryFileSystem({ syncsNewDirectories: true }),
    outside: { ...emptyOutside(), keys: new Map([[KEY, HELD]]) },
    clock: new ManualClock(START_MS),
    life: 1,
    onStep(step) {
      if (step === "before settle" && database.isAway) throw new CatalogError("settle", "unavailable", "it is away");
    },
  });
  await machine.ingester.start();
  expect((await accept(machine, "keyed", OURS)).state).toBe("waiting");
  expect((await accept(machine, "plain", null)).state).toBe("batched");
  return { machine, database };
}

function accept({ ingester, clock }: Machine, message: string, idempotency: WalIdempotency | null) {
  const block = blockOf([message], clock.nowMs());
  return ingester.accept({ projectId: PROJECT, block, receivedAtMs: clock.nowMs(), idempotency });
}

function takeOver({ outside }: Machine, held = TAKEN_OVER): void {
  outside.now = { ...outside.now, keys: new Map([[KEY, held]]) };
}

async function pass({ clock }: Machine, ms: number): Promise<void> {
  const untilMs = clock.nowMs() + ms;
  await clock.runUntil(() => clock.nowMs() >= untilMs);
}

/** What the next life finds, and what it has stored when it ends. */
async function replayed(killed: Machine): Promise<{ found: string[]; stored: string[] }> {
  const fileSystem = killed.fileSystem.afterKill({ syncsNewDirectories: true });
  const next = buildMachine({ fileSystem, outside: killed.outside.now, clock: killed.clock, life: 2 });
  await next.ingester.start();
  const found = await visibleMessages(next);
  await closeMachine(next);
  expect(await fileSystem.list("/data/wal")).toEqual([]);
  return { found: found.sort(), stored: committedMessages(next.outside.now).sort() };
}

it("entries whose key is not settled are in no batch, however long that takes", async () => {
  const { machine, database } = await waitingMachine();
  await pass(machine, LONGER_THAN_A_BATCH_MS);
  expect(await visibleMessages(machine)).toEqual(["plain"]);
  database.isAway = false;
  await pass(machine, LONGER_THAN_A_BATCH_MS);
  expect(committedMessages(machine.outside.now).sort()).toEqual(["keyed", "plain"]);
  await closeMachine(machine);
});

it("entries whose key another process took over meanwhile are dropped, and the WAL lets go of them", async () => {
  const { machine, database } = await waitingMachine();
  takeOver(machine);
  database.isAway = false;
  await pass(machine, LONGER_THAN_A_BATCH_MS);
  await closeMachine(machine);
  expect(committedMessages(machine.outside.now)).toEqual(["plain"]);
  expect(await machine.fileSystem.list("/data/wal")).toEqual([]);
});

it("replay stores a record whose key is still its own", async () => {
  const { machine } = await waitingMachine();
  expect(await replayed(machine)).toEqual({ found: ["keyed", "plain"], stored: ["keyed", "plain"] });
});

it("replay stores a record whose key another process took over and never settled", async () => {
  const { machine } = await waitingMachine();
  takeOver(machine, { ...TAKEN_OVER, answer: null });
  expect(await replayed(machine)).toEqual({ found: ["keyed", "plain"], stored: ["keyed", "plain"] });
});

it("replay drops a record whose key another process took over", async () => {
  const { machine } = await waitingMachine();
  takeOver(machine);
  expect(await replayed(machine)).toEqual({ found: ["plain"], stored: ["plain"] });
});
