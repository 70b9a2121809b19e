import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { openFileSystemObjectStore } from "#app/server/o3/file-system-object-store.ts";
import type { ObjectStore } from "#app/server/o3/object-store.ts";
import { sha256Hex } from "#tests/integration/o3/object-store-cases.ts";
import { POWER_CUTS, MemoryFileSystem } from "#tests/support/memory-file-system.ts";

const ROOT = "/data/objects";
const KEY = "v1/project/2025/01/02/03/object";
/** Over two pieces, so that power can go between two writes. */
const BYTES = randomBytes(2 * 1024 * 1024 + 5);
const SHA256 = sha256Hex(BYTES);

async function openOn(fileSystem: MemoryFileSystem): Promise<ObjectStore> {
  return await openFileSystemObjectStore({ root: ROOT, fileSystem });
}

async function prepared(neighbour?: string): Promise<{ fileSystem: MemoryFileSystem; store: ObjectStore }> {
  const fileSystem = new MemoryFileSystem();
  await fileSystem.makeDirectory("/data");
  await fileSystem.syncDirectory("/");
  const store = await openOn(fileSystem);
  if (neighbour !== undefined) await store.put(neighbour, BYTES, { sha256: SHA256 });
  return { fileSystem, store };
}

async function keysOf(store: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list("")) keys.push(key);
  return keys;
}

async function callsOfOnePut(): Promise<number> {
  const { fileSystem, store } = await prepared();
  const before = fileSystem.calls;
  await store.put(KEY, BYTES, { sha256: SHA256 });
  return fileSystem.calls - before;
}

describe("the file-system store when the power goes", () => {
  it("leaves the whole object or none, wherever in a put it happens", async () => {
    const calls = await callsOfOnePut();
    expect(calls).toBeGreaterThan(10);
    const outcomes = new Set<string>();
    for (let call = 1; call <= calls; call++) {
      for (const cut of POWER_CUTS) {
        const { fileSystem, store } = await prepared();
        fileSystem.failAt(call, { code: "EIO", forGood: true });
        await expect(store.put(KEY, BYTES, { sha256: SHA256 })).rejects.toMatchObject({ retryable: true });

        const after = fileSystem.afterPowerCut(cut);
        const reopened = await openOn(after);
        const found = await reopened.get(KEY).catch(() => null);
        outcomes.add(found === null ? "none" : "whole");
        expect({ call, cut, isWholeOrNone: found === null || found.equals(BYTES) }).toMatchObject({
          isWholeOrNone: true,
        });
        expect(await keysOf(reopened)).toEqual(found === null ? [] : [KEY]);
        expect(await after.list(`${ROOT}/tmp`)).toEqual([]);

        await reopened.put(KEY, BYTES, { sha256: SHA256 });
        const later = await openOn(after.afterPowerCut("only what was synced"));
        expect({ call, cut, isKept: (await later.get(KEY)).equals(BYTES) }).toMatchObject({ isKept: true });
      }
    }
    expect([...outcomes].sort()).toEqual(["none", "whole"]);
  });

  it.each(POWER_CUTS)("keeps what was put, with all its folders (%s)", async (cut) => {
    for (const neighbour of [undefined, "v1/project/2025/01/02/03/other", "v1/other"]) {
      const { fileSystem, store } = await prepared(neighbour);
      await store.put(KEY, BYTES, { sha256: SHA256 });
      const reopened = await openOn(fileSystem.afterPowerCut(cut));
      expect((await reopened.get(KEY)).equals(BYTES)).toBe(true);
    }
  });

  it("keeps objects put side by side into folders that none of them has synced before", async () => {
    const { fileSystem, store } = await prepared();
    const keys = Array.from({ length: 8 }, (_, index) => `v1/project/${index % 2}/${index}`);
    const done = keys.map(async (key) => {
      await store.put(key, Buffer.from(key), { sha256: sha256Hex(Buffer.from(key)) });
      const reopened = await openOn(fileSystem.afterPowerCut("only what was synced"));
      expect(String(await reopened.get(key))).toBe(key);
    });
    await Promise.all(done);
  });

  it("keeps an object put into a folder that a delete prunes, at whatever moment of the put", async () => {
    for (let ticks = 0; ticks < 80; ticks++) {
      const { fileSystem, store } = await prepared("v1/folder/old");
      const deleteLater = async () => {
        for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
        await store.delete("v1/folder/old");
      };
      const put = store.put("v1/folder/new", Buffer.from("1"), { sha256: sha256Hex(Buffer.from("1")) });
      await Promise.all([put, deleteLater()]);
      const reopened = await openOn(fileSystem.afterPowerCut("only what was synced"));
      expect({ ticks, keys: await keysOf(reopened) }).toEqual({ ticks, keys: ["v1/folder/new"] });
    }
  });

  it("does not bring a deleted object back", async () => {
    const { fileSystem, store } = await prepared();
    await store.put(KEY, BYTES, { sha256: SHA256 });
    await store.delete(KEY);
    expect(await keysOf(await openOn(fileSystem.afterPowerCut("only what was synced")))).toEqual([]);
  });

  it("keeps an object whose folder was pruned by a delete and made again", async () => {
    const { fileSystem, store } = await prepared();
    await store.put(KEY, BYTES, { sha256: SHA256 });
    await store.delete(KEY);
    expect(await fileSystem.list(ROOT)).toEqual(["tmp"]);
    await store.put(KEY, BYTES, { sha256: SHA256 });
    const reopened = await openOn(fileSystem.afterPowerCut("only what was synced"));
    expect((await reopened.get(KEY)).equals(BYTES)).toBe(true);
  });
});

describe("the file-system store when one call fails", () => {
  it.each(["ENOSPC", "EIO"])("reports %s as a failure that can pass, and the next put succeeds", async (code) => {
    const calls = await callsOfOnePut();
    for (let call = 1; call <= calls; call++) {
      const { fileSystem, store } = await prepared();
      fileSystem.failAt(call, { code, forGood: false });
      await expect(store.put(KEY, BYTES, { sha256: SHA256 })).rejects.toMatchObject({
        name: "ObjectStoreError",
        operation: "put",
        key: KEY,
        retryable: true,
      });
      expect(await fileSystem.list(`${ROOT}/tmp`)).toEqual([]);
      await store.put(KEY, BYTES, { sha256: SHA256 });
      const reopened = await openOn(fileSystem.afterPowerCut("only what was synced"));
      expect({ call, isWhole: (await reopened.get(KEY)).equals(BYTES) }).toMatchObject({ isWhole: true });
    }
  });

  it("takes the name back when the folder cannot be synced, so that nothing trusts the file", async () => {
    const calls = await callsOfOnePut();
    const { fileSystem, store } = await prepared();
    fileSystem.failAt(calls, { code: "EIO", forGood: false });
    await expect(store.put(KEY, BYTES, { sha256: SHA256 })).rejects.toMatchObject({ retryable: true });
    expect(await store.head(KEY)).toBeNull();
  });

  it("refuses for good where only a person can help", async () => {
    const { fileSystem, store } = await prepared();
    fileSystem.failAt(1, { code: "EACCES", forGood: true });
    await expect(store.put(KEY, BYTES, { sha256: SHA256 })).rejects.toMatchObject({ retryable: false });
  });
});
