import { readFileSync, readdirSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, expect, test } from "vitest";
import { problemsOf } from "#tests/support/json-schema.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";

const METRICS_TOKEN = "k7Qp2Xw9Zr4Tn8Vb3Ms6Lc1Hd5Jf0Gy";
let server: ApiServer;

beforeAll(async () => {
  server = await startApiServer({ env: { METRICS_TOKEN } });
});

afterAll(() => server.close());

/** What shippers ask has its own contracts: their protocols are Loki's, Splunk's and so on. */
function isShippersRoute(name: string): boolean {
  const speaksProtocol = readFileSync(`app/routes/${name}`, "utf8").includes("#app/server/protocols/");
  return name === "ready.ts" || (speaksProtocol && name !== "ingest.ts");
}

test("the contract is valid OpenAPI 3.1 and has every route of the API", async () => {
  const answer = await server.api.call("/openapi.json");
  const document = (await answer.json()) as { openapi: string; paths: Record<string, object> };
  expect(document.openapi).toBe("3.1.0");
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  expect({ valid, errors }).toMatchObject({ valid: true });
  const routes = readdirSync("app/routes")
    .filter((name) => name.endsWith(".ts") && !name.startsWith("$") && !isShippersRoute(name) && !isOfPages(name))
    .map((name) =>
      `/${name.slice(0, -".ts".length)}`
        .replace("[.]", "\0")
        .replaceAll(/_?\./g, "/")
        .replace("\0", ".")
        .replaceAll(/\[(\w+)\]/g, "$1")
        .replaceAll(/\$(\w+)/g, "{$1}")
        .replaceAll("_/", "/"),
    );
  expect(Object.keys(document.paths).sort()).toEqual(routes.sort());
});

/** Routes that only our own pages call. */
function isOfPages(name: string): boolean {
  return name.startsWith("p.$slug");
}

test("the contract has the refusals that are no problem documents, and no parameter that does nothing", async () => {
  const { paths } = (await (await server.api.call("/openapi.json")).json()) as Contract;
  const { key } = await server.api.createProject("contract");
  const refused = await server.api.call("/ingest", { method: "POST", key, body: '{"message":' });
  expect([refused.status, refused.headers.get("content-type")]).toEqual([422, "application/json"]);
  const { content = {} } = paths["/ingest"]?.["post"]?.responses["422"] ?? {};
  expect(Object.keys(content)).toEqual(["application/json", "application/problem+json"]);
  expect(problemsOf(content["application/json"]?.schema ?? {}, await refused.json())).toEqual([]);
  expect(Object.keys(paths["/readyz"]?.["get"]?.responses ?? {})).toContain("503");
  const tail = paths["/tail"]?.["get"]?.parameters.map(({ name }) => name);
  expect(tail).toEqual(["query", "keyword", "service", "level", "tags"]);
});

interface Contract {
  paths: Record<
    string,
    Record<
      string,
      { parameters: { name: string }[]; responses: Record<string, { content?: Record<string, { schema: object }> }> }
    >
  >;
}

test("metrics tell what was taken in, to whoever has the token", async () => {
  expect((await server.api.call("/metrics")).status).toBe(401);
  expect((await server.api.call("/metrics", { headers: { authorization: "Bearer wrong" } })).status).toBe(401);
  const { key } = await server.api.createProject("metrics");
  await server.api.ingest(key, '{"message":"1"}\n{"message":"2"}');
  const answer = await server.api.call("/metrics", { headers: { authorization: `Bearer ${METRICS_TOKEN}` } });
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, expect.stringContaining("text/plain")]);
  const text = await answer.text();
  for (const line of [
    "akavelog_accepted_entries_total 2",
    "akavelog_takes_logs 1",
    "akavelog_store_up 1",
    "akavelog_database_up 1",
    "akavelog_followed_projects 0",
  ])
    expect(text.split("\n")).toContain(line);
  expect(text).toMatch(/^akavelog_wal_bytes [1-9]\d*$/m);
});
