import { describe, expect, it } from "vitest";
import { readWal, type WalItem } from "#app/server/ingest/wal-reader.ts";
import { WalFailedError, WalFullError, Wal, type WalOptions } from "#app/server/ingest/wal.ts";
import { MemoryFileSystem, failure } from "#tests/support/memory-file-system.ts";

const DIRECTORY = "/data/wal";
const WAL_ID = "a";

interface Opened {
  wal: Wal;
  fileSystem: MemoryFileSystem;
  calls: string[];
  failures: WalFailedError[];
}

/** `failing` names the call to fail: its operation, counted from 1, and the code. */
async function openWal(
  options: Partial<WalOptions> = {},
  failing: { operation: string; at: number; code: string } | null = null,
): Promise<Opened> {
  const calls: string[] = [];
  const failures: WalFailedError[] = [];
  const fileSystem = new MemoryFileSystem({
    syncsNewDirectories: true,
    onCall(operation) {
      calls.push(operation);
      const count = calls.filter((each) => each === operation).length;
      if (operation === failing?.operation && count === failing.at) throw failure(failing.code);
    },
  });
  const wal = await Wal.open({
    directory: DIRECTORY,
    walId: WAL_ID,
    fileSystem,
    maxFileBytes: 1_000_000,
    onFailure: (error) => failures.push(error),
    ...options,
  });
  return { wal, fileSystem, calls, failures };
}

async function recordsOn(fileSystem: MemoryFileSystem): Promise<string[]> {
  return (await itemsOn(fileSystem)).flatMap((item) => (item.kind === "record" ? [item.payload.toString()] : []));
}

async function itemsOn(fileSystem: MemoryFileSystem): Promise<WalItem[]> {
  const items: WalItem[] = [];
  for await (const item of readWal(fileSystem, `${DIRECTORY}/${WAL_ID}`)) items.push(item);
  return items;
}

function chunks(...texts: string[]): Buffer[] {
  return texts.map((text) => Buffer.from(text));
}

function syncsIn(calls: readonly string[]): number {
  return calls.filter((call) => call === "sync").length;
}

describe("an append", () => {
  it("is on disk when it resolves, whatever a power cut takes", async () => {
    const { wal, fileSystem } = await openWal({ maxFileBytes: 60 });
    for (let i = 0; i < 20; i++) {
      await wal.append(chunks(`record ${i}`));
      const kept = await recordsOn(fileSystem.afterPowerCut("only what was synced"));
      expect(kept).toEqual(Array.from({ length: i + 1 }, (_, j) => `record ${j}`));
    }
  });

  it("does not resolve before syncData has", async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const { wal } = await openWal({ fileSystem: holdSyncs(new MemoryFileSystem({ syncsNewDirectories: true }), held) });
    let isResolved = false;
    const append = wal.append(chunks("a")).then(() => (isResolved = true));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isResolved).toBe(false);
    release();
    await append;
  });

  it("gets the next sequence number, in the order of the calls", async () => {
    const { wal } = await openWal();
    const sequences = await Promise.all(Array.from({ length: 50 }, (_, i) => wal.append(chunks(`${i}`))));
    expect(sequences).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  it("shares a write and a sync with all that wait", async () => {
    const { wal, calls, fileSystem } = await openWal();
    await wal.append(chunks("first"));
    const before = syncsIn(calls);
    await Promise.all(Array.from({ length: 100 }, (_, i) => wal.append(chunks(`record ${i}`))));
    expect(syncsIn(calls) - before).toBeLessThanOrEqual(2);
    expect(await recordsOn(fileSystem)).toHaveLength(101);
  });

  it("is written however few steps behind another's end it comes", async () => {
    for (let ticks = 0; ticks < 40; ticks++) {
      const { wal, fileSystem } = await openWal();
      const late = wal.append(chunks("first")).then(async () => {
        for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
        await wal.append(chunks("second"));
      });
      const timeout = new Promise((resolve) => setTimeout(() => resolve("stuck"), 500));
      expect({ ticks, end: await Promise.race([late, timeout]) }).toEqual({ ticks, end: undefined });
      expect(await recordsOn(fileSystem)).toEqual(["first", "second"]);
    }
  });

  it("writes groups that are too large to be copied together piece by piece", async () => {
    const { wal, fileSystem } = await openWal({ maxFileBytes: 100_000_000 });
    const large = "x".repeat(1024 * 1024);
    await Promise.all(["a", "b", "c"].map((name) => wal.append(chunks(name, large))));
    expect(await recordsOn(fileSystem)).toEqual([`a${large}`, `b${large}`, `c${large}`]);
  });
});

describe("a failed sync", () => {
  it("rejects all that waited and all that comes later, is reported once, and is never tried again", async () => {
    const { wal, calls, failures, fileSystem } = await openWal({}, { operation: "sync", at: 2, code: "EIO" });
    await wal.append(chunks("kept"));
    const refused = await Promise.allSettled([wal.append(chunks("a")), wal.append(chunks("b"))]);
    expect(refused.map((each) => each.status === "rejected" && each.reason instanceof WalFailedError)).toEqual([
      true,
      true,
    ]);
    await expect(wal.append(chunks("c"))).rejects.toBeInstanceOf(WalFailedError);
    expect({ failures: failures.length, syncs: syncsIn(calls) }).toEqual({ failures: 1, syncs: 2 });
    expect(await recordsOn(fileSystem.afterPowerCut("only what was synced"))).toEqual(["kept"]);
  });

  it.each(["ENOSPC", "EDQUOT"])("ends the WAL with %s as well: the pages may be gone", async (code) => {
    const { wal, failures } = await openWal({}, { operation: "sync", at: 1, code });
    await expect(wal.append(chunks("a"))).rejects.toBeInstanceOf(WalFailedError);
    expect(failures).toHaveLength(1);
  });

  it("of the folder ends the WAL, since the file's name may be lost", async () => {
    const { wal, failures } = await openWal({}, { operation: "sync directory", at: 1, code: "EIO" });
    await expect(wal.append(chunks("a"))).rejects.toBeInstanceOf(WalFailedError);
    expect(failures).toHaveLength(1);
  });
});

describe("a full disk", () => {
  it.each([
    { operation: "write", at: 3, what: "half a record" },
    { operation: "create", at: 2, what: "no new file" },
    { operation: "write", at: 4, what: "half a new file's magic" },
  ])("refuses with WalFullError and leaves no trace ($what)", async (failing) => {
    const maxFileBytes = failing.at === 3 ? 1_000 : 20;
    const { wal, fileSystem, failures } = await openWal({ maxFileBytes }, { ...failing, code: "ENOSPC" });
    const outcomes: string[] = [];
    for (let i = 0; i < 6; i++) {
      outcomes.push(await wal.append(chunks(`record ${i}`)).then(String, (error: Error) => error.constructor.name));
    }
    expect(outcomes.filter((outcome) => outcome === WalFullError.name)).toHaveLength(1);
    const kept = outcomes.flatMap((outcome, i) => (outcome === WalFullError.name ? [] : [`record ${i}`]));
    expect(outcomes.filter((outcome) => outcome !== WalFullError.name)).toEqual(["0", "1", "2", "3", "4"]);
    expect((await itemsOn(fileSystem)).map((item) => item.kind === "record" && item.payload.toString())).toEqual(kept);
    expect(await recordsOn(fileSystem.afterPowerCut("only what was synced"))).toEqual(kept);
    expect(failures).toEqual([]);
  });
});

describe("rotation", () => {
  it("begins a file when one has grown to its size, and names it by its first record", async () => {
    const { wal, fileSystem } = await openWal({ maxFileBytes: 60 });
    for (let i = 0; i < 6; i++) await wal.append(chunks("0123456789"));
    expect(wal.files.map(({ firstSequence }) => firstSequence)).toEqual([0, 2, 4]);
    expect(await fileSystem.list(`${DIRECTORY}/${WAL_ID}`)).toEqual([
      "0000000000000000.wal",
      "0000000000000002.wal",
      "0000000000000004.wal",
    ]);
    expect(wal.sizeBytes).toBe(3 * (8 + 2 * 30));
  });

  it("removes the oldest file for good, and goes on writing behind the newest one's removal", async () => {
    const { wal, fileSystem } = await openWal({ maxFileBytes: 60 });
    for (let i = 0; i < 3; i++) await wal.append(chunks(`record ${i}..`));
    await wal.removeOldestFile();
    expect(await recordsOn(fileSystem.afterPowerCut("only what was synced"))).toEqual(["record 2.."]);
    await wal.removeOldestFile();
    expect(await wal.append(chunks("later"))).toBe(3);
    expect(await recordsOn(fileSystem)).toEqual(["later"]);
    expect(await wal.removeDirectory()).toBe(false);
    await wal.close();
    await wal.removeOldestFile();
    expect(await wal.removeDirectory()).toBe(true);
    expect(await fileSystem.afterPowerCut("only what was synced").list(DIRECTORY)).toEqual([]);
  });
});

describe("a closed WAL", () => {
  it("has written what was appended before, and refuses the rest", async () => {
    const { wal, fileSystem } = await openWal();
    const appended = wal.append(chunks("a"));
    await wal.close();
    expect(await appended).toBe(0);
    await expect(wal.append(chunks("b"))).rejects.toThrow(/closed/);
    expect(await recordsOn(fileSystem)).toEqual(["a"]);
  });
});

function holdSyncs(fileSystem: MemoryFileSystem, held: Promise<void>): WalOptions["fileSystem"] {
  return new Proxy(fileSystem, {
    get(target, name) {
      if (name !== "open") {
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === "function" ? member.bind(target) : member;
      }
      return async (...parameters: Parameters<MemoryFileSystem["open"]>) => {
        const handle = await target.open(...parameters);
        return { ...handle, syncData: () => held.then(() => handle.syncData()) };
      };
    },
  });
}
