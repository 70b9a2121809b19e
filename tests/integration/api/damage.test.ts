import { readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { startS3FaultProxy, type S3FaultProxy } from "#tests/support/s3-fault-proxy.ts";
import { startS3Server, type S3Server } from "#tests/support/s3-server.ts";

/** Flips one bit of a file, at this share of its length. */
async function flipBit(file: string, share: number): Promise<void> {
  const bytes = await readFile(file);
  const at = Math.min(bytes.length - 1, Math.floor(bytes.length * share));
  bytes[at] = (bytes[at] as number) ^ 0b1000;
  await writeFile(file, bytes);
}

async function filesUnder(directory: string): Promise<string[]> {
  const names = await readdir(directory, { recursive: true });
  const files: string[] = [];
  for (const name of names)
    if ((await stat(path.join(directory, name))).isFile()) files.push(path.join(directory, name));
  return files;
}

const SHARES = [0, 0.2, 0.5, 0.8, 1];
const UNREACHABLE = { complete: false, reason: "unreachable" };
const body = (name: string) =>
  Array.from({ length: 200 }, (_, i) => JSON.stringify({ message: `${name} ${i}` })).join("\n");
/** The first words of the messages, in the order of the alphabet. */
const messagesOf = (page: { entries: { message: string }[] }) =>
  [...new Set(page.entries.map(({ message }) => message.split(" ")[0] ?? ""))].sort((a, b) => (a < b ? -1 : 1));

describe("with objects in the data folder", () => {
  let server: ApiServer;
  beforeAll(async () => {
    server = await startApiServer();
  }, 120_000);
  afterAll(() => server.close());

  test.each(SHARES)("one flipped bit at %d of an object is noticed and other batches still come", async (share) => {
    const { key } = await server.api.createProject("damage");
    const [damaged] = (await server.api.commit(key, body("damaged"))).batches ?? [];
    await server.api.commit(key, body("sound"));
    await flipBit(path.join(server.dataDirectory, "objects", damaged as string), share);
    for (const order of ["asc", "desc"]) {
      const page = await server.api.query(key, { limit: 10_000, order });
      expect(page.end).toMatchObject({ ...UNREACHABLE, matched: 200 });
      expect(messagesOf(page)).toEqual(["sound"]);
    }
  });

  test("an object that is gone is noticed, and its batch is marked", async () => {
    const { key, id } = await server.api.createProject("gone");
    const [gone] = (await server.api.commit(key, body("gone"))).batches ?? [];
    await server.api.commit(key, body("sound"));
    await rm(path.join(server.dataDirectory, "objects", gone as string));
    await server.restart();
    for (let i = 0; i < 2; i++) {
      const page = await server.api.query(key, { limit: 10_000 });
      expect(page.end).toMatchObject(UNREACHABLE);
      expect(messagesOf(page)).toEqual(["sound"]);
    }
    const rows = await server.database.sql`select state from log_batches where project_id = ${id} order by state`;
    expect(rows.map((row) => row["state"] as string).sort()).toEqual(["missing", "stored"]);
  });
});

describe("with an S3 store", () => {
  let store: S3Server;
  let proxy: S3FaultProxy;
  let server: ApiServer;
  beforeAll(async () => {
    store = await startS3Server();
    proxy = await startS3FaultProxy(store.endpoint);
    server = await startApiServer({ store: { ...store, endpoint: proxy.endpoint }, env: { BATCH_MAX_AGE_MS: "200" } });
  }, 120_000);
  afterAll(async () => {
    await server.close();
    await proxy.close();
    await store.close();
  });

  test("a damaged file of the cache is fetched again from the store, and the damage is never served", async () => {
    const { key } = await server.api.createProject("cache");
    await server.api.commit(key, body("cached"));
    const cache = path.join(server.dataDirectory, "cache");
    await until("the object is in the cache", async () => (await filesUnder(cache)).length === 1);
    for (const share of SHARES) {
      for (const file of await filesUnder(cache)) await flipBit(file, share);
      const page = await server.api.query(key, { limit: 10_000 });
      expect([page.end.complete, messagesOf(page), page.entries.length]).toEqual([true, ["cached"], 200]);
    }
  });

  test("a bit that flips on its way from the store is noticed, and the next read is whole again", async () => {
    const { key } = await server.api.createProject("wire");
    const { batches } = await server.api.commit(key, body("fetched"));
    const cache = path.join(server.dataDirectory, "cache");
    await server.restart({ env: { CACHE_MAX_BYTES: "1" } });
    await server.api.ingest(key, body("fresh"));
    proxy.setFaults(({ path: asked }) => (asked.includes((batches as string[])[0] as string) ? "flip-bit" : "pass"));
    const page = await server.api.query(key, { limit: 10_000 });
    expect(page.end).toMatchObject(UNREACHABLE);
    expect(messagesOf(page)).toEqual(["fresh"]);
    proxy.setFaults(() => "pass");
    expect(messagesOf(await server.api.query(key, { limit: 10_000 }))).toEqual(["fetched", "fresh"]);
    expect(await filesUnder(cache)).toEqual([]);
  });

  test("a damaged file of the spool is noticed and never reaches the store", async () => {
    const { key } = await server.api.createProject("spool");
    await server.api.commit(key, body("stored"));
    await proxy.setAway(true);
    await server.api.ingest(key, body("spooled"));
    const spool = path.join(server.dataDirectory, "spool");
    await until("the batch is in the spool", async () => (await filesUnder(spool)).length === 1);
    expect(messagesOf(await server.api.query(key, { limit: 10_000 }))).toContain("spooled");
    await flipBit((await filesUnder(spool))[0] as string, 0.9);
    await proxy.setAway(false);
    const page = await server.api.query(key, { limit: 10_000 });
    expect(page.entries.every(({ message }) => /^(stored|spooled) \d+$/.test(message))).toBe(true);
    const intact = messagesOf(page).includes("spooled");
    expect([page.end.complete, page.end.reason]).toEqual(intact ? [true, undefined] : [false, "unreachable"]);
    // The entries are still in the WAL, from which a start builds the same object again.
    await server.restart({ how: "kill9" });
    await until("everything is there", async () => {
      const again = await server.api.query(key, { limit: 10_000 });
      return again.end.complete && again.entries.length === 400 && again.entries.every(({ ref }) => ref.key !== null);
    });
  });
});
