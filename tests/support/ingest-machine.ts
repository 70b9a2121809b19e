import { CatalogError } from "#app/server/ingest/batch-catalog.ts";
import { ManualClock, emptyOutside, type Outside } from "#tests/support/crash-fakes.ts";
import { blockOf, buildMachine, type Machine, type MachineOptions } from "#tests/support/crash-model.ts";
import { MemoryFileSystem, type MemoryFileSystemOptions } from "#tests/support/memory-file-system.ts";

export const PROJECT = "00000000-0000-4000-8000-00000000000a";
export const START_MS = Date.UTC(2026, 0, 15, 12);
export const FIRST_WAL = "/data/wal/00000000-0000-7000-8000-000000000001";

/** A process on a new disk, or on one that an earlier process left. */
export function boot(options: Partial<MachineOptions> & { disk?: MemoryFileSystemOptions } = {}): Machine {
  const fileSystem = options.fileSystem ?? new MemoryFileSystem({ syncsNewDirectories: true, ...options.disk });
  return buildMachine({ outside: emptyOutside(), clock: new ManualClock(START_MS), life: 1, ...options, fileSystem });
}

/** Sends one request. */
export async function accept({ ingester, clock }: Machine, ...messages: string[]): Promise<void> {
  const block = blockOf(messages, clock.nowMs());
  await ingester.accept({ projectId: PROJECT, block, receivedAtMs: clock.nowMs(), idempotency: null });
}

/** Lets time pass. */
export async function pass(clock: ManualClock, ms: number): Promise<void> {
  const untilMs = clock.nowMs() + ms;
  await clock.runUntil(() => clock.nowMs() >= untilMs);
}

/** For `onStep`: the catalog is away for commits. */
export function refuseCommits(step: string): void {
  if (step === "before commit") throw new CatalogError("commit batch", "unavailable", "it is away");
}

/** Lets promises go on, a step at a time. */
export async function turnsUntil(isDone: () => boolean): Promise<void> {
  for (let turn = 0; turn < 2_000; turn++) {
    if (isDone()) return;
    await Promise.resolve();
  }
  throw new Error("it never came to it");
}

/** The disk of a process that took five requests, three of which are stored, and was killed. */
export async function killedMachine(
  walFileMaxBytes = 700,
): Promise<{ fileSystem: MemoryFileSystem; outside: Outside }> {
  const machine = boot({ maxEntries: 3, walFileMaxBytes });
  await machine.ingester.start();
  for (const name of ["a", "b", "c"]) await accept(machine, name);
  await pass(machine.clock, 3_000);
  for (const name of ["d", "e"]) await accept(machine, name);
  return { fileSystem: machine.fileSystem.afterKill({ syncsNewDirectories: true }), outside: machine.outside.now };
}
