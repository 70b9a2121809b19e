import { afterAll, beforeAll, expect, test } from "vitest";
import { findStoreTrouble } from "#app/server/store-trouble.ts";
import { openS3ObjectStore } from "#app/server/o3/s3-object-store.ts";
import type { S3StoreOptions } from "#app/server/o3/s3-client.ts";
import { startStrictS3Server, type StrictS3Server } from "#tests/support/s3-strict-server.ts";

let server: StrictS3Server;
beforeAll(async () => {
  server = await startStrictS3Server();
});
afterAll(() => server.close());

async function troubleWith(changed: Partial<S3StoreOptions>): Promise<string | null> {
  const store = openS3ObjectStore({ ...server, ...changed });
  try {
    return await findStoreTrouble(store);
  } finally {
    await store.close();
  }
}

test("of a store that answers nothing is said", async () => {
  expect(await troubleWith({})).toBeNull();
});

test.each([
  ["bucket", { bucket: "another" }, "create the bucket that O3_BUCKET names"],
  ["secret", { secretAccessKey: "another" }, "check O3_SECRET_ACCESS_KEY"],
  ["endpoint", { endpoint: "http://127.0.0.1:1" }, "ECONNREFUSED"],
])("a wrong %s is told with what may mend it", async (_, changed, remedy) => {
  expect(await troubleWith(changed)).toContain(remedy);
});
