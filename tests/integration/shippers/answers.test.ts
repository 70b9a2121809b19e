import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ADMIN_TOKEN, type TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { SHIPPERS, type ShippedRecord, type ShippedRequest, type ShipperName } from "#tests/support/shipper-bodies.ts";

const MIB = 1024 * 1024;
const NOW_NS = BigInt(Date.now()) * 1_000_000n;
const GOOD: ShippedRecord = { timestampNs: NOW_NS, service: "s", level: "info", message: "good", tags: { a: "1" } };
/** Two days ahead: no protocol can make a sound entry of it. */
const BAD: ShippedRecord = { ...GOOD, timestampNs: NOW_NS + 172_800_000_000_000n, message: "bad" };

/** Expectation is a status and what the body holds; a string is the whole body. */
type Expectation = [status: number, body?: object | string];

interface Answers {
  good: Expectation;
  noKey: Expectation;
  wrongKey: Expectation;
  /** The good ones are stored. */
  oneBad: Expectation;
  allBad: Expectation;
  empty: Expectation;
  truncated: Expectation;
  bomb: Expectation;
  rate: Expectation;
  busy: Expectation;
}

const any = expect.anything() as unknown;
const text = expect.any(String) as string;
const status = (code: number, message: unknown = text) => ({ code, message });
const problem = (code: number): Expectation => [code, { status: code, detail: text }];
const elastic = (code: number, type: string): Expectation => [code, { error: { type, reason: text }, status: code }];
const datadog = (code: number): Expectation => [code, { errors: [{ status: String(code), detail: text }] }];
const seq = (code: number): Expectation => [code, { Error: text }];
const journal = (code: number): Expectation => [code, text];
const loki = (code: number): Expectation => [code, text];

const lokiAnswers: Answers = {
  good: [204, ""],
  noKey: loki(401),
  wrongKey: loki(401),
  oneBad: loki(400),
  allBad: loki(400),
  empty: loki(400),
  truncated: loki(400),
  bomb: loki(413),
  rate: loki(429),
  busy: loki(503),
};
const seqAnswers: Answers = {
  good: [201, { MinimumLevelAccepted: null }],
  noKey: seq(401),
  wrongKey: seq(401),
  oneBad: [201, { MinimumLevelAccepted: null }],
  allBad: seq(400),
  empty: seq(400),
  truncated: seq(400),
  bomb: seq(413),
  rate: seq(429),
  busy: seq(503),
};

/** What makes the real clients of each protocol repeat or drop. */
const ANSWERS: Record<Exclude<ShipperName, "otlp protobuf">, Answers> = {
  ingest: {
    good: [202, { accepted: 1, rejected: 0 }],
    noKey: problem(401),
    wrongKey: problem(401),
    oneBad: [202, { accepted: 1, rejected: 1, errors: [{ index: 1, reason: text }] }],
    allBad: [422, { accepted: 0, rejected: 1 }],
    empty: [202, { accepted: 0 }],
    truncated: [422, { accepted: 0, rejected: 1 }],
    bomb: problem(413),
    rate: problem(429),
    busy: problem(503),
  },
  "otlp json": {
    good: [200, "{}"],
    noKey: [401, status(16)],
    wrongKey: [401, status(16)],
    oneBad: [200, { partialSuccess: { rejectedLogRecords: "1", errorMessage: text } }],
    allBad: [200, { partialSuccess: { rejectedLogRecords: "1" } }],
    empty: [400, status(3)],
    truncated: [400, status(3)],
    bomb: [413, status(3)],
    rate: [429, status(8)],
    busy: [503, status(14)],
  },
  "loki protobuf": lokiAnswers,
  "loki json": lokiAnswers,
  elasticsearch: {
    good: [200, { errors: false, items: [{ create: { _index: "logs", status: 201 } }] }],
    noKey: elastic(401, "security_exception"),
    wrongKey: elastic(401, "security_exception"),
    oneBad: [
      200,
      {
        errors: true,
        items: [
          { create: { status: 201 } },
          { create: { status: 400, error: { type: "document_parsing_exception", reason: text } } },
        ],
      },
    ],
    allBad: [200, { errors: true, items: [{ create: { status: 400 } }] }],
    empty: elastic(400, "illegal_argument_exception"),
    truncated: [200, { errors: true, items: [{ create: { status: 400 } }] }],
    bomb: elastic(413, "content_too_long_exception"),
    rate: elastic(429, "es_rejected_execution_exception"),
    busy: elastic(503, "unavailable_shards_exception"),
  },
  splunk: {
    good: [200, { text: "Success", code: 0 }],
    noKey: [401, { code: 2 }],
    wrongKey: [403, { code: 4 }],
    oneBad: [400, { code: 6, "invalid-event-number": 1 }],
    allBad: [400, { code: 6, "invalid-event-number": 0 }],
    empty: [400, { code: 5 }],
    truncated: [400, { code: 6, "invalid-event-number": 0 }],
    bomb: [413, { code: 6 }],
    rate: [429, { code: 9 }],
    busy: [503, { code: 9 }],
  },
  datadog: {
    good: [202, "{}"],
    noKey: datadog(401),
    wrongKey: datadog(403),
    oneBad: [202, "{}"],
    allBad: datadog(400),
    empty: datadog(400),
    truncated: datadog(400),
    bomb: datadog(413),
    rate: datadog(429),
    busy: datadog(503),
  },
  gelf: {
    good: [202, ""],
    noKey: problem(401),
    wrongKey: problem(401),
    oneBad: [202, ""],
    allBad: problem(400),
    empty: problem(400),
    truncated: problem(400),
    bomb: problem(413),
    rate: problem(429),
    busy: problem(503),
  },
  seq: seqAnswers,
  // Lines: one that is cut is one bad event, and none is nothing.
  clef: { ...seqAnswers, empty: [201, { MinimumLevelAccepted: null }] },
  journald: {
    good: [202, "OK.\n"],
    noKey: journal(401),
    wrongKey: journal(401),
    // Any other status would stop the uploader for good.
    oneBad: [202, "OK.\n"],
    allBad: [202, "OK.\n"],
    empty: [202, "OK.\n"],
    truncated: journal(400),
    bomb: journal(202),
    rate: [202, "OK.\n"],
    busy: journal(503),
  },
};

let server: ApiServer;
let limited: ApiServer;
let project: TestProject;
let limitedProject: TestProject;

beforeAll(async () => {
  [server, limited] = await Promise.all([
    startApiServer(),
    startApiServer({
      env: {
        RATE_LIMIT_BYTES_PER_S: "1",
        RATE_LIMIT_BURST_BYTES: "10",
        // The least that is allowed, so that a request with a large Content-Length finds no room.
        INGEST_MEMORY_MAX_BYTES: String(MIB),
      },
    }),
  ]);
  project = await server.api.createProject("answers");
  limitedProject = await limited.api.createProject("limited");
}, 120_000);

afterAll(() => Promise.all([server.close(), limited.close()]));

interface Sending {
  on?: ApiServer;
  headers?: Record<string, string>;
}

async function send(name: ShipperName, key: string, body: Buffer, { on = server, headers = {} }: Sending = {}) {
  const request: ShippedRequest = SHIPPERS[name]([GOOD], key);
  const keyHeaders = Object.keys(request.headers).filter((header) => header !== "content-type");
  if (key === "") for (const header of keyHeaders) delete request.headers[header];
  const path = key === "" ? request.path.replace("//", "/") : request.path;
  return on.api.call(path, {
    method: "POST",
    headers: { ...request.headers, ...headers },
    body: new Uint8Array(body),
  });
}

function bodyOf(name: ShipperName, records: ShippedRecord[]): Buffer {
  const many = (each: ShippedRecord[]) => SHIPPERS[name](each, "").body;
  return name === "gelf" ? Buffer.concat(records.map((record) => many([record]))) : many(records);
}

async function expectAnswer(answer: Response, [code, body]: Expectation): Promise<void> {
  const sent = await answer.text();
  expect([answer.status, sent]).toEqual([code, expect.anything()]);
  if (typeof body === "string") expect(sent).toBe(body);
  else if (body !== undefined && "asymmetricMatch" in body) expect(sent).toEqual(body);
  else if (body !== undefined) expect(JSON.parse(sent)).toMatchObject(body);
  expect(sent).not.toMatch(/\bat .+:\d+:\d+|node_modules/);
  expect(answer.headers.get("x-request-id")).toMatch(/\S{8,}/);
  if (code === 429 || code === 503) expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  if (code === 401) expect(answer.headers.get("www-authenticate")).toContain("Bearer");
}

async function countOf(key: string, message: string): Promise<number> {
  return (await server.api.queryAll(key, { keyword: message })).entries.length;
}

describe.each(Object.keys(ANSWERS) as (keyof typeof ANSWERS)[])("%s", (name) => {
  const answers = ANSWERS[name];

  test("answers what is sound, and what has no key or a wrong one", async () => {
    await expectAnswer(await send(name, project.key, bodyOf(name, [GOOD])), answers.good);
    await expectAnswer(await send(name, "", bodyOf(name, [GOOD])), answers.noKey);
    for (const key of [`akl_${"0".repeat(32)}`, "nonsense", ADMIN_TOKEN]) {
      await expectAnswer(await send(name, key, bodyOf(name, [GOOD])), answers.wrongKey);
    }
  });

  test("stores the good ones beside a bad one, and says so", async () => {
    const { key } = await server.api.createProject("one bad");
    await expectAnswer(await send(name, key, bodyOf(name, [GOOD, BAD])), answers.oneBad);
    expect([await countOf(key, "good"), await countOf(key, "bad")]).toEqual([1, 0]);
    await expectAnswer(await send(name, key, bodyOf(name, [BAD])), answers.allBad);
    expect([await countOf(key, "good"), await countOf(key, "bad")]).toEqual([1, 0]);
  });

  test("answers an empty body, a cut one and a bomb", async () => {
    const whole = bodyOf(name, [GOOD]);
    await expectAnswer(await send(name, project.key, Buffer.alloc(0)), answers.empty);
    await expectAnswer(await send(name, project.key, whole.subarray(0, whole.length - 4)), answers.truncated);
    const cutGzip = gzipSync(whole).subarray(0, -10);
    const isStream = name === "journald";
    if (!isStream) {
      const answer = await send(name, project.key, cutGzip, { headers: { "content-encoding": "gzip" } });
      await expectAnswer(answer, [400]);
    }
    const line = isStream ? Buffer.from("MESSAGE=bomb\n\n") : whole;
    const bomb = gzipSync(isStream ? line : Buffer.concat([line, Buffer.alloc(65 * MIB, " ")]));
    await expectAnswer(await send(name, project.key, bomb, { headers: { "content-encoding": "gzip" } }), answers.bomb);
  });

  test("answers too much at once so that it comes again later", async () => {
    // An upload of the journal holds more memory than this server has, and waits instead of going too fast.
    if (name !== "journald") {
      const { key } = await limited.api.createProject("rate");
      const first = await send(name, key, bodyOf(name, [GOOD]), { on: limited });
      expect([first.status < 300, await first.text()]).toEqual([true, any]);
      await expectAnswer(await send(name, key, bodyOf(name, [GOOD]), { on: limited }), answers.rate);
    }
    const large = Buffer.concat([bodyOf(name, [GOOD]), Buffer.alloc(2 * MIB, 32)]);
    const other = await limited.api.createProject("busy");
    await expectAnswer(await send(name, other.key, large, { on: limited }), answers.busy);
  });
});

test("a key that may only read is told so in each protocol's way", async () => {
  const made = await server.api.operator("POST", `/projects/${project.id}/keys`, { name: "q", scopes: ["query"] });
  const { key } = ((await made.json()) as { apiKey: { key: string } }).apiKey;
  for (const name of Object.keys(ANSWERS) as ShipperName[]) {
    expect([name, (await send(name, key, bodyOf(name, [GOOD]))).status]).toEqual([name, 403]);
  }
});

describe("OTLP in protobuf", () => {
  const name = "otlp protobuf";

  /** google.rpc.Status{1 code, 2 message}: codes here are small. */
  async function expectStatus(answer: Response, httpStatus: number, code: number): Promise<void> {
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect([answer.status, answer.headers.get("content-type")]).toEqual([httpStatus, "application/x-protobuf"]);
    expect([...bytes.subarray(0, 3)]).toEqual([0x08, code, 0x12]);
    expect(bytes.subarray(4).toString()).toMatch(/^[\x20-\x7e]+$/);
    if (httpStatus === 429 || httpStatus === 503) expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  }

  test("is answered in protobuf", async () => {
    const whole = bodyOf(name, [GOOD]);
    for (const body of [whole, Buffer.alloc(0)]) {
      const answer = await send(name, project.key, body);
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/x-protobuf"]);
      expect((await answer.arrayBuffer()).byteLength).toBe(0);
    }
    await expectStatus(await send(name, "", whole), 401, 16);
    await expectStatus(await send(name, "akl_wrong", whole), 401, 16);
    await expectStatus(await send(name, project.key, whole.subarray(0, -4)), 400, 3);
    const bomb = gzipSync(Buffer.alloc(65 * MIB));
    await expectStatus(await send(name, project.key, bomb, { headers: { "content-encoding": "gzip" } }), 413, 3);
    const first = await send(name, limitedProject.key, whole, { on: limited });
    expect(first.status).toBe(200);
    await expectStatus(await send(name, limitedProject.key, whole, { on: limited }), 429, 8);
    const other = await limited.api.createProject("busy");
    await expectStatus(await send(name, other.key, Buffer.alloc(2 * MIB), { on: limited }), 503, 14);
  });

  test("says with 200 which records it refused, so that none comes again", async () => {
    const { key } = await server.api.createProject("partial");
    const answer = await send(name, key, bodyOf(name, [GOOD, BAD]));
    const bytes = Buffer.from(await answer.arrayBuffer());
    // ExportLogsServiceResponse{1 partial_success{1 rejected, 2 message}}
    expect([answer.status, bytes[0], bytes[2], bytes[3], bytes[4]]).toEqual([200, 0x0a, 0x08, 1, 0x12]);
    expect(bytes.toString()).toContain("record 1: timestamp lies");
    expect([await countOf(key, "good"), await countOf(key, "bad")]).toEqual([1, 0]);
  });

  test("of another type is a 415 in protobuf", async () => {
    const answer = await send(name, project.key, bodyOf(name, [GOOD]), { headers: { "content-type": "text/plain" } });
    await expectAnswer(answer, [415]);
  });
});

test("syslog-ng is told 422 where others are told 400, since it drops after nothing else", async () => {
  const headers = { "user-agent": "syslog-ng 3.38.1/libcurl 7.88.1" };
  for (const name of ["loki json", "elasticsearch", "splunk", "datadog", "gelf", "clef"] as const) {
    expect([name, (await send(name, project.key, Buffer.from("{"), { headers })).status]).toEqual([name, 422]);
  }
});

test("Loki takes no timestamp that is a number", async () => {
  const body = Buffer.from('{"streams":[{"stream":{"a":"b"},"values":[[1795451477809000000,"line"]]}]}');
  await expectAnswer(await send("loki json", project.key, body), [
    400,
    "1 entry was refused, entry 0 first: the timestamp must be nanoseconds as digits in a string\n",
  ]);
});

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
    expect(await countOf(key, "good")).toBe(0);
  });

  test("has the text that Fluent Bit looks for", async () => {
    const answer = await send("elasticsearch", project.key, bodyOf("elasticsearch", [GOOD]));
    expect(await answer.text()).toContain('"errors":false,"items":[');
  });
});

describe("probes", () => {
  test.each([
    ["GET", "/_license", { license: { type: "basic", status: "active", uid: text } }],
    ["GET", "/_xpack", { license: { status: "active" } }],
    ["GET", "/_cluster/health", { status: "green" }],
    ["GET", "/_nodes/http", { nodes: any }],
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

  test("a Datadog agent learns whether its key is good", async () => {
    for (const [key, code] of [
      [project.key, 200],
      ["wrong", 403],
    ] as const) {
      expect((await server.api.call("/api/v1/validate", { headers: { "dd-api-key": key } })).status).toBe(code);
    }
  });
});

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
