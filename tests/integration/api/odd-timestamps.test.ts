import { afterAll, beforeAll, expect, test } from "vitest";
import type { TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";

let server: ApiServer;
let project: TestProject;

beforeAll(async () => {
  server = await startApiServer();
  project = await server.api.createProject("times");
});

afterAll(() => server.close());

const DAY_MS = 86_400_000;
const GOOD = '{"timestamp":"2026-01-02T00:00:00Z","message":"a good neighbour"}';

/** The JSON text of a timestamp, and what comes back; null when its record is refused. */
const TIMES: [json: string, found: string | null][] = [
  ['"2026-01-02T03:04:05Z"', "2026-01-02T03:04:05.000Z"],
  ['"2026-01-02T03:04:05.1Z"', "2026-01-02T03:04:05.100Z"],
  ['"2026-01-02T03:04:05.1234Z"', "2026-01-02T03:04:05.123400Z"],
  ['"2026-01-02T03:04:05.123456789Z"', "2026-01-02T03:04:05.123456789Z"],
  ['"2026-01-02T03:04:05.1234567899999Z"', "2026-01-02T03:04:05.123456789Z"],
  ['"2026-01-02T03:04:05.120000000Z"', "2026-01-02T03:04:05.120Z"],
  ['"2026-01-02T03:04:05,5Z"', "2026-01-02T03:04:05.500Z"],
  ['"2026-01-02t03:04:05z"', "2026-01-02T03:04:05.000Z"],
  ['"2026-01-02 03:04:05"', "2026-01-02T03:04:05.000Z"],
  ['"2026-01-02T03:04:05"', "2026-01-02T03:04:05.000Z"],
  ['"2026-01-02T03:04:05+05:30"', "2026-01-01T21:34:05.000Z"],
  ['"2026-01-02T03:04:05-0800"', "2026-01-02T11:04:05.000Z"],
  ['"2016-12-31T23:59:60Z"', "2016-12-31T23:59:59.999999999Z"],
  ['"2016-12-31T23:59:60.5Z"', "2016-12-31T23:59:59.999999999Z"],
  ['"2024-02-29T00:00:00Z"', "2024-02-29T00:00:00.000Z"],
  ['"1970-01-01T00:00:00Z"', "1970-01-01T00:00:00.000Z"],
  ["0", "1970-01-01T00:00:00.000Z"],
  ["1767323045", "2026-01-02T03:04:05.000Z"],
  ["99999999999", null],
  ["1767323045.123456789", "2026-01-02T03:04:05.123456789Z"],
  ["1767323045123", "2026-01-02T03:04:05.123Z"],
  ["1767323045123.456", "2026-01-02T03:04:05.123456Z"],
  ["100000000000", "1973-03-03T09:46:40.000Z"],
  ["1767323045123456", "2026-01-02T03:04:05.123456Z"],
  ["100000000000000", "1973-03-03T09:46:40.000Z"],
  ["1767323045123456789", "2026-01-02T03:04:05.123456789Z"],
  ["100000000000000000", "1973-03-03T09:46:40.000Z"],
  ['"1767323045123456789"', "2026-01-02T03:04:05.123456789Z"],
  ['"1767323045.5"', "2026-01-02T03:04:05.500Z"],
  ["1.767323045e9", "2026-01-02T03:04:05.000Z"],
  ["1.7673230451234e+12", "2026-01-02T03:04:05.123400Z"],
  ["17673230451e-1", "2026-01-02T03:04:05.100Z"],
  ['"1969-12-31T23:59:59.999Z"', null],
  ['"1970-01-01T00:00:00+00:01"', null],
  ["-1", null],
  ["-0.000000001", null],
  ['"2262-04-12T00:00:00Z"', null],
  ['"9999-12-31T23:59:59Z"', null],
  ["12345678901234567890", null],
  ["123456789012345678901", null],
  ["1e400", null],
  ["1e-400", "1970-01-01T00:00:00.000Z"],
  ['"yesterday"', null],
  ['""', null],
  ['"2026-02-30T00:00:00Z"', null],
  ['"2025-02-29T00:00:00Z"', null],
  ['"2026-13-01T00:00:00Z"', null],
  ['"2026-01-02T24:00:00Z"', null],
  ['"2026-01-02T03:60:00Z"', null],
  ['"2026-01-02T03:04:61Z"', null],
  ['"2026-01-02T03:04:05.Z"', null],
  ['"2026-01-02T03:04:05+99:00"', null],
  [`"${"1".repeat(10_000)}"`, null],
  ["true", null],
  ["{}", null],
  ["[1767323045]", null],
];

test("every spelling of a time is kept to the nanosecond or its record refused by itself", async () => {
  const lines = TIMES.flatMap(([json], i) => [`{"timestamp":${json},"message":"time ${i}"}`, GOOD]);
  const answer = await server.api.commit(project.key, lines.join("\n"));
  const refused = TIMES.flatMap(([, found], i) => (found === null ? [2 * i] : []));
  expect(answer.errors.map(({ index }) => index)).toEqual(refused);
  expect(answer).toMatchObject({ accepted: lines.length - refused.length, rejected: refused.length });
  for (const { reason } of answer.errors) expect(reason).toMatch(/^timestamp /);

  const { entries } = await server.api.queryAll(project.key);
  const found = new Map(entries.map(({ message, timestamp }) => [message, timestamp]));
  const results = TIMES.map(([json], i) => [json, found.get(`time ${i}`) ?? null]);
  expect(results).toEqual(TIMES);
  expect(entries.filter(({ message }) => message === "a good neighbour")).toHaveLength(TIMES.length);
});

test("a missing or null time is the time of receipt", async () => {
  const { key } = await server.api.createProject("missing");
  const before = Date.now();
  await server.api.commit(key, '{"message":"none"}{"timestamp":null,"message":"null"}');
  const { entries } = await server.api.queryAll(key);
  expect(entries).toHaveLength(2);
  for (const { timestamp } of entries) {
    expect(Date.parse(timestamp)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(timestamp)).toBeLessThanOrEqual(Date.now());
  }
});

test("up to a day ahead is accepted, more is refused; late and out of order is always fine", async () => {
  const { key } = await server.api.createProject("order");
  const now = Date.now();
  const times = [
    now + DAY_MS - 60_000,
    now + DAY_MS + 60_000,
    now - 400 * DAY_MS,
    86_400_000,
    now,
    now - DAY_MS,
    now - 2,
  ];
  const answer = await server.api.commit(key, times.map((ms) => `{"timestamp":${ms},"message":"${ms}"}`).join("\n"));
  expect(answer.errors).toEqual([{ index: 1, reason: "timestamp lies more than a day in the future" }]);
  const { entries } = await server.api.queryAll(key, { order: "asc" });
  const kept = times.filter((_, i) => i !== 1).sort((a, b) => a - b);
  expect(entries.map(({ message }) => Number(message))).toEqual(kept);
});

test("the synonyms of timestamp are understood, the contract's own name first", async () => {
  const { key } = await server.api.createProject("synonyms");
  const body = ["@timestamp", "time", "ts"].map((name) => `{"${name}":"2026-01-02T03:04:05Z","message":"${name}"}`);
  body.push('{"ts":1,"timestamp":"2026-01-02T03:04:05Z","message":"both"}');
  await server.api.commit(key, body.join(""));
  const { entries } = await server.api.queryAll(key);
  expect(entries.map(({ timestamp }) => timestamp)).toEqual(Array(4).fill("2026-01-02T03:04:05.000Z"));
  expect(entries.find(({ message }) => message === "both")?.tags).toEqual({ ts: "1" });
});
