import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { expectAnswer, type Expectation } from "#tests/support/protocol-answers.ts";

let server: ApiServer;
let project: TestProject;

beforeAll(async () => {
  server = await startApiServer();
  project = await server.api.createProject("answers");
});

afterAll(() => server.close());

describe("HEC", () => {
  const hec = (path: string, init: RequestInit) =>
    server.api.call(`/services/collector${path}`, {
      method: "POST",
      ...init,
      headers: { authorization: `Splunk ${project.key}`, ...(init.headers as Record<string, string>) },
    });

  test.each<[string, string, Expectation]>([
    ["an event that is missing", '{"host":"h"}', [400, { code: 12, "invalid-event-number": 0 }]],
    ["an event that is blank", '{"event":""}', [400, { code: 13 }]],
    ["objects without anything between", '{"event":"a"}{"event":{"message":"b"}}', [200, { code: 0 }]],
    ["something that is no object", '{"event":"a"}[1]', [400, { code: 6, "invalid-event-number": 1 }]],
  ])("%s", async (_, body, expectation) => {
    await expectAnswer(await hec("", { body }), expectation);
    await expectAnswer(await hec("/event/1.0", { body }), expectation);
  });

  test("raw lines need a channel, and their acknowledgements are true", async () => {
    await expectAnswer(await hec("/raw", { body: "one\ntwo" }), [400, { code: 10 }]);
    const { key } = await server.api.createProject("raw");
    const headers = { authorization: `Splunk ${key}`, "x-splunk-request-channel": "c" };
    const answer = await hec("/raw?host=h1&sourcetype=nginx", { body: "one\r\ntwo\n\n", headers });
    const { code, ackId } = (await answer.json()) as { code: number; ackId: number };
    expect(code).toBe(0);
    const acks = await hec("/ack", { body: JSON.stringify({ acks: [ackId] }), headers });
    expect(await acks.json()).toEqual({ acks: { [String(ackId)]: true } });
    const { entries } = await server.api.query(key, { order: "asc" });
    expect(entries.map(({ message, service, tags }) => [message, service, tags["host"]])).toEqual([
      ["one", "nginx", "h1"],
      ["two", "nginx", "h1"],
    ]);
  });

  test("health needs no token, and OPTIONS is 200 for Docker", async () => {
    for (const path of ["/health", "/health/1.0"]) {
      await expectAnswer(await server.api.call(`/services/collector${path}`), [
        200,
        { code: 17, text: "HEC is healthy" },
      ]);
    }
    for (const path of ["", "/event", "/event/1.0"]) {
      expect((await server.api.call(`/services/collector${path}`, { method: "OPTIONS" })).status).toBe(200);
    }
    await expectAnswer(await hec("", { body: "{}", headers: { authorization: "Nonsense" } }), [401, { code: 3 }]);
  });
});
