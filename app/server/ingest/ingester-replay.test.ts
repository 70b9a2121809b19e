import { describe, expect, it } from "vitest";
import { CatalogError } from "#app/server/ingest/batch-catalog.ts";
import { buildTier0 } from "#app/server/ingest/build-tier0.ts";
import { mergeParts } from "#app/server/ingest/merge-parts.ts";
import { walFiles } from "#app/server/ingest/wal-reader.ts";
import { ManualClock, type Outside } from "#tests/support/crash-fakes.ts";
import { closeMachine, committedMessages, recordsIn, visibleMessages } from "#tests/support/crash-model.ts";
import {
  FIRST_WAL,
  START_MS,
  accept,
  boot,
  killedMachine,
  pass,
  refuseCommits,
  turnsUntil,
} from "#tests/support/ingest-machine.ts";
import { MemoryFileSystem } from "#tests/support/memory-file-system.ts";

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

  it("knows of a drained WAL until the catalog has forgotten it", async () => {
    const killed = await killedMachine();
    const refuseTrims = (step: string) => {
      if (step === "before trim") throw new CatalogError("trim ledger", "unavailable", "it is away");
    };
    const second = boot({ ...killed, life: 2, onStep: refuseTrims });
    await second.ingester.start();
    await closeMachine(second);
    expect(await second.fileSystem.list(FIRST_WAL)).toEqual([]);
    expect(second.outside.now.ledger.size).toBeGreaterThan(0);
    const third = boot({ fileSystem: second.fileSystem.afterKill(), outside: second.outside.now, life: 3 });
    await third.ingester.start();
    await closeMachine(third);
    expect(third.outside.now.ledger.size).toBe(0);
    expect(await third.fileSystem.list("/data/wal")).toEqual([]);
    expect(committedMessages(third.outside.now).sort()).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("keeps the ledger of a drained WAL until no query can take a stored batch for another one in memory", async () => {
    const machine = boot({ ...(await killedMachine()), life: 2 });
    await machine.ingester.start();
    const endQuery = machine.ingester.local.register();
    await pass(machine.clock, 60_000);
    expect(committedMessages(machine.outside.now).sort()).toEqual(["a", "b", "c", "d", "e"]);
    expect(machine.outside.now.ledger.size).toBe(machine.outside.now.rows.length);
    endQuery();
    await pass(machine.clock, 100);
    expect(machine.outside.now.ledger.size).toBe(0);
    await closeMachine(machine);
  });

  it("keeps what is acknowledged in a data folder whose maker died before the folder's name was on disk", async () => {
    const disk = new MemoryFileSystem();
    await disk.makeDirectory("/data");
    const machine = boot({ fileSystem: disk.afterKill({ syncsNewDirectories: true }) });
    await machine.ingester.start();
    await accept(machine, "a");
    const next = boot({ fileSystem: machine.fileSystem.afterPowerCut("only what was synced"), life: 2 });
    await next.ingester.start();
    expect(await visibleMessages(next)).toEqual(["a"]);
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
      buildObject: async (batch) => {
        await clock.sleep(20_000);
        return buildTier0(mergeParts(batch));
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
    const records = await recordsIn(killed.fileSystem, FIRST_WAL);
    for (let bit = 0; bit < bytes.length * 8; bit += 5) {
      const damaged = killed.fileSystem.afterKill({ syncsNewDirectories: true });
      const handle = await damaged.open(file, "read-write");
      await handle.write(Buffer.from([bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7))]), bit >> 3);
      const left = new Set(await recordsIn(damaged, FIRST_WAL));
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

  it("is told from a torn tail, also when seals were written behind the tail and another crash follows", async () => {
    const first = boot({ maxEntries: 2 });
    await first.ingester.start();
    await accept(first, "a", "b");
    void accept(first, "c").catch(() => undefined);
    await turnsUntil(() => first.fileSystem.pendingChanges().some(({ kind }) => kind === "write"));
    let disk = first.fileSystem.afterCrash((change) => (change.kind === "write" ? "torn" : "whole"), {
      syncsNewDirectories: true,
    });
    for (let life = 2; life < 5; life++) {
      const machine = boot({ fileSystem: disk, life, maxEntries: 2, onStep: refuseCommits });
      await machine.ingester.start();
      await pass(machine.clock, 500);
      disk = machine.fileSystem.afterKill({ syncsNewDirectories: true });
      expect(await recordsIn(disk, FIRST_WAL)).toContain("seal 0");
      expect(await disk.list("/data/quarantine")).toEqual([]);
    }
  });
});

describe("what a killed process left unsynced", () => {
  it("is made durable before a batch is committed by it", async () => {
    const killed: MemoryFileSystem[] = [];
    const first = boot({
      maxEntries: 2,
      disk: {
        onCall(operation) {
          const pending = operation === "sync" ? first.fileSystem.pendingChanges() : [];
          const isSeal = pending.some((change) => change.kind === "write" && change.bytes.includes('{"type":"seal"'));
          if (isSeal) killed.push(first.fileSystem.afterKill({ syncsNewDirectories: true }));
        },
      },
    });
    await first.ingester.start();
    await accept(first, "a", "b");
    await turnsUntil(() => killed.length > 0);
    const cut: { fileSystem: MemoryFileSystem; outside: Outside }[] = [];
    const second = boot({
      fileSystem: killed[0] as MemoryFileSystem,
      life: 2,
      onStep(step) {
        if (step !== "after commit") return;
        const fileSystem = second.fileSystem.afterPowerCut("only what was synced", { syncsNewDirectories: true });
        cut.push({ fileSystem, outside: second.outside.now });
      },
    });
    await second.ingester.start();
    await turnsUntil(() => cut.length > 0);
    const third = boot({ ...cut[0], life: 3 });
    await third.ingester.start();
    await closeMachine(third);
    expect(committedMessages(third.outside.now).sort()).toEqual(["a", "b"]);
  });

  it("is made durable before anything is acknowledged in a folder that it made", async () => {
    const disk = new MemoryFileSystem();
    await disk.makeDirectory("/data");
    await disk.syncDirectory("/");
    for (const folder of ["wal", "spool", "quarantine"]) await disk.makeDirectory(`/data/${folder}`);
    const machine = boot({ fileSystem: disk.afterKill({ syncsNewDirectories: true }) });
    await machine.ingester.start();
    await accept(machine, "a");
    const next = boot({ fileSystem: machine.fileSystem.afterPowerCut("only what was synced"), life: 2 });
    await next.ingester.start();
    expect(await visibleMessages(next)).toEqual(["a"]);
  });
});

describe("a spool file", () => {
  it.each(["gone", "cut", "changed"])(
    "that is %s after a crash is built again from the WAL, under the same key",
    async (what) => {
      const first = boot({ maxEntries: 2, onStep: refuseCommits });
      await first.ingester.start();
      await accept(first, "a", "b");
      await pass(first.clock, 100);
      const disk = first.fileSystem.afterKill({ syncsNewDirectories: true });
      const [name] = (await disk.list("/data/spool")) as [string];
      const file = `/data/spool/${name}`;
      if (what === "gone") await disk.remove(file);
      else {
        const handle = await disk.open(file, "read-write");
        if (what === "cut") await handle.truncate((await handle.sizeBytes()) - 1);
        else await handle.write(Buffer.from("?"), (await handle.sizeBytes()) - 1);
      }
      const machine = boot({ fileSystem: disk, outside: first.outside.now, life: 2 });
      await machine.ingester.start();
      await closeMachine(machine);
      expect(committedMessages(machine.outside.now).sort()).toEqual(["a", "b"]);
      expect([...machine.outside.now.objects.keys()]).toEqual(
        machine.outside.now.rows.map(({ objectKey }) => objectKey),
      );
    },
  );
});
