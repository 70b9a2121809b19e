import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LEVELS, type Level } from "#app/core/level.ts";
import { EVERYTHING, type Predicate } from "#app/core/query/predicate.ts";
import { printQuery } from "#app/core/query/print-query.ts";
import type { FoundEntry, TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { COMPACT_AT_ONCE } from "#tests/support/compaction.ts";
import { nsOf } from "#tests/support/entry-multiset.ts";
import { entryArbitrary, predicateArbitrary, type SearchedEntry } from "#tests/support/predicates.ts";
import { matchesReference } from "#tests/support/reference-filter.ts";
import { seededRandom } from "#tests/support/seeded-random.ts";

const QUERIES = 2_000;
/** Asked at a time, since each waits for several processes. */
const AT_ONCE = 4;
const CHUNKS = 60;
const CHUNK_LINES = 40;
/** Each chunk of lines has a time of its own, so that a query can ask for those that were acknowledged before it began. */
const CHUNK_MS = 120_000;
const FIRST_MS = Math.floor(Date.now() / 86_400_000) * 86_400_000 - (CHUNKS * CHUNK_MS) / 2;

let server: ApiServer;
let project: TestProject;
/** What was acknowledged, as the server gave it back at once, ascending, with its time and what a query looks at. */
const known: { entry: FoundEntry; ns: bigint; searched: SearchedEntry }[] = [];
let acknowledged = 0;
const places = { fresh: 0, tier0: 0, tier1: 0, mixed: 0 };

beforeAll(async () => {
  server = await startApiServer({
    env: { BATCH_MAX_ENTRIES: "150", BATCH_MAX_AGE_MS: "700", ...COMPACT_AT_ONCE, COMPACT_INTERVAL_MS: "1000" },
  });
  project = await server.api.createProject("mixed tiers");
});

afterAll(async () => {
  await server.close();
});

const random = seededRandom(5);
const below = (bound: number) => Math.floor(random() * bound);
const pick = <T>(from: readonly T[]): T => from[below(from.length)] as T;

async function sendChunk(chunk: number): Promise<void> {
  const from = FIRST_MS + chunk * CHUNK_MS;
  const lines = fc.sample(entryArbitrary, { numRuns: CHUNK_LINES, seed: chunk }).map(({ tags, ...entry }, i) => {
    const ms = from + Math.floor((i * CHUNK_MS) / CHUNK_LINES / 1_000) * 1_000;
    const fraction = pick(["000", "250", "000001", "123456789", "999999999"]);
    const timestamp = `${new Date(ms).toISOString().slice(0, 19)}.${fraction}Z`;
    // Not by name: `__proto__` is a tag like any other.
    const tagsJson = tags.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",");
    return `${JSON.stringify({ timestamp, ...entry }).slice(0, -1)},"tags":{${tagsJson}}}`;
  });
  const answer = await server.api.ingest(project.key, lines.join("\n"));
  expect({ status: answer.status, body: await answer.json() }).toMatchObject({ status: 202, body: { rejected: 0 } });
  const { entries } = await server.api.query(project.key, { from, to: from + CHUNK_MS, order: "asc", limit: 1_000 });
  expect(entries).toHaveLength(CHUNK_LINES);
  for (const entry of entries) known.push({ entry, ns: nsOf(entry.timestamp), searched: searched(entry) });
  acknowledged = chunk + 1;
}

function searched({ service, level, message, tags }: FoundEntry): SearchedEntry {
  return { service, level: level as Level, message, tags: Object.entries(tags) };
}

const placeless = ({ ref: { id }, ...entry }: FoundEntry) => ({ ...entry, id });

function notePlaces(entries: FoundEntry[]): void {
  const kinds = new Set(
    entries.map(({ ref: { key } }) => (key === null ? "fresh" : key.endsWith(".parquet") ? "tier1" : "tier0")),
  );
  for (const kind of kinds) places[kind]++;
  if (kinds.size === 3) places.mixed++;
}

async function checkPage(asked: object, expected: FoundEntry[]): Promise<void> {
  const order = pick(["asc", "desc"] as const);
  const limit = pick([1, 7, 100, 10_000]);
  const inOrder = order === "asc" ? expected : expected.toReversed();
  const { entries, end } = await server.api.query(project.key, { ...asked, order, limit });
  notePlaces(entries);
  expect({ asked, order, limit, entries: entries.map(placeless) }).toEqual({
    asked,
    order,
    limit,
    entries: inOrder.slice(0, limit).map(placeless),
  });
  expect({ asked, complete: end.complete, isLast: end.cursor === null }).toEqual({
    asked,
    complete: true,
    isLast: expected.length <= limit,
  });
}

async function checkHistogram(asked: object, expected: FoundEntry[]): Promise<void> {
  const answer = await server.api.call("/histogram", {
    method: "POST",
    key: project.key,
    body: JSON.stringify({ ...asked, buckets: 1 }),
  });
  const { total, buckets, complete } = (await answer.json()) as {
    total: number;
    buckets: { counts: Partial<Record<Level, number>> }[];
    complete: boolean;
  };
  const counts = countBy(expected.map(({ level }) => level));
  expect({ asked, total, complete, counts: buckets[0]?.counts }).toEqual({
    asked,
    total: expected.length,
    complete: true,
    counts: Object.fromEntries(LEVELS.flatMap((level) => (counts.has(level) ? [[level, counts.get(level)]] : []))),
  });
}

const FIELDS = ["service", "level", "host", "status", "tags.a:b", "tags.hosT"];

async function checkFacets(asked: object, expected: FoundEntry[]): Promise<void> {
  const answer = await server.api.call("/facets", {
    method: "POST",
    key: project.key,
    body: JSON.stringify({ ...asked, fields: FIELDS, top: 1_000 }),
  });
  const { fields } = (await answer.json()) as {
    fields: { name: string; values: { value: string; count: number }[]; exact: boolean }[];
  };
  const wanted = FIELDS.map((name) => {
    const values = expected.flatMap((entry) => {
      if (name === "service" || name === "level") return [entry[name]];
      const tag = name.replace(/^tags\./, "");
      return Object.hasOwn(entry.tags, tag) ? [entry.tags[tag] as string] : [];
    });
    return { name, counts: countBy(values), exact: true };
  });
  const found = fields.map(({ name, values, exact }) => {
    return { name, exact, counts: new Map(values.map(({ value, count }) => [value, count])) };
  });
  expect({ asked, found }).toEqual({ asked, found: wanted });
}

function countBy(values: string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

test(
  `${QUERIES} random queries answer as a plain filter does while lines are flushed and compacted`,
  { timeout: 300_000 },
  async () => {
    const predicates: Predicate[] = [EVERYTHING, ...fc.sample(predicateArbitrary, { numRuns: QUERIES - 1, seed: 3 })];
    await sendChunk(0);
    let hits = 0;
    const asking: Promise<void>[] = [];
    for (const [i, predicate] of predicates.entries()) {
      // Chunks come in as the queries go on, so that there are batches of every age in each.
      if (acknowledged < CHUNKS && i >= (acknowledged * QUERIES) / CHUNKS) await sendChunk(acknowledged);
      const first = below(acknowledged);
      const from = FIRST_MS + first * CHUNK_MS + (random() < 0.5 ? 0 : below(CHUNK_MS));
      const to = Math.min(FIRST_MS + acknowledged * CHUNK_MS, from + below(acknowledged * CHUNK_MS) + 1);
      const asked = { from, to, query: printQuery(predicate) };
      const [fromNs, toNs] = [BigInt(from) * 1_000_000n, BigInt(to) * 1_000_000n];
      const expected = known
        .filter(({ ns, searched: fields }) => ns >= fromNs && ns < toNs && matchesReference(predicate, fields))
        .map(({ entry }) => entry);
      hits += expected.length > 0 ? 1 : 0;
      const check = pick([checkPage, checkPage, checkPage, checkHistogram, checkFacets]);
      asking.push(check(asked, expected));
      if (asking.length === AT_ONCE) await Promise.all(asking.splice(0));
      if (i % 100 === 0) await sleep(50);
    }
    await Promise.all(asking);
    // Queries that find nothing, or all in one place, would prove little.
    expect(hits).toBeGreaterThan(QUERIES / 3);
    expect(places.tier1).toBeGreaterThan(QUERIES / 10);
    expect(places.tier0).toBeGreaterThan(QUERIES / 100);
    expect(places.fresh).toBeGreaterThan(QUERIES / 100);
    expect(places.mixed).toBeGreaterThan(0);
  },
);
