import { afterAll, beforeAll, expect, test } from "vitest";
import { fold } from "#app/core/fold.ts";
import { normaliseLevel } from "#app/core/level.ts";
import { ALL_TIME, until, type FoundEntry } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { nsOf } from "#tests/support/entry-multiset.ts";
import { startS3FaultProxy, type S3FaultProxy } from "#tests/support/s3-fault-proxy.ts";
import { generateRecords, type SentRecord } from "#tests/support/sample-lines.ts";
import { seededRandom } from "#tests/support/seeded-random.ts";
import { startS3Server, type S3Server } from "#tests/support/s3-server.ts";

const FIRST_MS = Math.floor(Date.now() / 86_400_000) * 86_400_000 - 3_600_000;
const records = generateRecords(3_000, { firstMs: FIRST_MS, spanMs: 5_400_000 });
const QUERIES = 300;

let store: S3Server;
let proxy: S3FaultProxy;
let server: ApiServer;
let key: string;
/** All lines as the server gives them back, ascending: what ids they have is for the server to say. */
let all: FoundEntry[];

beforeAll(async () => {
  store = await startS3Server();
  proxy = await startS3FaultProxy(store.endpoint);
  server = await startApiServer({ store: { ...store, endpoint: proxy.endpoint }, env: { BATCH_MAX_ENTRIES: "400" } });
  ({ key } = await server.api.createProject("property"));
  const bodyOf = (from: number, to: number) =>
    records
      .slice(from, to)
      .map((record) => JSON.stringify(record))
      .join("\n");
  await server.api.commit(key, bodyOf(0, 1_100));
  await server.api.commit(key, bodyOf(1_100, 1_150));
  await proxy.setAway(true);
  // Two batches of 400 that cannot leave the spool, and a rest that stays open.
  await server.api.ingest(key, bodyOf(1_150, 3_000));
  await until("the spool is used", async () => (await server.api.query(key, { limit: 1 })).end.complete);
  all = (await server.api.queryAll(key, { order: "asc" })).entries;
});

afterAll(async () => {
  await proxy.setAway(false);
  await server.close();
  await proxy.close();
  await store.close();
});

interface Asked {
  from: number | string;
  to: number | string;
  service?: string | string[];
  level?: string[];
  tags?: Record<string, string>;
  keyword?: string;
  order: "asc" | "desc";
  limit: number;
}

/** plainFilter is the contract of /query in its simplest form. */
function plainFilter(asked: Asked): FoundEntry[] {
  const boundNs = (bound: number | string) =>
    typeof bound === "number"
      ? BigInt(bound) * 1_000_000n
      : bound.startsWith("now")
        ? BigInt(Date.now() + 172_800_000) * 1_000_000n
        : nsOf(bound);
  const [fromNs, toNs] = [boundNs(asked.from), boundNs(asked.to)];
  const services = typeof asked.service === "string" ? [asked.service] : (asked.service ?? []);
  const levels = (asked.level ?? []).map((spelling) => normaliseLevel(spelling));
  const matches = all.filter(({ timestamp, service, level, message, tags }) => {
    const ns = nsOf(timestamp);
    if (ns < fromNs || ns >= toNs) return false;
    if (services.length > 0 && !services.includes(service)) return false;
    if (levels.length > 0 && !levels.some((wanted) => wanted === level)) return false;
    if (asked.keyword !== undefined && !fold(message).includes(fold(asked.keyword))) return false;
    return Object.entries(asked.tags ?? {}).every(([name, value]) => Object.hasOwn(tags, name) && tags[name] === value);
  });
  return (asked.order === "asc" ? matches : matches.reverse()).slice(0, asked.limit);
}

const random = seededRandom(20_260_102);
const chance = (share: number) => random() < share;
const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;

function randomCase(text: string): string {
  // The fold is what makes two texts equal, so a needle is spelled with letters that fold to the same.
  return [...text]
    .map((letter) => (chance(0.5) && fold(letter.toUpperCase()) === fold(letter) ? letter.toUpperCase() : letter))
    .join("");
}

function randomQuery(): Asked {
  const sample = pick(records);
  const other = pick(records);
  const { message } = sample;
  const start = Math.floor(random() * message.length);
  return {
    from: chance(0.4) ? pick([sample.timestamp, FIRST_MS + Math.floor(random() * 5_400_000)]) : ALL_TIME.from,
    to: chance(0.4) ? pick([other.timestamp, FIRST_MS + Math.floor(random() * 5_400_000)]) : ALL_TIME.to,
    ...(chance(0.3) ? { service: pick([sample.service, [sample.service, other.service], ["none such"]]) } : {}),
    ...(chance(0.3)
      ? { level: pick([["error"], ["warning", "INFO"], ["unknown"], ["trace", "debug", "fatal"], ["V"]]) }
      : {}),
    ...(chance(0.3) ? { tags: randomTags(sample) } : {}),
    ...(chance(0.5)
      ? { keyword: randomCase(message.slice(start, start + 1 + Math.floor(random() * 12)).toWellFormed()) }
      : {}),
    order: pick(["asc", "desc"] as const),
    limit: pick([1, 7, 100, 1_000, 10_000]),
  };
}

function randomTags(sample: SentRecord): Record<string, string> {
  const tags = Object.entries(sample.tags ?? {}).filter(() => chance(0.4));
  if (chance(0.1)) tags.push(["missing", "x"]);
  return Object.fromEntries(tags);
}

test("the lines are fresh, spooled and stored at once, and all are there", () => {
  expect(all).toHaveLength(3_000);
  const stored = all.filter(({ ref }) => ref.key !== null).length;
  expect(stored).toBeGreaterThanOrEqual(800);
  expect(stored).toBeLessThan(1_300);
});

test(`${QUERIES} random queries answer as a plain filter over the same lines does`, { timeout: 120_000 }, async () => {
  let found = 0;
  for (let i = 0; i < QUERIES; i++) {
    const asked = randomQuery();
    const expected = plainFilter(asked);
    const { entries, end } = await server.api.query(key, asked);
    found += expected.length > 0 ? 1 : 0;
    const ids = entries.map(({ ref }) => ref.id);
    if (ids.join() !== expected.map(({ ref }) => ref.id).join()) {
      expect({ asked, found: entries.length }).toEqual({ asked, found: expected.length });
      expect({ asked, ids }).toEqual({ asked, ids: expected.map(({ ref }) => ref.id) });
    }
    expect(end.complete).toBe(true);
    expect(entries[0]).toEqual(expected[0]);
  }
  // Queries that find nothing prove little.
  expect(found).toBeGreaterThan(QUERIES / 4);
});

test.each([
  ["istanbul", "İstanbul"],
  ["ας", "ΑΣ"],
  ["ασ", "ΑΣ"],
  ["\\D", '\\d "q"'],
  [".", "99.5%"],
  ["99.5%", "99.5%"],
  ["err_42", "ERR_42"],
  ['"Q"', '\\d "q"'],
  ["\ttab", "\tTab"],
  ["😀", "😀"],
])("the keyword %j is literal text regardless of case as the fold table has it, near %j", async (keyword, word) => {
  const { entries } = await server.api.query(key, { keyword, limit: 10_000, order: "asc" });
  const expected = all.filter(({ message }) => fold(message).includes(fold(keyword)));
  expect(entries.map(({ ref }) => ref.id)).toEqual(expected.map(({ ref }) => ref.id));
  if (fold(word).includes(fold(keyword))) expect(expected.length).toBeGreaterThan(0);
});
