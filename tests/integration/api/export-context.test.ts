import { request as httpRequest, type IncomingMessage } from "node:http";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { decompress } from "zstd-napi";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { FoundEntry, QueryEnd } from "#tests/support/api-client.ts";
import { filterPlainly, startMixedServer, type MixedServer } from "#tests/support/mixed-server.ts";
import { seededRandom } from "#tests/support/seeded-random.ts";

let mixed: MixedServer;

beforeAll(async () => {
  mixed = await startMixedServer();
});

afterAll(async () => {
  await mixed.close();
  await rm(otherDataDirectory(), { recursive: true, force: true });
});

function otherDataDirectory(): string {
  return `${mixed.server.dataDirectory}-other`;
}

/** exportRaw asks without fetch, which would undo the encoding by itself. */
async function exportRaw(parameters: Record<string, string | string[]>, headers: Record<string, string> = {}) {
  const url = new URL(`${mixed.server.process().url}/export`);
  for (const [name, values] of Object.entries(parameters)) {
    for (const value of [values].flat()) url.searchParams.append(name, value);
  }
  const asked = httpRequest(url, { headers: { "x-api-key": mixed.project.key, ...headers } });
  asked.end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return { status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks) };
}

function readNdjson(body: Buffer): { entries: FoundEntry[]; end: QueryEnd } {
  const lines = body.toString().trimEnd().split("\n");
  const { end } = JSON.parse(lines.pop() ?? "") as { end: QueryEnd };
  return { entries: lines.map((line) => (JSON.parse(line) as { entry: FoundEntry }).entry), end };
}

/** A reader of RFC 4180 of the test's own. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const match of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    row.push(match[1] === undefined ? (match[2] ?? "") : match[1].replaceAll('""', '"'));
    if (match[3] === ",") continue;
    rows.push(row);
    row = [];
  }
  return rows;
}

const random = seededRandom(4);
const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;

test("60 exports agree with a plain filter over the same lines", async () => {
  const fromMs = mixed.firstMs;
  for (let i = 0; i < 60; i++) {
    const order = pick(["asc", "desc"]);
    const limit = pick([undefined, undefined, 1, 250, 2_999, 3_000]);
    const from = fromMs + pick([0, 1_000_001, 3_333_333]);
    const body: Record<string, unknown> = { from, to: fromMs + pick([2_000_000, 9_000_000]) };
    const parameters: Record<string, string | string[]> = { from: String(from), to: String(body["to"]), order };
    if (random() < 0.4)
      parameters["query"] = body["query"] = pick(["failed OR pay", "-host:n1", "level:>=warn"]) as never;
    if (random() < 0.3) parameters["service"] = body["service"] = ["shop", "pay"] as never;
    if (random() < 0.3) {
      body["tags"] = { host: "n2" };
      parameters["tags.host"] = "n2";
    }
    if (limit !== undefined) parameters["limit"] = String(limit);
    const format = pick(["ndjson", "csv"]);
    const encoding = pick(["", "gzip", "zstd", "br, zstd;q=0, gzip;q=0.5", "identity"]);
    const found = await exportRaw({ ...parameters, format }, { "accept-encoding": encoding });
    const expectedEncoding = encoding === "zstd" ? "zstd" : encoding.includes("gzip") ? "gzip" : undefined;
    expect([found.status, found.headers["content-encoding"]]).toEqual([200, expectedEncoding]);
    const plain =
      expectedEncoding === "zstd"
        ? decompress(found.body)
        : expectedEncoding === "gzip"
          ? gunzipSync(found.body)
          : found.body;
    const matches = filterPlainly(mixed.all, body);
    const expected = (order === "asc" ? matches : matches.reverse()).slice(0, limit);
    if (format === "ndjson") {
      const { entries, end } = readNdjson(plain);
      expect(entries.map(({ ref }) => ref.id)).toEqual(expected.map(({ ref }) => ref.id));
      expect(entries[0]).toEqual(expected[0]);
      expect(end).toMatchObject({ complete: true, matched: expected.length });
      expect(end.cursor === null).toBe(limit === undefined || limit >= matches.length);
    } else {
      const rows = readCsv(plain.toString());
      expect(rows.shift()).toEqual(["timestamp", "service", "level", "message", "tags", "id"]);
      expect(rows.pop()).toEqual([`# end complete=true matched=${expected.length}`]);
      expect(rows.map((row) => row.at(-1))).toEqual(expected.map(({ ref }) => ref.id));
      if (expected[0] !== undefined) {
        const { timestamp, service, level, message, tags, ref } = expected[0];
        const guarded = /^[=+\-@\t]/.test(message) ? `'${message}` : message;
        expect(rows[0]?.slice(0, 4)).toEqual([timestamp, service, level, guarded]);
        expect([JSON.parse(rows[0]?.[4] ?? ""), rows[0]?.[5]]).toEqual([tags, ref.id]);
      }
    }
  }
});

test("an export of more than a page goes through all pages, and on from its cursor", async () => {
  const { key } = await mixed.server.api.createProject("large");
  const lines = Array.from({ length: 25_000 }, (_, i) => JSON.stringify({ message: `line ${i}`, service: "bulk" }));
  await mixed.server.api.ingest(key, lines.join("\n"));
  const ask = async (more: string) => {
    const answer = await mixed.server.api.call(`/export?from=0&to=now%2B1d&order=asc&limit=21000${more}`, { key });
    return readNdjson(Buffer.from(await answer.arrayBuffer()));
  };
  const first = await ask("");
  expect(first.end).toMatchObject({ complete: true, matched: 21_000 });
  const rest = await ask(`&cursor=${first.end.cursor}`);
  expect(rest.end).toMatchObject({ complete: true, matched: 4_000, cursor: null });
  const ids = [...first.entries, ...rest.entries].map(({ ref }) => ref.id);
  expect([ids.length, new Set(ids).size]).toEqual([25_000, 25_000]);
});

test("a cell that a spreadsheet would run begins with an apostrophe", async () => {
  const { key } = await mixed.server.api.createProject("formulas");
  const messages = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\r\nx", "＝1", 'plain "quoted", text', "a\nb"];
  await mixed.server.api.ingest(
    key,
    messages
      .map((message, i) => JSON.stringify({ timestamp: Date.now() + i, message, service: `${message[0]}s` }))
      .join("\n"),
  );
  const answer = await mixed.server.api.call("/export?format=csv&order=asc&to=now%2B1h", { key });
  expect(answer.headers.get("content-type")).toBe("text/csv; charset=utf-8");
  const rows = readCsv(await answer.text()).slice(1, -1);
  expect(rows.map((row) => row[3])).toEqual([...messages.slice(0, 7).map((text) => `'${text}`), ...messages.slice(7)]);
});

test("an export that the store cuts short says so in its last line", async () => {
  // Another process has neither spool nor cache, so the stored objects are out of its reach while the store is away.
  await mixed.server.restart({ env: { DATA_DIR: otherDataDirectory() } });
  const { body } = await exportRaw({ from: "0", to: "now+2d", query: "failed" });
  expect(readNdjson(body).end).toMatchObject({ complete: false, reason: "unreachable" });
  const csv = await exportRaw({ from: "0", to: "now+2d", query: "failed", format: "csv" });
  expect(readCsv(csv.body.toString()).at(-1)?.[0]).toMatch(/^# end complete=false matched=\d+ reason=unreachable$/);
  await mixed.server.restart({ env: { DATA_DIR: mixed.server.dataDirectory } });
});

test.each([
  "format=xml",
  "limit=0",
  "limit=-1",
  "limit=x",
  "nosuch=1",
  "query=(a",
  "from=soon",
  "from=0&from=1",
  "cursor=x",
])("/export?%s is a 400", async (parameters) => {
  const answer = await mixed.server.api.call(`/export?${parameters}`, { key: mixed.project.key });
  expect([answer.status, answer.headers.get("content-type")]).toEqual([400, "application/problem+json"]);
});

interface Context {
  entries: FoundEntry[];
  index: number;
  complete: boolean;
}

async function context(body: object): Promise<Context> {
  const answer = await mixed.server.api.call("/context", {
    method: "POST",
    key: mixed.project.key,
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${answer.status} ${text}`);
  return JSON.parse(text) as Context;
}

test("the lines around any line are its neighbours in the total order", async () => {
  for (let i = 0; i < 60; i++) {
    const line = pick(mixed.all);
    const [before, after] = [pick([0, 1, 7, 60]), pick([0, 1, 9, 60])];
    const fields = pick([[], ["service"], ["service", "host"], ["level", "tags.__proto__"], ["nowhere"]]);
    const hint = pick([{}, { timestamp: line.timestamp }, { timestamp: "2026-01-01T00:00:00Z" }]);
    const same = mixed.all.filter((entry) =>
      fields.every((name) => {
        const key = name.replace(/^tags\./, "");
        if (name === "service" || name === "level") return entry[name] === line[name];
        return !Object.hasOwn(line.tags, key) || entry.tags[key] === line.tags[key];
      }),
    );
    const place = same.indexOf(line);
    const expected = same.slice(Math.max(0, place - before), place + after + 1);
    const found = await context({ id: line.ref.id, before, after, fields, ...hint });
    expect(found.entries.map(({ ref }) => ref.id)).toEqual(expected.map(({ ref }) => ref.id));
    expect([found.index, found.complete]).toEqual([Math.min(before, place), true]);
    expect(found.entries[found.index]).toEqual(line);
  }
});

test("a line that is not there, or is no line's id, is a 404; a wrong body is a 400", async () => {
  const { id } = (mixed.all[0] as FoundEntry).ref;
  const post = (body: string) => mixed.server.api.call("/context", { method: "POST", key: mixed.project.key, body });
  for (const wrong of [
    "x",
    id.slice(0, -1),
    `${id.slice(0, -5)}zzzzz`,
    id.replace(/^./, (c) => (c === "0" ? "1" : "0")),
  ])
    expect([wrong, (await post(JSON.stringify({ id: wrong }))).status]).toEqual([wrong, 404]);
  for (const body of ["{}", '{"id":1}', `{"id":"${id}","before":-1}`, `{"id":"${id}","after":1001}`])
    expect([body, (await post(body)).status]).toEqual([body, 400]);
});
