import { afterAll, beforeAll, expect, test } from "vitest";
import { ALL_TIME, until, type Page, type TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { TIMED } from "#tests/support/timed.ts";

let server: ApiServer;
let mine: TestProject;
let theirs: TestProject;
let theirPage: Page;

beforeAll(async () => {
  server = await startApiServer({ env: { BATCH_MAX_AGE_MS: "3600000" } });
  mine = await server.api.createProject("mine");
  theirs = await server.api.createProject("theirs");
  const secrets = (kind: string) =>
    Array.from({ length: 10 }, (_, i) =>
      JSON.stringify({ service: "vault", level: "error", message: `secret ${kind} ${i}`, tags: { host: "n1" } }),
    );
  await server.api.commit(theirs.key, secrets("stored").join("\n"));
  await server.api.ingest(theirs.key, secrets("fresh").join("\n"));
  await server.api.commit(mine.key, '{"message":"my own line","service":"vault","tags":{"host":"n1"}}');
  theirPage = await server.api.query(theirs.key, { limit: 5 });
});

afterAll(() => server.close());

async function textOf(path: string, init: RequestInit & { key?: string }): Promise<[number, string]> {
  const answer = await server.api.call(path, init);
  return [answer.status, await answer.text()];
}

test("a query finds nothing of another project, whatever it filters by", async () => {
  const { ref } = theirPage.entries[0] as Page["entries"][number];
  for (const body of [
    {},
    { order: "asc", limit: 10_000 },
    { service: "vault" },
    { service: ["vault", theirs.id, theirs.slug] },
    { level: "error" },
    { keyword: "secret" },
    { keyword: ref.id },
    { tags: { host: "n1" } },
    { tags: { project: theirs.id, projectId: theirs.id, project_id: theirs.id } },
    { from: 0, to: "2262-01-01T00:00:00Z" },
  ]) {
    for (const accept of ["application/x-ndjson", "text/event-stream", "application/json"]) {
      const [status, text] = await textOf("/query", {
        method: "POST",
        key: mine.key,
        body: JSON.stringify({ ...ALL_TIME, ...body }),
        headers: { accept },
      });
      expect(status).toBe(200);
      expect(text).not.toContain("secret");
      expect(text).not.toContain(theirs.id);
    }
  }
});

test("no other read shows anything of another project, whatever it filters by", async () => {
  const { ref, timestamp } = theirPage.entries[0] as Page["entries"][number];
  const reads: [string, object | null][] = [
    ["/histogram", { ...ALL_TIME }],
    ["/histogram", { ...ALL_TIME, query: "secret" }],
    ["/facets", { ...ALL_TIME, fields: ["service", "host"] }],
    ["/facets", { ...ALL_TIME, keyword: "secret" }],
    ["/context", { id: ref.id }],
    ["/context", { id: ref.id, timestamp, fields: ["service", "host"] }],
    [`/export?from=0&to=now%2B2d&project=${theirs.slug}`, null],
    ["/export?from=0&to=now%2B2d&format=csv&service=vault", null],
  ];
  const own = { "/histogram": 1, "/facets": 1 };
  for (const [path, body] of reads) {
    const [status, text] = await textOf(
      path,
      body === null ? { key: mine.key } : { method: "POST", key: mine.key, body: JSON.stringify(body) },
    );
    expect([path, status]).toEqual([path, path === "/context" ? 404 : 200]);
    expect(text).not.toContain("secret");
    expect(text).not.toContain(theirs.id);
    if (path in own) {
      const counts = [...text.matchAll(/"(?:error|count|total)":(\d+)/g)].map((match) => Number(match[1]));
      expect(Math.max(0, ...counts)).toBeLessThanOrEqual(1);
    }
  }
});

test("neither the address nor a header leads into another project", async () => {
  for (const path of [
    `/query?project=${theirs.slug}`,
    `/query?projectId=${theirs.id}&project_id=${theirs.id}`,
    "/query/",
  ]) {
    const [, text] = await textOf(path, {
      method: "POST",
      key: mine.key,
      body: JSON.stringify(ALL_TIME),
      headers: {
        "x-project": theirs.slug,
        "x-project-id": theirs.id,
        "x-scope-orgid": theirs.id,
        cookie: `project=${theirs.id}`,
      },
    });
    expect(text).not.toContain("secret");
  }
  await server.api.call(`/ingest?project=${theirs.slug}&wait=commit`, {
    method: "POST",
    key: mine.key,
    body: '{"message":"not theirs"}',
  });
  expect((await server.api.queryAll(theirs.key, { keyword: "not theirs" })).entries).toEqual([]);
  expect((await server.api.queryAll(mine.key, { keyword: "not theirs" })).entries).toHaveLength(1);
});

test("fields that name a project are not understood, so they cannot be half understood", async () => {
  for (const name of ["project", "projectId", "project_id", "walId"]) {
    const [status, text] = await textOf("/query", {
      method: "POST",
      key: mine.key,
      body: JSON.stringify({ [name]: theirs.id }),
    });
    expect([name, status]).toEqual([name, 400]);
    expect(text).not.toContain("secret");
  }
});

test("the cursor of another project's query is a 400, and a forged one finds only one's own", async () => {
  const cursor = theirPage.end.cursor as string;
  expect((await server.api.query(theirs.key, { limit: 5, cursor })).entries).toHaveLength(5);
  const [status, text] = await textOf("/query", {
    method: "POST",
    key: mine.key,
    body: JSON.stringify({ ...ALL_TIME, limit: 5, cursor }),
  });
  expect([status, text.includes("secret")]).toEqual([400, false]);

  const own = (await server.api.query(mine.key, { limit: 1, order: "asc", keyword: "l" })).end.cursor;
  const fields = JSON.parse(Buffer.from(cursor, "base64url").toString()) as unknown[];
  const ownHash = own === null ? fields[3] : (JSON.parse(Buffer.from(own, "base64url").toString()) as unknown[])[3];
  const forged = [...fields];
  forged[3] = ownHash;
  const [, found] = await textOf("/query", {
    method: "POST",
    key: mine.key,
    body: JSON.stringify({
      ...ALL_TIME,
      order: "asc",
      keyword: "l",
      cursor: Buffer.from(JSON.stringify(forged)).toString("base64url"),
    }),
  });
  expect(found).not.toContain("secret");
});

test("the same idempotency key and the same id of a key in two projects stay apart", async () => {
  const other = await server.api.operator("DELETE", `/projects/${mine.id}/keys/${theirs.keyId}`);
  expect(other.status).toBe(404);
  const rotated = await server.api.operator("POST", `/projects/${mine.id}/keys/${theirs.keyId}/rotate`);
  expect(rotated.status).toBe(404);
  expect((await server.api.query(theirs.key)).end.complete).toBe(true);
});

test("alert rules, their history and their tests are another project's as well", async () => {
  const rule = { name: "secret rule", window: "5m", condition: { op: ">", value: 1 } };
  const made = await server.api.call("/alerts", { method: "POST", key: theirs.key, body: JSON.stringify(rule) });
  const { id } = (await made.json()) as { id: string };
  for (const [method, path, body] of [
    ["GET", `/alerts/${id}`, undefined],
    ["PATCH", `/alerts/${id}`, '{"enabled":false}'],
    ["DELETE", `/alerts/${id}`, undefined],
    ["GET", `/alerts/${id}/events`, undefined],
    ["POST", `/alerts/${id}/test`, "{}"],
  ] as const) {
    const [status, text] = await textOf(path, { method, key: mine.key, ...(body === undefined ? {} : { body }) });
    expect([method, path, status]).toEqual([method, path, 404]);
    expect(text).not.toContain("secret");
  }
  expect((await textOf("/alerts", { key: mine.key }))[1]).toBe('{"alerts":[]}');
  const preview = { window: "5m", condition: { op: ">", value: 0 }, query: "secret", groupBy: "host" };
  const [, previewed] = await textOf("/alerts/preview", {
    method: "POST",
    key: mine.key,
    body: JSON.stringify(preview),
  });
  expect(JSON.parse(previewed)).toMatchObject({ groups: [], firings: 0 });
  expect((await textOf(`/alerts/${id}`, { key: theirs.key }))[0]).toBe(200);
});

test("a revoked key is refused everywhere within 5 s", TIMED, async () => {
  const { key, id, keyId } = await server.api.createProject("revoked");
  expect((await server.api.ingest(key, '{"message":"m"}')).status).toBe(202);
  expect((await server.api.operator("DELETE", `/projects/${id}/keys/${keyId}`)).status).toBe(204);
  const startedAtMs = Date.now();
  await until("ingest is refused", async () => (await server.api.ingest(key, '{"message":"m"}')).status === 401, 5_000);
  for (const [method, path] of [
    ["POST", "/query"],
    ["GET", "/projects/current"],
    ["POST", "/ingest?wait=commit"],
    ["GET", "/projects"],
  ] as const)
    expect([
      path,
      (await server.api.call(path, { method, key, ...(method === "POST" ? { body: "{}" } : {}) })).status,
    ]).toEqual([path, 401]);
  expect(Date.now() - startedAtMs).toBeLessThan(5_000);
});

test("a deleted project's key is refused within 5 s and its lines are gone from every answer", TIMED, async () => {
  const { key, id } = await server.api.createProject("deleted");
  await server.api.commit(key, '{"message":"m"}');
  expect((await server.api.operator("DELETE", `/projects/${id}`)).status).toBe(204);
  await until(
    "the key is refused",
    async () => (await server.api.ingest(key, '{"message":"m"}')).status === 401,
    5_000,
  );
  expect((await server.api.operator("GET", `/projects/${id}`)).status).toBe(404);
});
