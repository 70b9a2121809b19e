import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { IngestAnswer, TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { startS3FaultProxy, type S3FaultProxy } from "#tests/support/s3-fault-proxy.ts";
import { startStrictS3Server, type StrictS3Server } from "#tests/support/s3-strict-server.ts";

let store: StrictS3Server;
let proxy: S3FaultProxy;
let server: ApiServer;
let project: TestProject;

beforeAll(async () => {
  store = await startStrictS3Server();
  proxy = await startS3FaultProxy(store.endpoint);
  server = await startApiServer({ store: { ...store, endpoint: proxy.endpoint } });
  project = await server.api.createProject("keys");
});

afterAll(async () => {
  await server.close();
  await proxy.close();
  await store.close();
});

async function send(
  idempotencyKey: string,
  body: string | Uint8Array,
  options: { wait?: boolean; encoding?: string } = {},
) {
  const answer = await server.api.ingest(project.key, body, { idempotencyKey, ...options });
  return { status: answer.status, text: await answer.text(), headers: answer.headers };
}

async function countOf(message: string, key = project.key): Promise<number> {
  const { entries } = await server.api.queryAll(key, { keyword: message });
  return entries.length;
}

test("the same key and body are stored once and answered as the first time, however they are packed", async () => {
  const body = '{"message":"stored-once"}\n"bad"';
  const first = await send("same", body);
  expect(first.status).toBe(202);
  for (const again of [await send("same", body), await send("same", gzipSync(body), { encoding: "gzip" })]) {
    expect([again.status, again.text]).toEqual([202, first.text]);
  }
  expect(await countOf("stored-once")).toBe(1);
});

test("the same key with another body is a 422 and stores nothing", async () => {
  await send("other", '{"message":"the-first-body"}');
  const answer = await send("other", '{"message":"the-other-body"}');
  expect(answer.status).toBe(422);
  expect(answer.headers.get("content-type")).toContain("application/problem+json");
  expect(await countOf("the-other-body")).toBe(0);
});

test("the same key in another project is another key", async () => {
  const other = await server.api.createProject("another");
  const body = '{"message":"in-both"}';
  await send("shared", body);
  expect((await server.api.ingest(other.key, body, { idempotencyKey: "shared" })).status).toBe(202);
  expect([await countOf("in-both"), await countOf("in-both", other.key)]).toEqual([1, 1]);
});

test("while the first is running the second is a 409 with Retry-After, and stores nothing", async () => {
  const body = '{"message":"two-at-once"}';
  const answers = await Promise.all([1, 2, 3, 4, 5].map(() => send("racing", body, { wait: true })));
  expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 409, 409, 409, 409]);
  for (const { status, headers } of answers) if (status === 409) expect(headers.get("retry-after")).toBe("1");
  expect((await send("racing", body, { wait: true })).text).toBe(answers.find(({ status }) => status === 200)?.text);
  expect(await countOf("two-at-once")).toBe(1);
});

test("200, 202 and 422 are remembered; refusals of the request are not", async () => {
  const committed = await send("k200", '{"message":"k200"}', { wait: true });
  expect(committed.status).toBe(200);
  const unusable = await send("k422", '"nothing usable"');
  expect(unusable.status).toBe(422);
  expect((await send("k422", '"nothing usable"')).text).toBe(unusable.text);
  expect((await send("k422", '{"message":"usable"}')).status).toBe(422);
  expect(await countOf("usable")).toBe(0);

  expect((await send("k400", "not gzip", { encoding: "gzip" })).status).toBe(400);
  expect((await send("k400", gzipSync('{"message":"k400-mended"}'), { encoding: "gzip" })).status).toBe(202);
  expect((await send("k415", "x", { encoding: "br" })).status).toBe(415);
  expect((await send("k415", '{"message":"k415-mended"}')).status).toBe(202);
  expect((await send("k413", Buffer.alloc(65 * 1024 * 1024, 32))).status).toBe(413);
  expect((await send("k413", '{"message":"k413-mended"}')).status).toBe(202);
  expect(await countOf("-mended")).toBe(3);
});

test.each(["", " ".repeat(3), "x".repeat(256), "caf\u00e9"])("Idempotency-Key %j is a 400 or none", async (key) => {
  const answer = await send(key, '{"message":"odd key"}');
  // HTTP strips the spaces around a value, so these two arrive as an empty header.
  expect(answer.status).toBe(400);
});

test("keys of 1 and of 255 printable characters are keys", async () => {
  for (const key of ["!", `${"~".repeat(254)}x`]) {
    const first = await send(key, '{"message":"any key"}');
    expect([first.status, (await send(key, '{"message":"any key"}')).text]).toEqual([202, first.text]);
  }
  expect(await countOf("any key")).toBe(2);
});

test("wait=commit names objects that are in the store with all their bytes", async () => {
  const { batches } = await server.api.commit(project.key, '{"message":"in-an-object"}');
  expect(batches).toHaveLength(1);
  for (const key of batches ?? []) expect(store.bytesOf(key)?.length).toBeGreaterThan(0);
  const { entries } = await server.api.query(project.key, { keyword: "in-an-object" });
  expect(entries.map(({ ref }) => ref.key)).toEqual(batches);
});

test("requests that wait at the same time share a batch", async () => {
  const { key } = await server.api.createProject("shared");
  const answers = await Promise.all([1, 2, 3, 4].map((i) => server.api.commit(key, `{"message":"${i}"}`)));
  expect(new Set(answers.flatMap(({ batches }) => batches))).toHaveLength(1);
});

test("a PUT that succeeded but whose reply was lost leaves one object and one row", async () => {
  const { key, id } = await server.api.createProject("lost reply");
  let isFirst = true;
  proxy.setFaults(({ method, path }) => {
    if (method !== "PUT" || !path.includes(id) || path.includes("project.json") || !isFirst) return "pass";
    isFirst = false;
    return "reset-after";
  });
  const lostBefore = proxy.counts["reset-after"];
  const { batches } = await server.api.commit(key, '{"message":"reply lost"}', { idempotencyKey: "lost" });
  proxy.setFaults(() => "pass");
  expect(proxy.counts["reset-after"] - lostBefore).toBe(1);
  expect(store.keys().filter((name) => name.includes(id) && name.endsWith(".zst"))).toEqual(batches);
  expect(batches?.map((name) => store.versionCount(name))).toEqual([1]);
  const rows = await server.database.sql`select o3_object_key from log_batches where project_id = ${id}`;
  expect(rows.map((row) => row["o3_object_key"] as string)).toEqual(batches);
  expect(await countOf("reply lost", key)).toBe(1);
});

test.each(["stop", "kill9"] as const)("after %s keys are still remembered", async (how) => {
  const body = `{"message":"before ${how}"}`;
  const first = await send(how, body);
  const waited = await send(`${how} waited`, body, { wait: true });
  await server.restart({ how });
  expect(await send(how, body)).toMatchObject({ status: 202, text: first.text });
  expect(await send(`${how} waited`, body, { wait: true })).toMatchObject({ status: 200, text: waited.text });
  expect((await send(how, '{"message":"another"}')).status).toBe(422);
  expect(await countOf(`before ${how}`)).toBe(2);
  const { batches } = JSON.parse(waited.text) as IngestAnswer;
  expect(batches?.every((name) => store.bytesOf(name) !== undefined)).toBe(true);
});
