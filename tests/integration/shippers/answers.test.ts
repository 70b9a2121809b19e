import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ADMIN_TOKEN, type TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { ANSWERS, expectAnswer } from "#tests/support/protocol-answers.ts";
import type { ShipperName } from "#tests/support/shipper-bodies.ts";
import { BAD, bodyOf, countOf, GOOD, LIMITED_ENV, sendAs } from "#tests/support/shipper-sending.ts";

const MIB = 1024 * 1024;

let server: ApiServer;
let limited: ApiServer;
let project: TestProject;

beforeAll(async () => {
  [server, limited] = await Promise.all([startApiServer(), startApiServer({ env: LIMITED_ENV })]);
  project = await server.api.createProject("answers");
});

afterAll(() => Promise.all([server.close(), limited.close()]));

describe.each(Object.keys(ANSWERS) as (keyof typeof ANSWERS)[])("%s", (name) => {
  const answers = ANSWERS[name];

  test("answers what is sound, and what has no key or a wrong one", async () => {
    await expectAnswer(await sendAs(server, name, project.key, bodyOf(name, [GOOD])), answers.good);
    await expectAnswer(await sendAs(server, name, "", bodyOf(name, [GOOD])), answers.noKey);
    for (const key of [`akl_${"0".repeat(32)}`, "nonsense", ADMIN_TOKEN]) {
      await expectAnswer(await sendAs(server, name, key, bodyOf(name, [GOOD])), answers.wrongKey);
    }
  });

  test("stores the good ones beside a bad one, and says so", async () => {
    const { key } = await server.api.createProject("one bad");
    await expectAnswer(await sendAs(server, name, key, bodyOf(name, [GOOD, BAD])), answers.oneBad);
    expect([await countOf(server, key, "good"), await countOf(server, key, "bad")]).toEqual([1, 0]);
    await expectAnswer(await sendAs(server, name, key, bodyOf(name, [BAD])), answers.allBad);
    expect([await countOf(server, key, "good"), await countOf(server, key, "bad")]).toEqual([1, 0]);
  });

  test("answers an empty body, a cut one and a bomb", async () => {
    const whole = bodyOf(name, [GOOD]);
    await expectAnswer(await sendAs(server, name, project.key, Buffer.alloc(0)), answers.empty);
    await expectAnswer(await sendAs(server, name, project.key, whole.subarray(0, whole.length - 4)), answers.truncated);
    const cutGzip = gzipSync(whole).subarray(0, -10);
    const isStream = name === "journald";
    if (!isStream) {
      const answer = await sendAs(server, name, project.key, cutGzip, { "content-encoding": "gzip" });
      await expectAnswer(answer, [400]);
    }
    const line = isStream ? Buffer.from("MESSAGE=bomb\n\n") : whole;
    const bomb = gzipSync(isStream ? line : Buffer.concat([line, Buffer.alloc(65 * MIB, " ")]));
    await expectAnswer(await sendAs(server, name, project.key, bomb, { "content-encoding": "gzip" }), answers.bomb);
  });

  test("answers too much at once so that it comes again later", async () => {
    // An upload of the journal holds more memory than this server has, and waits instead of going too fast.
    if (name !== "journald") {
      const { key } = await limited.api.createProject("rate");
      const first = await sendAs(limited, name, key, bodyOf(name, [GOOD]));
      expect([first.status < 300, await first.text()]).toEqual([true, expect.anything()]);
      await expectAnswer(await sendAs(limited, name, key, bodyOf(name, [GOOD])), answers.rate);
    }
    const large = Buffer.concat([bodyOf(name, [GOOD]), Buffer.alloc(2 * MIB, 32)]);
    const other = await limited.api.createProject("busy");
    await expectAnswer(await sendAs(limited, name, other.key, large), answers.busy);
  });
});

test("a key that may only read is told so in each protocol's way", async () => {
  const made = await server.api.operator("POST", `/projects/${project.id}/keys`, { name: "q", scopes: ["query"] });
  const { key } = ((await made.json()) as { apiKey: { key: string } }).apiKey;
  for (const name of Object.keys(ANSWERS) as ShipperName[]) {
    expect([name, (await sendAs(server, name, key, bodyOf(name, [GOOD]))).status]).toEqual([name, 403]);
  }
});

test("syslog-ng is told 422 where others are told 400, since it drops after nothing else", async () => {
  const headers = { "user-agent": "syslog-ng 3.38.1/libcurl 7.88.1" };
  for (const name of ["loki json", "elasticsearch", "splunk", "datadog", "gelf", "clef"] as const) {
    expect([name, (await sendAs(server, name, project.key, Buffer.from("{"), headers)).status]).toEqual([name, 422]);
  }
});

test("Loki takes no timestamp that is a number", async () => {
  const body = Buffer.from('{"streams":[{"stream":{"a":"b"},"values":[[1795451477809000000,"line"]]}]}');
  await expectAnswer(await sendAs(server, "loki json", project.key, body), [
    400,
    "1 entry was refused, entry 0 first: the timestamp must be nanoseconds as digits in a string\n",
  ]);
});

test("a Datadog agent learns whether its key is good", async () => {
  for (const [key, code] of [
    [project.key, 200],
    ["wrong", 403],
  ] as const) {
    expect((await server.api.call("/api/v1/validate", { headers: { "dd-api-key": key } })).status).toBe(code);
  }
});

test("a Datadog agent that tries its way with {} leaves no entry; what its address says is said of each", async () => {
  const own = await server.api.createProject("tries");
  const send = async (address: string, body: string) =>
    (await server.api.call(address, { method: "POST", headers: { "dd-api-key": own.key }, body })).status;
  expect(await send("/api/v2/logs", "{}")).toBe(202);
  const ofAll = "ddtags=env:prod&service=shop&hostname=n1";
  expect(await send(`/api/v2/logs?${ofAll}`, '[{"message":"one"},{"message":"two","service":"own"},{}]')).toBe(202);
  const { entries } = await server.api.query(own.key, { order: "asc" });
  expect(entries.map(({ message, service, tags }) => ({ message, service, tags }))).toEqual([
    { message: "one", service: "shop", tags: { env: "prod", host: "n1" } },
    { message: "two", service: "own", tags: { env: "prod", host: "n1" } },
  ]);
});
