import { afterAll, beforeAll, expect, test } from "vitest";
import { inspectStore, UnusableStoreError } from "#app/server/inspect-store.ts";
import { openS3ObjectStore } from "#app/server/o3/s3-object-store.ts";
import type { S3StoreOptions } from "#app/server/o3/s3-client.ts";
import { startStrictS3Server, type StrictS3Server } from "#tests/support/s3-strict-server.ts";

let server: StrictS3Server;
beforeAll(async () => {
  server = await startStrictS3Server();
});
afterAll(() => server.close());

async function inspect(changed: Partial<S3StoreOptions>): Promise<string[]> {
  const store = openS3ObjectStore({ ...server, ...changed });
  const troubles: string[] = [];
  try {
    await inspectStore(store, (reason) => troubles.push(reason));
    return troubles;
  } finally {
    await store.close();
  }
}

test("a store that answers is taken in silence", async () => {
  expect(await inspect({})).toEqual([]);
});

test.each([
  ["bucket", { bucket: "another" }, "create the bucket that O3_BUCKET names"],
  ["secret", { secretAccessKey: "another" }, "check O3_SECRET_ACCESS_KEY"],
])("a wrong %s is refused with its variable", async (_, changed, remedy) => {
  const refusal = inspect(changed);
  await expect(refusal).rejects.toBeInstanceOf(UnusableStoreError);
  await expect(refusal).rejects.toThrow(remedy);
});

test("a store that is away is only told of", async () => {
  expect(await inspect({ endpoint: "http://127.0.0.1:1" })).toEqual([expect.stringContaining("ECONNREFUSED")]);
});
