import { existsSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ALL_TIME, until, type TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { freePort } from "#tests/support/server.ts";

/** Raw requests of the real clients, when they lie beside the project; long bodies are cut in them. */
const DATA = path.resolve(import.meta.dirname, "../../../../shared/data");
const HTTP_FILE = path.join(DATA, "shipper-captures.ndjson");
const TCP_FILE = path.join(DATA, "shipper-captures-tcp.txt");
const isMissing = !existsSync(HTTP_FILE) || !existsSync(TCP_FILE);

interface Capture {
  m: string;
  u: string;
  h: Record<string, string>;
  len: number;
  txt: string;
}

const captures = isMissing
  ? []
  : readFileSync(HTTP_FILE, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Capture);

/** What a whole request is answered; requests to addresses of other products are left out. */
const ANSWERS: [path: RegExp, status: number, body: RegExp][] = [
  [/^\/$/, 200, /"number":"8\.19\.2"/],
  [/^\/_bulk$/, 200, /"errors":false,"items":\[\{"(create|index)":\{"_index":"\w+".*"status":201/],
  [/_refresh$/, 200, /./],
  [/^\/loki\/api\/v1\/push$/, 204, /^$/],
  [/^\/services\/collector/, 200, /"code":0/],
  [/^\/api\/events\/raw$/, 201, /./],
  [/upload$/, 202, /^OK\.\n$/],
  [/^\/v1\/logs$/, 200, /./],
  [/^\/ingest$/, 202, /"accepted":2,"rejected":0/],
];

const FRAMING = new Set(["host", "connection", "content-length", "transfer-encoding", "expect"]);
const KEY_HEADERS = new Set(["x-api-key", "x-seq-apikey"]);

let server: ApiServer;
let project: TestProject;

beforeAll(async () => {
  server = await startApiServer();
  project = await server.api.createProject("captures");
  const env = { SYSLOG_TCP_PORT: String(await freePort()), SYSLOG_TCP_KEY: project.key };
  await server.restart({ env });
});

afterAll(() => server.close());

/** The capture's own header with our key in it. */
function withKey([name, value]: [string, string]): [string, string] {
  if (KEY_HEADERS.has(name)) return [name, project.key];
  if (name !== "authorization") return [name, value];
  const [scheme = ""] = value.split(" ");
  const token = scheme === "Basic" ? Buffer.from(`user:${project.key}`).toString("base64") : project.key;
  return [name, `${scheme} ${token}`];
}

const whole = captures.filter(({ len, txt }) => Buffer.byteLength(txt) === len);

describe.skipIf(isMissing)("the captured requests", () => {
  test.each(whole.map((capture, i) => [`${i + 1}: ${capture.m} ${capture.u}`, capture] as const))(
    "%s is answered as its client expects",
    async (_, { m, u, h, txt }) => {
      const expected = ANSWERS.find(([address]) => address.test(u));
      if (expected === undefined) throw new Error(`nothing is known about ${u}`);
      const headers = Object.fromEntries(
        Object.entries(h)
          .filter(([name]) => !FRAMING.has(name))
          .map(withKey),
      );
      const hasKey = Object.keys(headers).some((name) => name === "authorization" || KEY_HEADERS.has(name));
      const answer = await server.api.call(u.replace("/ingest/journald/", `/ingest/journald/${project.key}/`), {
        method: m,
        headers: hasKey ? headers : { ...headers, "x-api-key": project.key },
        ...(m === "POST" ? { body: txt } : {}),
      });
      expect([answer.status, await answer.text()]).toEqual([expected[1], expect.stringMatching(expected[2])]);
    },
  );

  test("the mapping of what they sent is the documented one", async () => {
    const { entries } = await server.api.queryAll(project.key);
    const found = (message: string) => entries.find((entry) => entry.message === message);
    expect(found("pino loki")).toMatchObject({
      service: "p",
      level: "warn",
      tags: { hostname: "vm", pid: "4677", a: "1" },
    });
    expect(found('{"m":"hec"}')).toMatchObject({ level: "error", tags: { m: "hec" } });
    expect(found("hi 1")).toMatchObject({ level: "info", tags: { X: "1", message_template: "hi {X}" } });
    expect(found("via pino-es")).toMatchObject({ service: "pino", level: "info", tags: { hostname: "vm" } });
    expect(found("rsyslog hello")).toMatchObject({ service: "sys", tags: { host: "vm" } });
    expect(found("hello journal")).toMatchObject({
      timestamp: "2023-11-14T22:13:20.000Z",
      level: "error",
      tags: { host: "h" },
    });
    expect(found("sng hello 1")).toMatchObject({ service: "app", tags: expect.any(Object) as object });
  });

  test("the captured syslog lines and the message of gelf-pro become entries", async () => {
    const messages = readFileSync(TCP_FILE, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line.slice("TCP ".length)) as string);
    for (const message of messages) connect(Number(server.env("SYSLOG_TCP_PORT")), "127.0.0.1").end(message);
    const query = "*rfc* OR *gelf*";
    const find = async () => (await server.api.query(project.key, { ...ALL_TIME, query })).entries;
    await until("all are stored", async () => (await find()).length === messages.length);
    const found = await find();
    expect(found.find(({ message }) => message === "gelf hi")).toMatchObject({
      timestamp: "2026-11-23T16:33:09.591Z",
      level: "info",
      tags: { host: "vm", u: "1" },
    });
    const entries = found.filter(({ message }) => message !== "gelf hi");
    expect(entries.map(({ message }) => message).sort()).toEqual(["rfc3164", "rfc5424 lf", "rfc5424 octet"]);
    for (const entry of entries) expect(entry).toMatchObject({ service: "app", level: "info", tags: { host: "vm" } });
    expect(entries.find(({ message }) => message === "rfc5424 lf")?.tags).toMatchObject({
      k: "v",
      "timeQuality.tzKnown": "1",
    });
  });
});
