import { describe, expect, it } from "vitest";
import { buildTier0 } from "#app/server/ingest/build-tier0.ts";
import { readWal, walFiles } from "#app/server/ingest/wal-reader.ts";
import { decodePayload } from "#app/server/ingest/wal-payload.ts";
import { ManualClock, emptyOutside, type Outside } from "#tests/support/crash-fakes.ts";
import {
  blockOf,
  buildMachine,
  closeMachine,
  committedMessages,
  visibleMessages,
  type Machine,
  type MachineOptions,
} from "#tests/support/crash-model.ts";
import { MemoryFileSystem, failure, type MemoryFileSystemOptions } from "#tests/support/memory-file-system.ts";

const PROJECT = "00000000-0000-4000-8000-00000000000a";
const START_MS = Date.UTC(2026, 0, 15, 12);
const FIRST_WAL = "/data/wal/00000000-0000-7000-8000-000000000001";

function boot(options: Partial<MachineOptions> & { disk?: MemoryFileSystemOptions } = {}): Machine {
  const fileSystem = options.fileSystem ?? new MemoryFileSystem({ syncsNewDirectories: true, ...options.disk });
  return buildMachine({ outside: emptyOutside(), clock: new ManualClock(START_MS), life: 1, ...options, fileSystem });
}

async function accept({ ingester, clock }: Machine, ...messages: string[]): Promise<void> {
  const block = blockOf(messages, clock.nowMs());
  await ingester.accept({ projectId: PROJECT, block, receivedAtMs: clock.nowMs(), idempotency: null });
}

async function pass(clock: ManualClock, ms: number): Promise<void> {
  const untilMs = clock.nowMs() + ms;
  await clock.runUntil(() => clock.nowMs() >= untilMs);
}

/** The disk of a process that took five requests, three of which are stored, and was killed. */
async function killedMachine(walFileMaxBytes = 700): Promise<{ fileSystem: MemoryFileSystem; outside: Outside }> {
  const machine = boot({ maxEntries: 3, walFileMaxBytes });
  await machine.ingester.start();
  for (const name of ["a", "b", "c"]) await accept(machine, name);
  await pass(machine.clock, 3_000);
  for (const name of ["d", "e"]) await accept(machine, name);
  return { fileSystem: machine.fileSystem.afterKill({ syncsNewDirectories: true }), outside: machine.outside.now };
}

describe("the start after a kill", () => {
  it("finds stored and unstored entries once, and stores the rest once", async () => {
    const killed = await killedMachine();
    expect(committedMessages(killed.outside).sort()).toEqual(["a", "b", "c"]);
    const machine = boot({ ...killed, life: 2 });
    await machine.ingester.start();
    expect((await visibleMessages(machine)).sort()).toEqual(["a", "b", "c", "d", "e"]);
    await closeMachine(machine);
    expect(committedMessages(machine.outside.now).sort()).toEqual(["a", "b", "c", "d", "e"]);
    expect(machine.outside.now.ledger.size).toBe(0);
  });

  it("keeps the file of a new batch that got the number of one whose seal was never written", async () => {
    const outcomes = new Set<string>();
    for (let call = 1; call < 60; call++) {
      const first = boot({ maxEntries: 2 });
      await first.ingester.start();
      first.fileSystem.failAt(call, { code: "EIO", forGood: true });
      const isAcknowledged = await accept(first, "a", "b").then(
        () => true,
        () => false,
      );
      await pass(first.clock, 100);
      const machine = boot({
        fileSystem: first.fileSystem.afterPowerCut("everything"),
        outside: first.outside.now,
        life: 2,
        maxEntries: 2,
      });
      await machine.ingester.start();
      await closeMachine(machine);
      const stored = committedMessages(machine.outside.now).sort().join("");
      outcomes.add(`${isAcknowledged ? "acknowledged" : "not acknowledged"} ${stored}`);
      if (isAcknowledged) expect({ call, stored }).toEqual({ call, stored: "ab" });
    }
    expect(outcomes).toContain("acknowledged ab");
    expect(outcomes).toContain("not acknowledged ");
  });

  it("waits for room as long as sealing takes, instead of giving up", async () => {
    const first = boot({ maxEntries: 1_000 });
    await first.ingester.start();
    for (let i = 0; i < 40; i++) await accept(first, `${i} ${"x".repeat(2_000)}`);
    const clock = new ManualClock(START_MS);
    const machine = boot({
      fileSystem: first.fileSystem.afterKill(),
      clock,
      life: 2,
      bufferMaxBytes: 4_000,
      buildObject: async (input) => {
        await clock.sleep(20_000);
        return buildTier0(input);
      },
    });
    let isStarted = false;
    const starting = machine.ingester.start().then(() => (isStarted = true));
    await clock.runUntil(() => isStarted, 3_600_000);
    await starting;
    expect(new Set((await visibleMessages(machine)).map((message) => message.split(" ")[0])).size).toBe(40);
  });
});

describe("a damaged WAL", () => {
  it("loses, to one flipped bit anywhere, at most the entries of the record it hits, and the server starts", async () => {
    const killed = await killedMachine();
    const [file] = (await walFiles(killed.fileSystem, FIRST_WAL)).slice(-1) as [string];
    const bytes = await killed.fileSystem.readFile(file);
    const records = await recordsIn(killed.fileSystem);
    for (let bit = 0; bit < bytes.length * 8; bit += 5) {
      const damaged = killed.fileSystem.afterKill({ syncsNewDirectories: true });
      const handle = await damaged.open(file, "read-write");
      await handle.write(Buffer.from([bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7))]), bit >> 3);
      const left = new Set(await recordsIn(damaged));
      const machine = boot({ fileSystem: damaged, outside: killed.outside, life: 2, maxEntries: 3 });
      await machine.ingester.start();
      await closeMachine(machine);
      const stored = committedMessages(machine.outside.now);
      expect(new Set(stored).size).toBe(stored.length);
      const lost = ["d", "e"].filter((message) => !stored.includes(message));
      expect({ bit, lost }).toEqual({
        bit,
        lost: ["d", "e"].filter((message) => records.includes(message) && !left.has(message)),
      });
      expect(machine.failures).toEqual([]);
    }
  });

  it("stores entries again, rather than lose them, when it is the seal of their stored batch that is damaged", async () => {
    const killed = await killedMachine(1_000_000);
    const [file] = (await walFiles(killed.fileSystem, FIRST_WAL)) as [string];
    const sealAt = (await killed.fileSystem.readFile(file)).indexOf('{"type":"seal"');
    expect(sealAt).toBeGreaterThan(0);
    const handle = await killed.fileSystem.open(file, "read-write");
    await handle.write(Buffer.from("x"), sealAt);
    const machine = boot({ ...killed, life: 2, maxEntries: 3 });
    await machine.ingester.start();
    await closeMachine(machine);
    expect([...new Set(committedMessages(machine.outside.now))].sort()).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("is told from a torn tail also when a second crash follows the first", async () => {
    const first = boot({ maxEntries: 2 });
    await first.ingester.start();
    await accept(first, "a");
    void accept(first, "b", "c").catch(() => undefined);
    const pending = () => first.fileSystem.pendingChanges().some(({ kind }) => kind === "write");
    for (let tick = 0; tick < 50 && !pending(); tick++) await Promise.resolve();
    expect(pending()).toBe(true);
    let disk = first.fileSystem.afterCrash(({ kind }) => (kind === "write" ? "torn" : "whole"), {
      syncsNewDirectories: true,
    });
    for (let life = 2; life < 5; life++) {
      const machine = boot({ fileSystem: disk, outside: first.outside.now, life, maxEntries: 1 });
      await machine.ingester.start();
      for (let tick = 0; tick < 12; tick++) await Promise.resolve();
      disk = machine.fileSystem.afterKill({ syncsNewDirectories: true });
      expect(await disk.list("/data/quarantine")).toEqual([]);
    }
  });
});

describe("a WAL file that cannot be removed", () => {
  it("holds up neither later batches nor, once it can, its own removal", async () => {
    let failures = 0;
    const machine = boot({
      disk: {
        onCall(operation, filePath) {
          if (operation === "remove" && filePath.endsWith(".wal") && failures++ < 3) throw failure("EIO");
        },
      },
      maxEntries: 2,
    });
    await machine.ingester.start();
    const sent = Array.from({ length: 30 }, (_, i) => `m${i}`);
    for (const message of sent) {
      await accept(machine, message);
      await pass(machine.clock, 300);
    }
    await pass(machine.clock, 10_000);
    expect(failures).toBeGreaterThan(3);
    expect(committedMessages(machine.outside.now).sort()).toEqual(sent.sort());
    expect((await walFiles(machine.fileSystem, FIRST_WAL)).length).toBeLessThanOrEqual(2);
    await closeMachine(machine);
    expect(await machine.fileSystem.list("/data/wal")).toEqual([]);
  });
});

/** The messages and seals of the first process's sound records. */
async function recordsIn(fileSystem: MemoryFileSystem): Promise<string[]> {
  const found: string[] = [];
  for await (const item of readWal(fileSystem, FIRST_WAL)) {
    if (item.kind === "damage") continue;
    const record = decodePayload(item.payload);
    if (record.type === "seal") found.push(`seal ${record.batchNo}`);
    else
      for (const [, message] of record.lines.toString().matchAll(/"message":"(\w+)"/g)) found.push(message as string);
  }
  return found;
}
