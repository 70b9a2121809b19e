import { afterAll, beforeAll, expect, test } from "vitest";
import type { FoundEntry } from "#tests/support/api-client.ts";
import { nsOf } from "#tests/support/entry-multiset.ts";
import { filterPlainly, startMixedServer, type MixedServer } from "#tests/support/mixed-server.ts";
import { seededRandom } from "#tests/support/seeded-random.ts";

interface Histogram {
  interval: string;
  from: string;
  to: string;
  total: number;
  buckets: { start: string; counts: Record<string, number> }[];
  complete: boolean;
}

interface Facets {
  fields: { name: string; values: { value: string; count: number }[]; distinct: number; exact: boolean }[];
  complete: boolean;
}

let mixed: MixedServer;

beforeAll(async () => {
  mixed = await startMixedServer();
});

afterAll(() => mixed.close());

async function read<T>(path: string, body: object): Promise<T> {
  const answer = await mixed.server.api.call(path, {
    method: "POST",
    key: mixed.project.key,
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${path} answers ${answer.status} ${text}`);
  return JSON.parse(text) as T;
}

const INTERVAL_MS: Record<string, number> = {
  "1s": 1_000,
  "5s": 5_000,
  "10s": 10_000,
  "30s": 30_000,
  "1m": 60_000,
  "5m": 300_000,
  "10m": 600_000,
  "30m": 1_800_000,
  "1h": 3_600_000,
  "3h": 10_800_000,
  "6h": 21_600_000,
  "12h": 43_200_000,
  "1d": 86_400_000,
  "7d": 604_800_000,
};

function levelCounts(entries: FoundEntry[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { level } of entries) counts[level] = (counts[level] ?? 0) + 1;
  return counts;
}

/** The interval of the contract, found by trying all. */
function expectedInterval(fromMs: number, toMs: number, buckets: number): number {
  for (const ms of Object.values(INTERVAL_MS)) {
    if (Math.ceil(toMs / ms) - Math.floor(fromMs / ms) <= buckets) return ms;
  }
  throw new Error("the test asks for too much");
}

const random = seededRandom(20_261_125);
const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;

const QUERIES = [
  {},
  { level: ["error", "warn"] },
  { service: "shop" },
  { service: ["pay", "many-600", "s900"] },
  { query: "service:many-*" },
  { query: "service:(shop OR pay) -level:info" },
  { query: "-service:/^s[0-9]+$/ level:>=info" },
  { query: "NOT (service:shop OR level:unknown)" },
  { query: "failed" },
  { query: "failed OR service:pay" },
  { query: "host:n3 level:error" },
  { tags: { host: "n1" }, level: "unknown" },
  { keyword: "istanbul" },
  { service: "none such" },
];

test("120 histograms agree with a plain filter over the same lines", { timeout: 120_000 }, async () => {
  let nonEmpty = 0;
  for (let i = 0; i < 120; i++) {
    const query = pick(QUERIES);
    const exact = () => mixed.firstMs + Math.floor(random() * 5_700_000) - 120_000;
    const minutes = () => Math.floor(exact() / 60_000) * 60_000;
    const bound = () => (random() < 0.4 ? minutes() : exact());
    const [fromMs = 0, toMs = 0] = [bound(), random() < 0.2 ? exact() : bound()].sort((a, b) => a - b);
    const buckets = pick([1, 2, 7, 60, 100, 1_000]);
    const asked = { ...query, from: fromMs, to: toMs };
    const found = await read<Histogram>("/histogram", { ...asked, buckets });
    const expected = filterPlainly(mixed.all, asked);
    expect({ asked, complete: found.complete, total: found.total }).toEqual({
      asked,
      complete: true,
      total: expected.length,
    });
    nonEmpty += expected.length > 0 ? 1 : 0;
    if (fromMs === toMs) continue;
    if (buckets === 1) {
      expect(found.buckets).toEqual([{ start: new Date(fromMs).toISOString(), counts: levelCounts(expected) }]);
      expect([Date.parse(found.from), Date.parse(found.to)]).toEqual([fromMs, toMs]);
      continue;
    }
    const intervalMs = INTERVAL_MS[found.interval] as number;
    expect(intervalMs).toBe(expectedInterval(fromMs, toMs, buckets));
    const [wideFromMs, wideToMs] = [
      Math.floor(fromMs / intervalMs) * intervalMs,
      Math.ceil(toMs / intervalMs) * intervalMs,
    ];
    expect([Date.parse(found.from), Date.parse(found.to)]).toEqual([wideFromMs, wideToMs]);
    const wide = filterPlainly(mixed.all, { ...query, from: wideFromMs, to: wideToMs });
    const starts = Array.from({ length: (wideToMs - wideFromMs) / intervalMs }, (_, n) => wideFromMs + n * intervalMs);
    expect({ asked, buckets: found.buckets }).toEqual({
      asked,
      buckets: starts.map((startMs) => ({
        start: new Date(startMs).toISOString(),
        counts: levelCounts(
          wide.filter(({ timestamp }) => {
            const ns = nsOf(timestamp);
            return ns >= BigInt(startMs) * 1_000_000n && ns < BigInt(startMs + intervalMs) * 1_000_000n;
          }),
        ),
      })),
    });
  }
  expect(nonEmpty).toBeGreaterThan(60);
});

test("what lies beside the asked range by a nanosecond is in the buckets and not in the total", async () => {
  const { timestamp } = mixed.all.find((entry) => entry.timestamp.endsWith("000000001Z")) as FoundEntry;
  const to = `${timestamp.slice(0, -2)}1Z`;
  for (const query of [{}, { keyword: "" }, { query: "*a* OR -*a*" }]) {
    const from = timestamp.replace(/\.\d+Z$/, ".000Z");
    const found = await read<Histogram>("/histogram", { ...query, from, to });
    const before = mixed.all.filter((entry) => nsOf(entry.timestamp) >= nsOf(from) && nsOf(entry.timestamp) < nsOf(to));
    expect(found.total).toBe(before.length);
    expect(found.interval).toBe("1s");
  }
});

function expectedFacet(entries: FoundEntry[], name: string, top: number): Facets["fields"][number] {
  const counts = new Map<string, number>();
  for (const entry of entries) {
    const key = name.replace(/^tags\./, "");
    const value =
      name === "service" || name === "level"
        ? entry[name]
        : Object.hasOwn(entry.tags, key)
          ? entry.tags[key]
          : undefined;
    if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const values = [...counts].map(([value, count]) => ({ value, count }));
  values.sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
  return { name, values: values.slice(0, top), distinct: values.length, exact: true };
}

test("100 facets agree with a plain filter over the same lines", { timeout: 120_000 }, async () => {
  for (let i = 0; i < 100; i++) {
    const fields = pick([
      ["service", "level"],
      ["level"],
      ["host", "service"],
      ["seq", "__proto__", "constructor", "tags.host", "nowhere"],
    ]);
    const top = pick([1, 3, 10, 1_000]);
    const fromMs = mixed.firstMs + Math.floor(random() * 3_000_000);
    const asked = { ...pick(QUERIES), from: fromMs, to: fromMs + pick([1, 60_000, 1_234_567, 5_400_000]) };
    const found = await read<Facets>("/facets", { ...asked, fields, top });
    const expected = filterPlainly(mixed.all, asked);
    expect({ asked, ...found }).toEqual({
      asked,
      fields: fields.map((name) => expectedFacet(expected, name, top)),
      complete: true,
    });
  }
});

test("without fields come service, level and the usual tags that occur", async () => {
  const { fields } = await read<Facets>("/facets", { from: 0, to: "now+2d", query: "service:shop" });
  expect(fields.map(({ name }) => name)).toEqual(["service", "level", "host"]);
  expect(fields[0]).toMatchObject({ distinct: 1, exact: true });
  expect(fields[2]?.values).toHaveLength(7);
});

test("a field with more values than are told apart says that it is not exact", async () => {
  const { key } = await mixed.server.api.createProject("ids");
  const lines = Array.from({ length: 11_000 }, (_, i) => JSON.stringify({ message: "m", tags: { request: `r${i}` } }));
  lines.push(...Array.from({ length: 50 }, () => '{"message":"m","tags":{"request":"r1"}}'));
  await mixed.server.api.ingest(key, lines.join("\n"));
  const answer = await mixed.server.api.call("/facets", {
    method: "POST",
    key,
    body: JSON.stringify({ fields: ["request", "service"], top: 1 }),
  });
  const { fields } = (await answer.json()) as Facets;
  expect(fields[0]).toMatchObject({ exact: false, values: [{ value: "r1", count: 51 }] });
  expect(fields[0]?.distinct).toBeGreaterThanOrEqual(10_000);
  expect(fields[1]).toMatchObject({ exact: true, values: [{ value: "unknown", count: 11_050 }] });
});

test("counts by level over whole minutes are answered while the store is away, others say what is missing", async () => {
  const range = { from: mixed.firstMs - 60_000, to: mixed.firstMs + 7_200_000 };
  const counted = await read<Histogram>("/histogram", range);
  expect(counted).toMatchObject({ complete: true, total: 3_000 });
  const restarted = mixed.server;
  await restarted.restart();
  expect(await read<Histogram>("/histogram", range)).toMatchObject({ complete: true, total: 3_000 });
  // The cache has the objects that this process wrote itself; without it they would have to be read.
  expect(await read<Histogram>("/histogram", { ...range, query: "failed" })).toMatchObject({ complete: true });
});

test.each([
  ["/histogram", '{"buckets":0}'],
  ["/histogram", '{"buckets":10001}'],
  ["/histogram", '{"buckets":"6"}'],
  ["/histogram", '{"query":"level:"}'],
  ["/histogram", '{"from":"soon"}'],
  ["/histogram", '{"project":"x"}'],
  ["/facets", '{"top":0}'],
  ["/facets", '{"fields":"host"}'],
  ["/facets", '{"fields":["message"]}'],
  ["/facets", '{"fields":[""]}'],
  ["/facets", '{"query":"(a"}'],
])("%s refuses %s with 400", async (path, body) => {
  const answer = await mixed.server.api.call(path, { method: "POST", key: mixed.project.key, body });
  expect(answer.status).toBe(400);
  expect(answer.headers.get("content-type")).toContain("application/problem+json");
});
