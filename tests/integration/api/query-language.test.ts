import { afterAll, beforeAll, expect, test } from "vitest";
import { LEVELS } from "#app/core/level.ts";
import { parseQuery } from "#app/core/query/parse-query.ts";
import { ALL_TIME, type AnswerFormat, type TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import type { SearchedEntry } from "#tests/support/predicates.ts";
import { matchesReference } from "#tests/support/reference-filter.ts";

const MESSAGES = [
  "connection refused by 10.0.0.1:8080",
  "Connection reset after 512 ms",
  "request timed out",
  "Failed: disk full",
  "failedOver to http://standby/x",
  'user said "hello" \\ twice',
  "GRÖßE 5 \u212aelvin 漢字",
  "line one\nline two",
];
const STATUSES = ["200", "404", "500", "503.5", "5e2", "abc", "12345678901234567891", ""];

/** The columns go round at different speeds, so that their values meet in every combination. */
const entries = Array.from({ length: 420 }, (_, i): SearchedEntry & { id: string } => ({
  id: String(i),
  service: ["web", "api", "checkout-eu", "unknown"][Math.floor(i / 5) % 4] ?? "",
  level: LEVELS[i % 7] ?? "unknown",
  message: `${MESSAGES[i % 8]} ${i % 11 === 0 ? "retry" : ""}`,
  tags: [
    ["id", String(i)],
    ...(i % 3 === 0 ? [] : ([["status", STATUSES[Math.floor(i / 2) % 8] ?? ""]] as [string, string][])),
    ...(i % 5 === 0 ? ([["__proto__", "x"]] as [string, string][]) : []),
    ["app.kubernetes.io/name", `shop-${i % 9}`],
  ],
}));

const QUERIES = [
  "failed",
  "fail* -disk",
  '"timed out" OR reset',
  "10.0.0.1:8080",
  "http://standby/x",
  'kelvin "größe 5"',
  '"said \\"hello\\" \\\\"',
  '"one\nline"',
  "service:web",
  "service:(web OR api) level:>=warn",
  "service:checkout-* NOT level:(error OR fatal)",
  "level:unknown",
  "-status:*",
  "status:500",
  "status:>=500",
  "status:[200 TO 500] retry",
  "status:>12345678901234567890",
  "-status:>=0",
  "__proto__:x failed",
  "tags.app.kubernetes.io/name:(shop-1 OR shop-2) -service:api",
  "tags.app.kubernetes.io/name:/^shop-[3-5]$/",
  "message:/\\d+ ms/ OR message:/^GRÖ/",
  "message:/FAILED/i",
  "(a OR b OR refused) (level:info OR -service:web)",
  "service:nobody",
  "service:nobody OR id:7",
  "level:error service:nobody OR level:error id:4",
  "*",
];

let server: ApiServer;
let project: TestProject;

/** Half of the lines are committed in two batches, the rest is fresh. */
beforeAll(async () => {
  server = await startApiServer({ env: { BATCH_MAX_AGE_MS: "600000" } });
  project = await server.api.createProject("queries");
  const nowMs = Date.now() - 60_000;
  const lines = entries.map(({ service, level, message, tags }, i) =>
    JSON.stringify({ timestamp: nowMs + i, service, level, message }).replace(
      /\}$/,
      `,"tags":{${tags.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join()}}}`,
    ),
  );
  await server.api.commit(project.key, lines.slice(0, 120).join("\n"));
  await server.api.commit(project.key, lines.slice(120, 210).join("\n"));
  const fresh = await server.api.ingest(project.key, lines.slice(210).join("\n"));
  if (fresh.status !== 202) throw new Error(`not accepted: ${fresh.status} ${await fresh.text()}`);
});

afterAll(() => server.close());

function expectedIds(query: string): string[] {
  const predicate = parseQuery(query);
  if (predicate instanceof Error) throw predicate;
  return entries.filter((entry) => matchesReference(predicate, entry)).map(({ id }) => id);
}

async function foundIds(body: object): Promise<string[]> {
  const { entries: found, end } = await server.api.queryAll(project.key, { order: "asc", ...body });
  expect(end.complete).toBe(true);
  return found.map(({ tags }) => tags["id"] ?? "");
}

test.each(QUERIES)("%s finds what the reference finds, fresh and committed", async (query) => {
  expect(await foundIds({ query })).toEqual(expectedIds(query));
});

test("the queries find something, and not everything", () => {
  const counts = QUERIES.map((query) => expectedIds(query).length);
  expect(counts.filter((count) => count > 0 && count < entries.length).length).toBeGreaterThan(20);
});

test("the body's filters and its query must all hold", async () => {
  const expected = expectedIds('service:web level:>=warn failed "disk full"');
  expect(expected.length).toBeGreaterThan(0);
  const body = { service: ["web", "api"], level: ["warning", "error", "fatal"], keyword: "ISK FUL" };
  expect(await foundIds({ ...body, query: "failed service:web" })).toEqual(expected);
});

test("pages of a query join to the whole", async () => {
  const query = "status:>=200 OR retry";
  expect(await foundIds({ query, limit: 7 })).toEqual(expectedIds(query));
});

test("a cursor belongs to its query", async () => {
  const { end } = await server.api.query(project.key, { query: "status:*", limit: 5 });
  const answer = await post({ query: "status:500", limit: 5, cursor: end.cursor });
  expect(answer.status).toBe(400);
});

test("an empty query asks for everything", async () => {
  expect(await foundIds({ query: "  " })).toHaveLength(entries.length);
});

test("values that no database takes are looked for and not found", async () => {
  expect(await foundIds({ query: 'service:"a\u0000b"' })).toEqual([]);
  expect(await foundIds({ query: 'status:"a\u0000b"' })).toEqual([]);
  expect(await foundIds({ query: 'status:"\ud800"' })).toEqual([]);
});

test.each<[AnswerFormat, string, number]>([
  ["application/x-ndjson", "a AND (b OR c", 6],
  ["application/json", 'level:error "timed out', 12],
  ["text/event-stream", "status:/a(/", 8],
  ["application/x-ndjson", "漢字 level:loud", 9],
  ["application/json", "x ".repeat(10_000), 0],
])("a malformed query is refused with its position, as %s", async (accept, query, position) => {
  const answer = await post({ query }, accept);
  expect(answer.status).toBe(400);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(await answer.json()).toMatchObject({
    status: 400,
    position,
    detail: expect.stringMatching(/^Expected .*\.$/) as string,
  });
});

function post(body: object, accept: AnswerFormat = "application/x-ndjson"): Promise<Response> {
  return server.api.call("/query", {
    method: "POST",
    key: project.key,
    body: JSON.stringify({ ...ALL_TIME, ...body }),
    headers: { accept },
  });
}
