import { afterEach, describe, expect, it } from "vitest";
import { openS3ObjectStore } from "#app/server/o3/s3-object-store.ts";
import type { S3ObjectStore } from "#app/server/o3/s3-object-store.ts";
import { sha256Hex } from "#tests/integration/o3/object-store-cases.ts";
import { startStrictS3Server } from "#tests/support/s3-strict-server.ts";
import type { StrictS3Options, StrictS3Server } from "#tests/support/s3-strict-server.ts";

describe("the S3 store on a bucket that keeps versions", () => {
  const opened: { server: StrictS3Server; store: S3ObjectStore }[] = [];
  const open = async (options: StrictS3Options = {}) => {
    const server = await startStrictS3Server(options);
    const store = openS3ObjectStore(server);
    opened.push({ server, store });
    return { server, store };
  };
  const put = (store: S3ObjectStore, key: string, text: string) =>
    store.put(key, Buffer.from(text), { sha256: sha256Hex(Buffer.from(text)) });

  afterEach(async () => {
    for (const { server, store } of opened.splice(0)) {
      await store.close();
      await server.close();
    }
  });

  it.each([1_000, 2])("deletes every version of a key and of no other (pages of %i)", async (pageSize) => {
    const { server, store } = await open({ pageSize });
    for (const text of ["1", "2", "3", "4", "5"]) await put(store, "a/b", text);
    await put(store, "a/b-longer", "1");
    expect(await store.countVersions("a/b")).toBe(Math.min(5, pageSize));
    await store.delete("a/b");
    expect(server.versionCount("a/b")).toBe(0);
    expect(server.versionCount("a/b-longer")).toBe(1);
  });

  it("leaves no delete marker behind for a key that was never there", async () => {
    const { server, store } = await open();
    await store.delete("never/there");
    expect(server.keys()).toEqual([]);
  });

  it("deletes plainly where the store has no list of versions", async () => {
    const { server, store } = await open({ lacksVersionList: true });
    await put(store, "a/b", "1");
    expect(await store.countVersions("a/b")).toBeNull();
    await store.delete("a/b");
    expect(server.bytesOf("a/b")).toBeUndefined();
    expect(await store.head("a/b")).toBeNull();
  });

  it("says that a locked object cannot be deleted, and keeps it", async () => {
    const { server, store } = await open({ isLocked: (key) => key === "locked/object" });
    await put(store, "locked/object", "1");
    const refusal = { code: "OBJECT_STORE_DENIED", operation: "delete", retryable: false };
    await expect(store.delete("locked/object")).rejects.toMatchObject(refusal);
    expect(String(server.bytesOf("locked/object"))).toBe("1");
  });

  it("shows what Akave's network says of an object", async () => {
    const headHeaders = { "x-amz-meta-network-root-cid": "bafyroot", "x-amz-meta-network-state": "committed" };
    const { store } = await open({ headHeaders });
    await put(store, "a/b", "1");
    expect((await store.head("a/b"))?.network).toEqual({ rootCid: "bafyroot", state: "committed" });
  });

  it("does not take foreign metadata for a sha256", async () => {
    const { store } = await open({ headHeaders: { "x-amz-meta-sha256": "something else" } });
    await put(store, "a/b", "1");
    expect(await store.head("a/b")).toEqual({ sizeBytes: 1, sha256: null });
  });
});
