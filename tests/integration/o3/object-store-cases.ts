import { createHash, randomBytes } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ObjectNotFoundError, ObjectStoreError } from "#app/server/o3/object-store.ts";
import type { ObjectStore } from "#app/server/o3/object-store.ts";

export interface OpenedStore {
  store: ObjectStore;
  close(): Promise<void>;
}

/** What stores are allowed to differ in. */
export interface StoreTraits {
  /** Refuses a put whose bytes do not have the given sha256. */
  checksSha256: boolean;
  /** Refuses other bytes under a key that is taken. */
  refusesOverwrite: boolean;
  /** Lists in the order of the keys, as S3 does. */
  listsInKeyOrder: boolean;
}

export const sha256Hex = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

const UNSAFE_KEYS = [
  "",
  "/a",
  "a/",
  "a//b",
  "../a",
  "a/../b",
  "a/./b",
  "..",
  "a b",
  "a\\b",
  "a\u0000",
  "ü",
  "a?b",
  "a%2fb",
  "a:b",
];
const SAFE_KEYS = ["a..b", "...", "a-b_c.d!e*f'g(h)", ".hidden", "0"];

/** describeObjectStore is the one suite that every ObjectStore has to pass. */
export function describeObjectStore(name: string, open: () => Promise<OpenedStore>, traits: StoreTraits): void {
  describe(`${name} as an ObjectStore`, () => {
    let opened: OpenedStore;
    let store: ObjectStore;
    // A store given by TEST_O3_ENDPOINT is used by many runs: nothing outside this prefix is touched.
    const root = `cases/${randomBytes(6).toString("hex")}`;
    const put = (key: string, bytes: Uint8Array) => store.put(key, bytes, { sha256: sha256Hex(bytes) });
    const listKeys = async (prefix: string) => {
      const keys: string[] = [];
      for await (const { key } of store.list(prefix)) keys.push(key);
      return traits.listsInKeyOrder ? keys : keys.sort();
    };

    beforeAll(async () => {
      opened = await open();
      store = opened.store;
    });
    afterAll(async () => {
      for (const key of await listKeys(`${root}/`)) await store.delete(key);
      await opened.close();
    });

    it.each([0, 1, 4_097, 3 * 1024 * 1024 + 17])("returns the %i bytes that were put", async (sizeBytes) => {
      const bytes = randomBytes(sizeBytes);
      await put(`${root}/size/${sizeBytes}`, bytes);
      expect((await store.get(`${root}/size/${sizeBytes}`)).equals(bytes)).toBe(true);
    });

    it("gives the key other bytes when they are said to replace, and never half of each", async () => {
      const key = `${root}/replaced`;
      await put(key, Buffer.from("first"));
      for (const text of ["second, and longer", "3", ""]) {
        const bytes = Buffer.from(text);
        await store.put(key, bytes, { sha256: sha256Hex(bytes), replaces: true });
        expect(String(await store.get(key))).toBe(text);
      }
      expect(await listKeys(key)).toEqual([key]);
    });

    it("returns a range with its end left out and cut at the end of the object", async () => {
      const key = `${root}/range`;
      const bytes = randomBytes(1_000);
      await put(key, bytes);
      for (const [start, end] of [
        [0, 1],
        [0, 1_000],
        [999, 1_000],
        [10, 20],
        [990, 5_000],
      ] as const) {
        const found = await store.get(key, { range: { start, end } });
        expect({ start, end, isEqual: found.equals(bytes.subarray(start, end)) }).toEqual({
          start,
          end,
          isEqual: true,
        });
      }
    });

    it.each([
      [1_000, 1_001],
      [5_000, 6_000],
      [5, 5],
      [-1, 5],
    ])("refuses the range %i-%i of 1000 bytes for good", async (start, end) => {
      const key = `${root}/outside/${start}-${end}`;
      await put(key, randomBytes(1_000));
      await expect(store.get(key, { range: { start, end } })).rejects.toMatchObject({
        name: "ObjectStoreError",
        retryable: false,
      });
    });

    it("knows size and sha256 of an object", async () => {
      const bytes = randomBytes(70_000);
      await put(`${root}/head`, bytes);
      expect(await store.head(`${root}/head`)).toEqual({ sizeBytes: 70_000, sha256: sha256Hex(bytes) });
    });

    it("tells a missing object from an error", async () => {
      await put(`${root}/folder/object`, randomBytes(1));
      for (const key of [`${root}/missing`, `${root}/folder`, `${root}/folder/object/below`]) {
        await expect(store.get(key)).rejects.toBeInstanceOf(ObjectNotFoundError);
        await expect(store.get(key, { range: { start: 0, end: 1 } })).rejects.toBeInstanceOf(ObjectNotFoundError);
        expect(await store.head(key)).toBeNull();
        await store.delete(key);
      }
      expect(await store.head(`${root}/folder/object`)).not.toBeNull();
    });

    it("lists every object below a prefix, which may end inside a name", async () => {
      const base = `${root}/list`;
      const keys = ["a-b/1", "a.b", "a/1", "a/2/3", "a/2/4", "a0", "b/1"].map((key) => `${base}/${key}`);
      for (const key of keys.toReversed()) await put(key, Buffer.from(key));
      expect(await listKeys(`${base}/`)).toEqual(keys);
      expect(await listKeys(`${base}/a`)).toEqual(keys.slice(0, 6));
      expect(await listKeys(`${base}/a/`)).toEqual(keys.slice(2, 5));
      expect(await listKeys(`${base}/a/2`)).toEqual(keys.slice(3, 5));
      expect(await listKeys(`${base}/c`)).toEqual([]);
      expect(await listKeys(`${base}/nothing/here/`)).toEqual([]);
      for await (const { key, sizeBytes } of store.list(`${base}/`)) expect(sizeBytes).toBe(key.length);
    });

    it("removes exactly the object it is told to, also twice", async () => {
      const keys = ["x", "x-y", "xy/z"].map((key) => `${root}/delete/${key}`);
      for (const key of keys) await put(key, Buffer.from("1"));
      await store.delete(keys[0]!);
      await store.delete(keys[0]!);
      await expect(store.get(keys[0]!)).rejects.toBeInstanceOf(ObjectNotFoundError);
      expect(await listKeys(`${root}/delete/`)).toEqual(keys.slice(1));
      await put(keys[0]!, Buffer.from("2"));
      expect(String(await store.get(keys[0]!))).toBe("2");
    });

    it("takes the same bytes under the same key again", async () => {
      const bytes = randomBytes(5_000);
      await put(`${root}/again`, bytes);
      await put(`${root}/again`, bytes);
      expect((await store.get(`${root}/again`)).equals(bytes)).toBe(true);
    });

    it.runIf(traits.refusesOverwrite)("refuses other bytes under a taken key and keeps the first", async () => {
      for (const [key, other] of [
        ["same-size", "abd"],
        ["other-size", "abcd"],
      ] as const) {
        await put(`${root}/${key}`, Buffer.from("abc"));
        await expect(put(`${root}/${key}`, Buffer.from(other))).rejects.toMatchObject({
          code: "OBJECT_EXISTS",
          retryable: false,
        });
        expect(String(await store.get(`${root}/${key}`))).toBe("abc");
      }
    });

    it.runIf(traits.checksSha256)("stores nothing whose bytes have another sha256", async () => {
      const key = `${root}/wrong-hash`;
      await expect(
        store.put(key, Buffer.from("abc"), { sha256: sha256Hex(Buffer.from("abd")) }),
      ).rejects.toBeInstanceOf(ObjectStoreError);
      expect(await store.head(key)).toBeNull();
      expect(await listKeys(key)).toEqual([]);
    });

    it.each(UNSAFE_KEYS)("refuses the key %j in every operation", async (key) => {
      const refused = { name: "ObjectStoreError", retryable: false };
      await expect(put(key, Buffer.from("1"))).rejects.toMatchObject(refused);
      await expect(store.get(key)).rejects.toMatchObject(refused);
      await expect(store.head(key)).rejects.toMatchObject(refused);
      await expect(store.delete(key)).rejects.toMatchObject(refused);
    });

    it.each(SAFE_KEYS)("keeps an object named %j", async (name) => {
      await put(`${root}/named/${name}`, Buffer.from(name));
      expect(String(await store.get(`${root}/named/${name}`))).toBe(name);
      expect(await listKeys(`${root}/named/${name}`)).toEqual([`${root}/named/${name}`]);
      await store.delete(`${root}/named/${name}`);
    });

    it("ends with the signal's reason when it was aborted before", async () => {
      const reason = new Error("no longer wanted");
      const signal = AbortSignal.abort(reason);
      const key = `${root}/aborted`;
      await expect(store.put(key, Buffer.from("1"), { sha256: sha256Hex(Buffer.from("1")), signal })).rejects.toBe(
        reason,
      );
      await expect(store.get(key, { signal })).rejects.toBe(reason);
      await expect(store.head(key, { signal })).rejects.toBe(reason);
      await expect(store.delete(key, { signal })).rejects.toBe(reason);
      expect(await store.head(key)).toBeNull();
    });

    it("keeps 60 objects put and deleted at the same time in one folder", async () => {
      const names = Array.from(
        { length: 60 },
        (_, index) => `${root}/busy/${index % 3}/${String(index).padStart(2, "0")}`,
      );
      await Promise.all(
        names.map(async (key, index) => {
          await put(key, Buffer.from(key));
          if (index % 2 === 0) await store.delete(key);
        }),
      );
      const expected = names.filter((_, index) => index % 2 === 1).sort();
      expect(await listKeys(`${root}/busy/`)).toEqual(expected);
      for (const key of expected) expect(String(await store.get(key))).toBe(key);
    });

    it("agrees with a map after any sequence of puts and deletes", async () => {
      const step = fc.record({
        key: fc.stringMatching(/^[ab](\/[ab-])?\/[a-c.]x$/),
        isDelete: fc.boolean(),
      });
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
          const base = `${root}/model/${run++}`;
          const model = new Set<string>();
          for (const { key, isDelete } of steps) {
            if (isDelete) await store.delete(`${base}/${key}`);
            else await put(`${base}/${key}`, Buffer.from(key));
            if (isDelete) model.delete(`${base}/${key}`);
            else model.add(`${base}/${key}`);
          }
          expect(await listKeys(`${base}/`)).toEqual([...model].sort());
        }),
        { numRuns: 15 },
      );
    });
  });
}
