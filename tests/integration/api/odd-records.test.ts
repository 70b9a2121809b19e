import { afterAll, beforeAll, expect, test } from "vitest";
import type { FoundEntry, TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";

let server: ApiServer;

beforeAll(async () => {
  server = await startApiServer();
});

afterAll(() => server.close());

type Part = string | Buffer;
type Expected = Partial<Pick<FoundEntry, "service" | "level" | "levelOriginal" | "message" | "tags">>;

interface OddRecord {
  name: string;
  sent: Part;
  /** What comes back; a pattern is the reason of its refusal. */
  becomes: Expected | RegExp;
}

const nested = (depth: number) => `{"message":"m","t":${'{"a":'.repeat(depth - 2)}{"a":1}${"}".repeat(depth - 2)}}`;
const arrays = (depth: number) => `{"message":"m","t":${"[".repeat(depth - 1)}1${"]".repeat(depth - 1)}}`;
const tagged = (count: number) => JSON.stringify({ message: "m", tags: Object.fromEntries(numbered(count)) });
const numbered = (count: number) => Array.from({ length: count }, (_, i) => [`k${i}`, "v"]);
const bytes = (before: string, odd: number[], after: string) =>
  Buffer.concat([Buffer.from(before), Buffer.from(odd), Buffer.from(after)]);
const TOO_DEEP = /^nested deeper than 32$/;

const RECORDS: OddRecord[] = [
  {
    name: "an escaped NUL",
    sent: '{"message":"a\\u0000b","tags":{"t":"\\u0000"}}',
    becomes: { message: "a\0b", tags: { t: "\0" } },
  },
  { name: "a raw NUL in a string", sent: bytes('{"message":"a', [0], 'b"}'), becomes: /control character/ },
  {
    name: "an escaped lone surrogate",
    sent: '{"message":"\\ud800 x \\udc00","tags":{"\\ud800":"\\udfff"}}',
    becomes: { message: "\ufffd x \ufffd", tags: { "\ufffd": "\ufffd" } },
  },
  { name: "a surrogate pair", sent: '{"message":"\\ud83d\\ude00"}', becomes: { message: "😀" } },
  {
    name: "a surrogate as raw bytes",
    sent: bytes('{"message":"', [0xed, 0xa0, 0x80], '"}'),
    becomes: { message: "\ufffd\ufffd\ufffd" },
  },
  {
    name: "invalid UTF-8",
    sent: bytes('{"message":"', [0x61, 0xff, 0xc3, 0x28, 0xe2, 0x82], 'z","tags":{"é":"ü"}}'),
    becomes: { message: "a\ufffd\ufffd(\ufffdz", tags: { é: "ü" } },
  },
  {
    name: "names of Object's properties",
    sent: '{"message":"m","__proto__":"a","tags":{"constructor":"b","hasOwnProperty":"c","toString":"d"}}',
    becomes: {
      tags: JSON.parse('{"__proto__":"a","constructor":"b","hasOwnProperty":"c","toString":"d"}') as Record<
        string,
        string
      >,
    },
  },
  {
    name: "a nested __proto__",
    sent: '{"message":"m","__proto__":{"polluted":true},"tags":{"__proto__":"x"}}',
    becomes: { tags: JSON.parse('{"__proto__.polluted":"true","__proto__":"x"}') as Record<string, string> },
  },
  {
    name: "numbers of many digits",
    sent: '{"message":"m","n":12345678901234567890,"tags":{"big":123456789012345678901,"e":1.50e10,"z":-0}}',
    becomes: { tags: { n: "12345678901234567890", big: "123456789012345678901", e: "1.50e10", z: "-0" } },
  },
  {
    name: "duplicate keys",
    sent: '{"message":"first","message":"last","tags":{"a":"1","a":"2"}}',
    becomes: { message: "last", tags: { a: "2" } },
  },
  {
    name: "duplicate tags objects",
    sent: '{"message":"m","tags":{"a":"1"},"tags":{"b":"2"}}',
    becomes: { tags: { b: "2" } },
  },
  {
    name: "tags over top level, dotted over nested",
    sent: '{"message":"m","a":"top","a.b":"dotted","x":{"y":"nested"},"tags":{"a":"tag","x":{"y":"in tags"},"x.y":"explicit"}}',
    becomes: { tags: { a: "tag", "a.b": "dotted", "x.y": "explicit" } },
  },
  {
    name: "values that are no strings",
    sent: '{"message":"m","tags":{"t":true,"n":1,"a":[1, {"b":2}],"z":null,"o":{},"d":{"e":{"f":"g"}}}}',
    becomes: { tags: { t: "true", n: "1", a: '[1, {"b":2}]', "d.e.f": "g" } },
  },
  {
    name: "no message",
    sent: '{"a":1,"b":"two"}',
    becomes: { message: '{"a":1,"b":"two"}', tags: { a: "1", b: "two" } },
  },
  { name: "a message that is no string", sent: '{"message":{"a":[1,2]}}', becomes: { message: '{"a":[1,2]}' } },
  { name: "an empty object", sent: "{}", becomes: { message: "{}", service: "unknown", level: "unknown", tags: {} } },
  {
    name: "levels of pino and syslog",
    sent: '{"level":50,"message":"m"}{"level":"3","message":"m"}',
    becomes: { level: "error", levelOriginal: "50" },
  },
  {
    name: "control characters in names",
    sent: '{"message":"m","service":"a\\u001bb","tags":{"k\\u0000\\n":"v"}}',
    becomes: { service: "a\ufffdb", tags: { "k\ufffd\ufffd": "v" } },
  },
  { name: "an object 32 deep", sent: nested(32), becomes: { tags: { [`t${".a".repeat(31)}`]: "1" } } },
  { name: "an object 33 deep", sent: nested(33), becomes: TOO_DEEP },
  { name: "an array 32 deep", sent: arrays(32), becomes: { tags: { t: `${"[".repeat(31)}1${"]".repeat(31)}` } } },
  { name: "an array 33 deep", sent: arrays(33), becomes: TOO_DEEP },
  { name: "1,000 deep", sent: nested(1_000), becomes: TOO_DEEP },
  { name: "100,000 deep", sent: arrays(100_000), becomes: TOO_DEEP },
  {
    name: "100,000 deep and never closed",
    sent: '{"message":"m","t":'.padEnd(100_000, "["),
    becomes: /not valid JSON|nested deeper/,
  },
  { name: "256 tags", sent: tagged(256), becomes: { message: "m" } },
  { name: "257 tags", sent: tagged(257), becomes: /^more than 256 tags$/ },
  {
    name: "a key of 256 bytes",
    sent: JSON.stringify({ message: "m", ["é".repeat(128)]: "v" }),
    becomes: { tags: { ["é".repeat(128)]: "v" } },
  },
  {
    name: "a key of 257 bytes",
    sent: JSON.stringify({ message: "m", [`${"é".repeat(128)}x`]: "v" }),
    becomes: /^a tag key is longer than 256 bytes$/,
  },
  {
    name: "a service of 300 bytes",
    sent: JSON.stringify({ message: "m", service: "é".repeat(150) }),
    becomes: { service: "é".repeat(128), tags: { truncated: "true" } },
  },
  {
    name: "a message of 1 MiB",
    sent: JSON.stringify({ message: "x".repeat(1_048_576) }),
    becomes: { message: "x".repeat(1_048_576), tags: {} },
  },
  {
    name: "a message of 3 MiB",
    sent: JSON.stringify({ message: `x${"€".repeat(1_048_576)}` }),
    becomes: { message: `x${"€".repeat(349_525)}`, tags: { truncated: "true" } },
  },
  { name: "a string", sent: '"text"', becomes: /^a record must be a JSON object, this is a string$/ },
  { name: "a number", sent: "12", becomes: /this is a number$/ },
  { name: "null", sent: "null", becomes: /this is null$/ },
  { name: "a record cut in the middle of a string", sent: '{"message":"cut he', becomes: /not valid JSON/ },
  { name: "a record cut behind a value", sent: '{"message":"m","tags":{"a":"b"}', becomes: /not valid JSON/ },
  { name: "a record cut behind a comma", sent: '{"message":"m",', becomes: /not valid JSON/ },
  { name: "text", sent: "Jan  1 00:00:00 host sshd[1]: hello", becomes: /not valid JSON/ },
  { name: "a wrong escape", sent: '{"message":"\\x41"}', becomes: /no such escape/ },
  { name: "a leading zero", sent: '{"message":"m","n":012}', becomes: /not valid JSON/ },
  { name: "single quotes", sent: "{'message':'m'}", becomes: /not valid JSON/ },
];

const GOOD = '{"message":"a good neighbour","service":"good"}';

test.each(RECORDS)(
  "$name is answered as the contract says and its neighbours are committed",
  async ({ sent, becomes }) => {
    const project = await server.api.createProject("odd");
    const body = Buffer.concat([Buffer.from(`${GOOD}\n\n`), Buffer.from(sent), Buffer.from(`\n${GOOD}\n${GOOD}`)]);
    const answer = await server.api.commit(project.key, body);
    const { entries } = await server.api.queryAll(project.key, { order: "asc" });
    expect(entries.filter(({ service }) => service === "good")).toHaveLength(3);
    expect(entries.every(({ ref }) => ref.key !== null)).toBe(true);
    if (becomes instanceof RegExp) {
      expect(answer.errors).toEqual([{ index: 1, reason: expect.stringMatching(becomes) as string }]);
      expect(answer).toMatchObject({ accepted: 3, rejected: 1 });
      expect(entries).toHaveLength(3);
      return;
    }
    expect(answer.errors).toEqual([]);
    const [odd] = entries.filter(({ service }) => service !== "good");
    const { message, tags, ...rest } = becomes;
    expect(odd).toMatchObject(rest);
    if (message !== undefined) expect(odd?.message === message).toBe(true);
    if (tags !== undefined) expect(sortedTags(odd?.tags ?? {})).toEqual(sortedTags(tags));
  },
);

test("a record as it is found can be sent again and stays the same", async () => {
  const project = await server.api.createProject("twice");
  const records = RECORDS.filter(
    ({ becomes, sent }) => !(becomes instanceof RegExp) && typeof sent === "string" && sent.length < 9_999,
  );
  await server.api.commit(project.key, records.map(({ sent }) => sent as string).join("\n"));
  const first = await server.api.queryAll(project.key, { order: "asc" });
  const again: TestProject = await server.api.createProject("again");
  const lines = first.entries.map((entry) =>
    JSON.stringify({ ...entry, ref: undefined, levelOriginal: undefined, level: entry.levelOriginal ?? entry.level }),
  );
  await server.api.commit(again.key, lines.join("\n"));
  const second = await server.api.queryAll(again.key, { order: "asc" });
  const withoutRef = (entry: FoundEntry) => JSON.stringify({ ...entry, ref: undefined });
  expect(second.entries.map(withoutRef)).toEqual(first.entries.map(withoutRef));
});

/** toEqual does not look at keys like `__proto__`, so tags are compared as a list. */
function sortedTags(tags: Record<string, string>): [string, string][] {
  return Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1));
}
