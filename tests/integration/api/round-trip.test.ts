import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { compress } from "zstd-napi";
import { afterAll, beforeAll, expect, test } from "vitest";
import { API_ENV, apiClient, type AnswerFormat, type TestProject } from "#tests/support/api-client.ts";
import { differenceOf, expectedOf, multisetOf } from "#tests/support/entry-multiset.ts";
import {
  generateRecords,
  parseLines,
  sampleBody,
  sampleIsMissing,
  type SentRecord,
} from "#tests/support/sample-lines.ts";
import { startServer, type TestServer } from "#tests/support/server.ts";

const body = sampleBody();
const records = parseLines<SentRecord>(body);
const expected = multisetOf(records.map(expectedOf));
const arrayBody = Buffer.from(`[${body.toString().trimEnd().split("\n").join(",\n")}]`);

interface Packing {
  name: string;
  requests: () => { body: Buffer; encoding?: string }[];
}

const PACKINGS: Packing[] = [
  { name: "NDJSON", requests: () => [{ body }] },
  { name: "a JSON array", requests: () => [{ body: arrayBody }] },
  { name: "concatenated and single objects", requests: () => pieces() },
  { name: "gzip", requests: () => [{ body: gzipSync(body), encoding: "gzip" }] },
  { name: "zstd", requests: () => [{ body: compress(body), encoding: "zstd" }] },
  { name: "deflate with its zlib header", requests: () => [{ body: deflateSync(arrayBody), encoding: "deflate" }] },
  { name: "deflate without it", requests: () => [{ body: deflateRawSync(body), encoding: "deflate" }] },
];

/** 320 requests of 99 objects without anything between them, and 320 of one object. */
function pieces(): { body: Buffer }[] {
  const lines = body.toString().trimEnd().split("\n");
  const requests: { body: Buffer }[] = [];
  for (let at = 0; at < lines.length; at += 100) {
    requests.push({ body: Buffer.from(lines.slice(at, at + 99).join("")) });
    if (at + 99 < lines.length) requests.push({ body: Buffer.from(lines[at + 99] as string) });
  }
  return requests;
}

const FORMATS: AnswerFormat[] = ["application/x-ndjson", "text/event-stream", "application/json"];

let dataDirectory: string;
let server: TestServer;
const api = apiClient(() => server);
const projects = new Map<string, TestProject>();

// One batch takes all of a project, so that nothing is sealed before it is asked for.
const env = {
  ...API_ENV,
  BATCH_MAX_AGE_MS: "3600000",
  BATCH_MAX_ENTRIES: "1000000",
  BATCH_MAX_BYTES: "100000000",
  BUFFER_MAX_BYTES: "500000000",
};

beforeAll(async () => {
  dataDirectory = await mkdtemp(path.join(tmpdir(), "akavelog-round-trip-"));
  server = await startServer({ dataDirectory, env });
});

afterAll(async () => {
  await server.stop();
  await rm(dataDirectory, { recursive: true, force: true });
});

function projectOf(packing: Packing): TestProject {
  const project = projects.get(packing.name);
  if (project === undefined) throw new Error(`nothing was sent as ${packing.name}`);
  return project;
}

async function differences(packing: Packing, format: AnswerFormat, isFresh: boolean): Promise<string[]> {
  const { entries, end } = await api.queryAll(projectOf(packing).key, { order: "asc" }, format);
  expect(end).toMatchObject({ complete: true, cursor: null });
  expect(entries.every(({ ref }) => (ref.key === null) === isFresh && (ref.batch === null) === isFresh)).toBe(true);
  expect(new Set(entries.map(({ ref }) => ref.id)).size).toBe(entries.length);
  return differenceOf(multisetOf(entries), expected);
}

test.skipIf(sampleIsMissing === null)(`generated lines stand in for the sample: ${sampleIsMissing}`, () => {
  expect(records).toHaveLength(32_000);
});

test.each(PACKINGS)("32,000 lines sent as $name are all acknowledged and found at once", async (packing) => {
  const project = await api.createProject(packing.name);
  projects.set(packing.name, project);
  let accepted = 0;
  for (const request of packing.requests()) {
    const { encoding } = request;
    const answer = await api.ingest(project.key, request.body, encoding === undefined ? {} : { encoding });
    expect(answer.status).toBe(202);
    accepted += ((await answer.json()) as { accepted: number }).accepted;
  }
  expect(accepted).toBe(32_000);
  expect((await differences(packing, "application/x-ndjson", true)).slice(0, 3)).toEqual([]);
});

const MARKER = "the line that asks for the commit";

test.each(PACKINGS.map((packing, i) => ({ ...packing, format: FORMATS[i % FORMATS.length] as AnswerFormat })))(
  "sent as $name they come back the same after wait=commit, as $format",
  async ({ format, ...packing }) => {
    const { key } = projectOf(packing);
    const { timestamp } = records[0] as SentRecord;
    const { batches } = await api.commit(key, JSON.stringify({ timestamp, message: MARKER }));
    expect(batches?.every((objectKey) => objectKey.endsWith(".ndjson.zst"))).toBe(true);
    expectOnlyMarker(await differences(packing, format, false));
  },
);

function expectOnlyMarker(found: string[]): void {
  expect(found).toEqual([expect.stringMatching(`^expected 0, found 1: .*${MARKER}`)]);
}

test("after a restart the lines are still the same", async () => {
  expect(await server.stop()).toBe(0);
  server = await startServer({ dataDirectory, env });
  for (const packing of PACKINGS.slice(0, 3)) {
    expectOnlyMarker(await differences(packing, "application/x-ndjson", false));
  }
});

test("generated lines with escapes, other alphabets and every fraction come back the same, fresh and stored", async () => {
  const odd = generateRecords(5_000);
  const { key } = await api.createProject("generated");
  const answer = await api.ingest(key, odd.map((record) => JSON.stringify(record)).join("\n"));
  expect(await answer.json()).toEqual({ accepted: 5_000, rejected: 0, errors: [] });
  const wanted = multisetOf(odd.map(expectedOf));
  expect(differenceOf(multisetOf((await api.queryAll(key)).entries), wanted).slice(0, 3)).toEqual([]);
  const again = odd.map((record) => JSON.stringify(record));
  await api.commit(key, `[${again.join(",")}]`);
  const twice = new Map([...wanted].map(([text, count]) => [text, 2 * count]));
  const stored = await api.queryAll(key, { order: "desc" });
  expect(differenceOf(multisetOf(stored.entries), twice).slice(0, 3)).toEqual([]);
  expect(stored.entries.every(({ ref }) => ref.key !== null)).toBe(true);
});
