import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { randomBytes } from "node:crypto";
import { CorruptObjectError, fetchVerified } from "#app/server/o3/fetch-verified.ts";
import { ObjectStoreError, type ObjectStore } from "#app/server/o3/object-store.ts";
import { putVerified } from "#app/server/o3/put-verified.ts";
import { openS3ObjectStore } from "#app/server/o3/s3-object-store.ts";
import { sha256Hex } from "#tests/integration/o3/object-store-cases.ts";
import { startS3FaultProxy } from "#tests/support/s3-fault-proxy.ts";
import type { S3Fault, S3FaultProxy } from "#tests/support/s3-fault-proxy.ts";
import { startStrictS3Server } from "#tests/support/s3-strict-server.ts";
import type { StrictS3Server } from "#tests/support/s3-strict-server.ts";

/** Short, because every `hang` and `trickle` costs this much; a false timeout on a busy machine is one more retry. */
const REQUEST_TIMEOUT_MS = 250;

const MAX_RETRIES = 20;

describe("the S3 store behind a failing network", () => {
  let server: StrictS3Server;
  let proxy: S3FaultProxy;
  let store: ObjectStore;
  let direct: ObjectStore;
  const bytes = randomBytes(2_000);
  const sha256 = sha256Hex(bytes);

  beforeAll(async () => {
    server = await startStrictS3Server();
    proxy = await startS3FaultProxy(server.endpoint);
    store = openS3ObjectStore({
      ...server,
      endpoint: proxy.endpoint,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      minBytesPerSecond: 1e9,
    });
    direct = openS3ObjectStore(server);
  });
  afterEach(() => proxy.setFaults(() => "pass"));
  afterAll(async () => {
    await store.close();
    await direct.close();
    await proxy.close();
    await server.close();
  });

  /** Applies each fault once, in order, and passes everything after them. */
  const inOrder = (...faults: S3Fault[]) => {
    const left = [...faults];
    proxy.setFaults(() => left.shift() ?? "pass");
  };
  const upload = (key: string, content: Uint8Array, verify: "read-back" | "trust-store" = "read-back") => {
    const hash = sha256Hex(content);
    return putUntilDone(0);

    /** As the flush queue does: again while that can help, and looking for its own success first. */
    async function putUntilDone(failed: number): Promise<"stored" | "already-stored"> {
      try {
        return await putVerified(store, key, content, hash, { verify, retried: failed > 0 });
      } catch (error) {
        if (!(error instanceof ObjectStoreError && error.retryable) || failed === MAX_RETRIES) throw error;
        return putUntilDone(failed + 1);
      }
    }
  };

  it("takes a page in the place of a list for no list, neither to read nor to delete by", async () => {
    const key = "list/page";
    await direct.put(key, bytes, { sha256 });
    inOrder("html");
    await expect(store.list("list/")[Symbol.asyncIterator]().next()).rejects.toMatchObject({ retryable: true });
    inOrder("html");
    await expect(store.delete(key)).rejects.toMatchObject({ retryable: true });
    expect(server.versionCount(key)).toBe(1);
    // Deleted, and the look whether anything is left is answered by the page.
    inOrder("pass", "pass", "html");
    await expect(store.delete(key)).rejects.toMatchObject({ retryable: true });
    await store.delete(key);
    expect(server.versionCount(key)).toBe(0);
  });

  it.each(["read-back", "trust-store"] as const)(
    "finds its own success when the reply of a put is lost (%s)",
    async (verify) => {
      const key = `lost-reply/${verify}`;
      inOrder("reset-after");
      expect(await upload(key, bytes, verify)).toBe("already-stored");
      expect(server.versionCount(key)).toBe(1);
      expect(server.bytesOf(key)?.equals(bytes)).toBe(true);
    },
  );

  it("puts once more when the HEAD before it is stale, and still ends with the right bytes", async () => {
    inOrder("reset-after", "stale-head");
    expect(await upload("stale/head", bytes)).toBe("stored");
    expect(server.versionCount("stale/head")).toBe(2);
    expect(server.bytesOf("stale/head")?.equals(bytes)).toBe(true);
  });

  it.each(["hang", "reset-before", "reset-after", "status-503", "status-500", "status-429"] as const)(
    "calls %s a failure that can pass, in every operation",
    async (fault) => {
      await direct.put("passing/object", bytes, { sha256 });
      proxy.setFaults(() => fault);
      const passing = { name: "ObjectStoreError", retryable: true };
      await expect(store.put("passing/put", bytes, { sha256 })).rejects.toMatchObject(passing);
      await expect(store.get("passing/object")).rejects.toMatchObject(passing);
      await expect(store.head("passing/object")).rejects.toMatchObject(passing);
      await expect(store.list("passing/")[Symbol.asyncIterator]().next()).rejects.toMatchObject(passing);
      await expect(store.delete("passing/nothing")).rejects.toMatchObject(passing);
    },
  );

  it.each(["truncate", "trickle"] as const)("never takes a body that breaks off for an object (%s)", async (fault) => {
    await direct.put("broken/off", bytes, { sha256 });
    inOrder(fault);
    await expect(store.get("broken/off")).rejects.toMatchObject({ name: "ObjectStoreError", retryable: true });
    inOrder(fault);
    await expect(store.get("broken/off", { range: { start: 10, end: 900 } })).rejects.toMatchObject({
      retryable: true,
    });
    inOrder(fault);
    await expect(fetchVerified(store, "broken/off", sha256)).rejects.toMatchObject({ retryable: true });
  });

  it("gives up a list, and the one that a delete begins with, when they come too slowly", async () => {
    await direct.put("slow/listed", bytes, { sha256 });
    inOrder("trickle");
    await expect(store.list("slow/")[Symbol.asyncIterator]().next()).rejects.toMatchObject({ retryable: true });
    inOrder("trickle");
    await expect(store.delete("slow/listed")).rejects.toMatchObject({ retryable: true });
    await store.delete("slow/listed");
    expect(server.versionCount("slow/listed")).toBe(0);
  });

  it.each(["shorten", "flip-bit"] as const)("notices %s by the sha256", async (fault) => {
    await direct.put("damaged/object", bytes, { sha256 });
    inOrder(fault);
    expect((await store.get("damaged/object")).equals(bytes)).toBe(false);
    inOrder(fault);
    await expect(fetchVerified(store, "damaged/object", sha256)).rejects.toBeInstanceOf(CorruptObjectError);
    expect((await fetchVerified(store, "damaged/object", sha256)).equals(bytes)).toBe(true);
  });

  it("notices a range that comes back shorter than its own headers say", async () => {
    await direct.put("short/range", bytes, { sha256 });
    inOrder("shorten");
    await expect(store.get("short/range", { range: { start: 0, end: 100 } })).rejects.toMatchObject({
      retryable: true,
    });
  });

  it("reads back once more before it calls the store wrong", async () => {
    inOrder("pass", "flip-bit");
    expect(await upload("read/twice", bytes)).toBe("stored");
    expect(server.versionCount("read/twice")).toBe(1);
  });

  it("says so when the store holds other bytes than were put, and repairs it with the next put", async () => {
    inOrder("pass", "flip-bit", "flip-bit");
    const once = putVerified(store, "wrong/bytes", bytes, sha256, { verify: "read-back", retried: false });
    await expect(once).rejects.toMatchObject({
      code: "OBJECT_NOT_VERIFIED",
      retryable: true,
      message: expect.stringMatching(/^cannot verify object wrong\/bytes: the store holds other bytes .* instead of /),
    });
    const other = randomBytes(2_000);
    await direct.put("wrong/stored", other, { sha256: sha256Hex(other) });
    const options = { verify: "read-back", retried: true } as const;
    expect(await putVerified(store, "wrong/stored", bytes, sha256, options)).toBe("stored");
    expect(server.bytesOf("wrong/stored")?.equals(bytes)).toBe(true);
  });

  it("refuses for good what a retry cannot change", async () => {
    const noBucket = openS3ObjectStore({ ...server, bucket: "another" });
    const noKey = openS3ObjectStore({ ...server, secretAccessKey: "wrong" });
    for (const refusing of [noBucket, noKey]) {
      await expect(refusing.put("a", bytes, { sha256 })).rejects.toMatchObject({ retryable: false });
      await expect(refusing.get("a")).rejects.toMatchObject({ name: "ObjectStoreError", retryable: false });
      await refusing.close();
    }
  });

  it("ends a running request with the signal's reason", async () => {
    await direct.put("slow/object", bytes, { sha256 });
    for (const fault of ["hang", "trickle"] as const) {
      proxy.setFaults(() => fault);
      const reason = new Error("the reader went away");
      const controller = new AbortController();
      const running = store.get("slow/object", { signal: controller.signal });
      setTimeout(() => controller.abort(reason), 50);
      await expect(running).rejects.toBe(reason);
    }
  });

  it("goes on by itself after the store was away", async () => {
    await proxy.setAway(true);
    await expect(store.put("away/object", bytes, { sha256 })).rejects.toMatchObject({ retryable: true });
    await proxy.setAway(false);
    expect(await upload("away/object", bytes)).toBe("stored");
  });
});
