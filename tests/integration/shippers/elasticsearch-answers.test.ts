import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { expectAnswer } from "#tests/support/protocol-answers.ts";
import { bodyOf, countOf, GOOD, sendAs } from "#tests/support/shipper-sending.ts";

let server: ApiServer;
let project: TestProject;

beforeAll(async () => {
  server = await startApiServer();
  project = await server.api.createProject("answers");
});

afterAll(() => server.close());

describe("_bulk", () => {
  test("answers every action in its order, whatever becomes of it", async () => {
    const { key } = await server.api.createProject("bulk");
    const body = [
      '{"index":{"_id":"7"}}',
      '{"message":"first"}',
      "",
      '{"delete":{"_index":"x","_id":"8"}}',
      '{"create":{"_index":"y"}}',
      '{"message":broken}',
      '{"update":{"_id":"9"}}',
      '{"doc":{"message":"last"}}',
    ].join("\n");
    const answer = await server.api.call("/web-logs/_bulk", { method: "PUT", key, body });
    const found = await answer.text();
    expect(answer.headers.get("x-elastic-product")).toBe("Elasticsearch");
    expect(JSON.parse(found)).toMatchObject({
      errors: true,
      items: [
        { index: { _index: "web-logs", _id: "7", status: 201 } },
        { delete: { _index: "x", _id: "8", status: 404 } },
        { create: { _index: "y", status: 400 } },
        { update: { _index: "web-logs", _id: "9", status: 201 } },
      ],
    });
    const { entries } = await server.api.query(key, { order: "asc" });
    expect(entries.map(({ message, service }) => [message, service])).toEqual([
      ["first", "web-logs"],
      ["last", "web-logs"],
    ]);
  });

  test("stores nothing when an action line is broken, since what follows cannot be told apart", async () => {
    const { key } = await server.api.createProject("broken bulk");
    const body = '{"create":{}}\n{"message":"good"}\n{"nonsense":{}}\n{"message":"good"}\n';
    await expectAnswer(await server.api.call("/_bulk", { method: "POST", key, body }), [400]);
    expect(await countOf(server, key, "good")).toBe(0);
  });

  test("has the text that Fluent Bit looks for", async () => {
    const answer = await sendAs(server, "elasticsearch", project.key, bodyOf("elasticsearch", [GOOD]));
    expect(await answer.text()).toContain('"errors":false,"items":[');
  });
});

describe("probes", () => {
  test.each([
    ["GET", "/_license", { license: { type: "basic", status: "active", uid: expect.any(String) as string } }],
    ["GET", "/_xpack", { license: { status: "active" } }],
    ["GET", "/_cluster/health", { status: "green" }],
    ["GET", "/_nodes/http", { nodes: expect.anything() as unknown }],
    ["GET", "/_ilm/policy/filebeat", {}],
    ["PUT", "/_ilm/policy/filebeat", {}],
    ["GET", "/_index_template/filebeat-8", {}],
    ["PUT", "/_index_template/filebeat-8", {}],
    ["PUT", "/_component_template/x", {}],
    ["PUT", "/_template/x", {}],
    ["PUT", "/_data_stream/filebeat-8", {}],
    ["GET", "/_ingest/pipeline/x", {}],
    ["GET", "/pino/_refresh", {}],
    ["POST", "/pino/_refresh", {}],
  ])("%s %s is answered as Elasticsearch would", async (method, path, body) => {
    const answer = await server.api.call(path, { method, ...(method === "PUT" ? { body: "{}" } : {}) });
    expect([answer.status, answer.headers.get("x-elastic-product")]).toEqual([200, "Elasticsearch"]);
    expect(await answer.json()).toMatchObject(body);
    expect((await server.api.call(path, { method: method === "PUT" ? "PUT" : "HEAD" })).status).toBe(200);
  });

  test("the version is the sender's own, so that no Beat finds the server too old", async () => {
    for (const [agent, version] of [
      ["Elastic-filebeat/9.1.3 (linux; amd64)", "9.1.3"],
      ["Filebeat/7.17.0", "7.17.0"],
      ["curl/7.88", "8.19.2"],
    ]) {
      const answer = await server.api.call("/", { headers: { "user-agent": agent as string } });
      expect(await answer.json()).toMatchObject({ version: { number: version }, tagline: "You Know, for Search" });
    }
    const cat = await server.api.call("/_cat/health");
    expect([cat.status, (await cat.text()).includes("green")]).toEqual([200, true]);
    expect(await (await server.api.call("/ready")).text()).toBe("ready\n");
  });
});
