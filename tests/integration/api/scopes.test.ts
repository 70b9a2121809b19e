import { afterAll, beforeAll, expect, test } from "vitest";
import { ADMIN_TOKEN, type TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";

type Caller = "none" | "unknown" | "malformed" | "ingest" | "query" | "admin" | "all" | "operator";

let server: ApiServer;
let project: TestProject;
const keys = new Map<Caller, string>();

beforeAll(async () => {
  server = await startApiServer();
  project = await server.api.createProject("scopes");
  keys.set("all", project.key);
  keys.set("unknown", `akl_${"0".repeat(32)}`);
  keys.set("malformed", "akl_short");
  for (const scope of ["ingest", "query", "admin"] as const) {
    const answer = await server.api.operator("POST", `/projects/${project.id}/keys`, { name: scope, scopes: [scope] });
    keys.set(scope, ((await answer.json()) as { apiKey: { key: string } }).apiKey.key);
  }
});

afterAll(() => server.close());

const NOBODY = "00000000-0000-4000-8000-000000000000";
const RULE = '{"name":"r","window":"5m","condition":{"op":">","value":1}}';
const CALLERS: Caller[] = ["none", "unknown", "malformed", "ingest", "query", "admin", "all", "operator"];

/** Method, path, body, and the status for each caller in the order of CALLERS. */
const ROUTES: [string, (project: TestProject) => string, string | null, number[]][] = [
  ["POST", () => "/ingest", '{"message":"m"}', [401, 401, 401, 202, 403, 403, 202, 401]],
  ["POST", () => "/ingest?wait=commit", '{"message":"m"}', [401, 401, 401, 200, 403, 403, 200, 401]],
  ["POST", () => "/query", "{}", [401, 401, 401, 403, 200, 403, 200, 401]],
  ["POST", () => "/histogram", "{}", [401, 401, 401, 403, 200, 403, 200, 401]],
  ["POST", () => "/facets", "{}", [401, 401, 401, 403, 200, 403, 200, 401]],
  ["POST", () => "/context", '{"id":"x"}', [401, 401, 401, 403, 404, 403, 404, 401]],
  ["GET", () => "/export", null, [401, 401, 401, 403, 200, 403, 200, 401]],
  // The good answer has no end, so only its refusals are asked for here.
  ["GET", () => "/tail?query=(", null, [401, 401, 401, 403, 400, 403, 400, 401]],
  ["GET", () => "/projects/current", null, [401, 401, 401, 200, 200, 200, 200, 401]],
  ["GET", () => "/projects", null, [401, 401, 401, 403, 403, 403, 403, 200]],
  ["POST", () => "/projects", '{"name":"x"}', [401, 401, 401, 403, 403, 403, 403, 201]],
  ["GET", ({ id }) => `/projects/${id}`, null, [401, 401, 401, 403, 403, 403, 403, 200]],
  ["PATCH", ({ id }) => `/projects/${id}`, '{"retentionDays":7}', [401, 401, 401, 403, 403, 403, 403, 200]],
  ["GET", ({ id }) => `/projects/${id}/keys`, null, [401, 401, 401, 403, 403, 403, 403, 200]],
  [
    "POST",
    ({ id }) => `/projects/${id}/keys`,
    '{"name":"k","scopes":["query"]}',
    [401, 401, 401, 403, 403, 403, 403, 201],
  ],
  ["GET", () => `/projects/${NOBODY}`, null, [401, 401, 401, 403, 403, 403, 403, 404]],
  ["GET", () => "/projects/not-an-id", null, [401, 401, 401, 403, 403, 403, 403, 404]],
  ["PATCH", () => `/projects/${NOBODY}`, '{"name":"x"}', [401, 401, 401, 403, 403, 403, 403, 404]],
  ["DELETE", () => `/projects/${NOBODY}`, null, [401, 401, 401, 403, 403, 403, 403, 404]],
  [
    "POST",
    () => `/projects/${NOBODY}/keys`,
    '{"name":"k","scopes":["query"]}',
    [401, 401, 401, 403, 403, 403, 403, 404],
  ],
  ["POST", ({ id }) => `/projects/${id}/keys/${NOBODY}/rotate`, null, [401, 401, 401, 403, 403, 403, 403, 404]],
  ["DELETE", ({ id }) => `/projects/${id}/keys/${NOBODY}`, null, [401, 401, 401, 403, 403, 403, 403, 404]],
  ["GET", () => "/alerts", null, [401, 401, 401, 403, 200, 403, 200, 401]],
  ["POST", () => "/alerts", RULE, [401, 401, 401, 403, 403, 201, 201, 401]],
  ["POST", () => "/alerts/preview", RULE, [401, 401, 401, 403, 200, 403, 200, 401]],
  ["GET", () => `/alerts/${NOBODY}`, null, [401, 401, 401, 403, 404, 403, 404, 401]],
  ["PATCH", () => `/alerts/${NOBODY}`, '{"enabled":false}', [401, 401, 401, 403, 403, 404, 404, 401]],
  ["DELETE", () => `/alerts/${NOBODY}`, null, [401, 401, 401, 403, 403, 404, 404, 401]],
  ["GET", () => `/alerts/${NOBODY}/events`, null, [401, 401, 401, 403, 404, 403, 404, 401]],
  ["POST", () => `/alerts/${NOBODY}/test`, "{}", [401, 401, 401, 403, 403, 404, 404, 401]],
  ["GET", () => "/healthz", null, [200, 200, 200, 200, 200, 200, 200, 200]],
  ["GET", () => "/readyz", null, [200, 200, 200, 200, 200, 200, 200, 200]],
  ["GET", () => "/metrics", null, [200, 200, 200, 200, 200, 200, 200, 200]],
  ["GET", () => "/openapi.json", null, [200, 200, 200, 200, 200, 200, 200, 200]],
  ["GET", () => "/no/such/route", null, [404, 404, 404, 404, 404, 404, 404, 404]],
];

function headersOf(caller: Caller, style: "x-api-key" | "bearer"): Record<string, string> {
  if (caller === "none") return {};
  if (caller === "operator") return { authorization: `Bearer ${ADMIN_TOKEN}` };
  const key = keys.get(caller) ?? "";
  return style === "bearer" ? { authorization: `Bearer ${key}` } : { "x-api-key": key };
}

async function expectProblem(answer: Response): Promise<void> {
  const text = await answer.text();
  expect(answer.headers.get("content-type")).toContain("application/problem+json");
  expect(JSON.parse(text)).toMatchObject({
    status: answer.status,
    title: expect.any(String) as string,
    type: expect.any(String) as string,
  });
  expect(text).not.toMatch(/\bat .+:\d+:\d+|node_modules|\.ts\b|select |postgres/i);
  if (answer.status === 401) expect(answer.headers.get("www-authenticate")).toContain("Bearer");
}

test.each(ROUTES)("%s %s answers each caller as its scopes allow", async (method, path, body, statuses) => {
  for (const style of ["x-api-key", "bearer"] as const) {
    const found: number[] = [];
    for (const caller of CALLERS) {
      const answer = await server.api.call(path(project), {
        method,
        headers: { accept: "application/json", ...headersOf(caller, style) },
        ...(body === null ? {} : { body }),
      });
      expect(answer.headers.get("x-request-id")).toMatch(/\S{8,}/);
      found.push(answer.status);
      if (answer.status >= 400) await expectProblem(answer);
      else await answer.arrayBuffer();
    }
    expect(found).toEqual(statuses);
  }
});

test("a method that a route does not have is a 405 that names those it has", async () => {
  const answer = await server.api.call("/query", { method: "PUT", key: project.key, body: "{}" });
  expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST, OPTIONS"]);
  await expectProblem(answer);
});

/** Bodies of /query that are refused; none may be a 500. */
const BAD_QUERIES = [
  "{",
  "[]",
  "null",
  '"x"',
  '{"limit":0}',
  '{"limit":10001}',
  '{"limit":1.5}',
  '{"limit":"10"}',
  '{"order":"up"}',
  '{"from":"yesterday"}',
  '{"to":{}}',
  '{"from":1e300}',
  '{"from":"now-5y"}',
  '{"cursor":"x"}',
  '{"cursor":7}',
  '{"tags":{"a":1}}',
  '{"tags":[]}',
  '{"service":7}',
  '{"keyword":["a"]}',
  JSON.stringify({ keyword: "x".repeat(257) }),
  '{"unknown":"field"}',
];

test.each(BAD_QUERIES)("the query %s is a 400 that says why", async (body) => {
  const answer = await server.api.call("/query", { method: "POST", key: project.key, body });
  expect(answer.status).toBe(400);
  await expectProblem(answer);
});

/** What no entry can match, or what only objects can hold, is no error. */
const ODD_QUERIES: [body: object, matched: number][] = [
  [{ tags: { nul: "a\0b" } }, 1],
  [{ tags: { nul: "\0" } }, 0],
  [{ tags: { "a\0": "b" } }, 0],
  // What was half a pair when it was sent is found by the half that was sent.
  [{ tags: { half: "\ud800" } }, 1],
  [{ tags: { half: "\ufffd" } }, 1],
  [{ service: "a\0" }, 0],
  [{ service: ["\udc00", "odd"] }, 1],
  [{ keyword: "\0" }, 1],
  [{ keyword: "\ud800" }, 0],
  [{ tags: JSON.parse('{"__proto__":"polluted"}') as object }, 1],
  [{ tags: JSON.parse('{"__proto__":"other"}') as object }, 0],
  [{ tags: { constructor: "x" } }, 0],
  [{ tags: { toString: "[native code]" } }, 0],
  [{ level: "nonsense" }, 0],
  [{ from: "now", to: "now-1h" }, 0],
];

test.each(ODD_QUERIES)("the query %j finds %i", async (body, matched) => {
  const { key } = await server.api.createProject("odd");
  const line =
    '{"service":"odd","message":"a\\u0000b","tags":{"nul":"a\\u0000b","half":"\\ud800","__proto__":"polluted"}}';
  await server.api.ingest(key, line);
  expect((await server.api.query(key, body)).end).toMatchObject({ complete: true, matched });
  await server.api.commit(key, line);
  expect((await server.api.query(key, body)).end).toMatchObject({ complete: true, matched: 2 * matched });
});

test("a cursor of one's own making is a 400 or harmless, never a 500", async () => {
  const { key } = await server.api.createProject("cursors");
  await server.api.commit(key, '{"message":"1"}\n{"message":"2"}\n{"message":"3"}');
  const { cursor } = (await server.api.query(key, { limit: 1 })).end;
  const fields = JSON.parse(Buffer.from(cursor as string, "base64url").toString()) as unknown[];
  const forgeries = fields.flatMap((_, i) =>
    ["9".repeat(19), "-1", "", "0", null, 1e19, "\0", {}, "x".repeat(100)].map((value) =>
      fields.map((field, at) => (at === i ? value : field)),
    ),
  );
  for (const forged of [...forgeries, [], fields.slice(1), [...fields, 1]]) {
    const answer = await server.api.call("/query", {
      method: "POST",
      key,
      body: JSON.stringify({
        from: 0,
        to: "now+2d",
        limit: 1,
        cursor: Buffer.from(JSON.stringify(forged)).toString("base64url"),
      }),
    });
    await answer.text();
    expect([JSON.stringify(forged), [200, 400].includes(answer.status)]).toEqual([JSON.stringify(forged), true]);
  }
});
