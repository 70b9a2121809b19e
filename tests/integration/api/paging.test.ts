import { afterAll, beforeAll, expect, test } from "vitest";
import { until, type FoundEntry } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { nsOf } from "#tests/support/entry-multiset.ts";
import { generateRecords } from "#tests/support/sample-lines.ts";

let server: ApiServer;

beforeAll(async () => {
  server = await startApiServer({ env: { BATCH_MAX_AGE_MS: "300", BATCH_MAX_ENTRIES: "700" } });
});

afterAll(() => server.close());

const FIRST_MS = Date.now() - 3_600_000;
const lines = (count: number, offset = 0, spanMs = 1_000_000) =>
  generateRecords(count, { firstMs: FIRST_MS, spanMs })
    .map((record, i) => JSON.stringify({ ...record, tags: { number: String(offset + i) } }))
    .join("\n");

function expectOrdered(entries: FoundEntry[], order: "asc" | "desc"): void {
  const sign = order === "asc" ? 1n : -1n;
  let misplaced = 0;
  for (let i = 1; i < entries.length; i++) {
    const [a, b] = [entries[i - 1] as FoundEntry, entries[i] as FoundEntry];
    const difference = (nsOf(b.timestamp) - nsOf(a.timestamp)) * sign;
    const isBehind =
      difference > 0n || (difference === 0n && b.ref.id !== a.ref.id && b.ref.id > a.ref.id === (order === "asc"));
    if (!isBehind) misplaced++;
  }
  expect(misplaced).toBe(0);
}

interface Paging {
  limit: number;
  order: "asc" | "desc";
  count: number;
}

test.each<Paging>([
  { limit: 10_000, order: "desc", count: 32_000 },
  { limit: 10_000, order: "asc", count: 32_000 },
  { limit: 1_000, order: "desc", count: 32_000 },
  { limit: 1_000, order: "asc", count: 16_000 },
  { limit: 7, order: "desc", count: 2_000 },
  { limit: 1, order: "asc", count: 300 },
])(
  "pages of $limit, $order, give each of $count lines once while more arrive and batches flush",
  async ({ limit, order, count }) => {
    const { key } = await server.api.createProject("pages");
    // Whole seconds with six fractions: most times are shared by several lines.
    expect((await server.api.ingest(key, lines(count))).status).toBe(202);
    const arrivingLines = Math.min(50, limit);
    let isDone = false;
    let arrived = 0;
    const arriving = (async () => {
      // Not faster than pages of one line can follow.
      while (!isDone && arrived < count) {
        await server.api.ingest(key, lines(arrivingLines, count + arrived, 1_000_000));
        arrived += arrivingLines;
        await new Promise((resolve) => setTimeout(resolve, 40));
      }
    })();
    const entries: FoundEntry[] = [];
    for (let cursor: string | null = null, pages = 0; ; pages++) {
      const page = await server.api.query(key, { limit, order, cursor });
      expect(page.end.complete).toBe(true);
      expect(page.entries.length).toBeLessThanOrEqual(limit);
      expect(page.end.matched).toBe(page.entries.length);
      entries.push(...page.entries);
      cursor = page.end.cursor;
      if (cursor === null) break;
      expect(page.entries.length).toBeGreaterThan(0);
    }
    isDone = true;
    await arriving;
    expect(new Set(entries.map(({ ref }) => ref.id)).size).toBe(entries.length);
    const seen = new Set(entries.map(({ tags }) => Number(tags["number"])));
    let missing = 0;
    for (let number = 0; number < count; number++) if (!seen.has(number)) missing++;
    expect(missing).toBe(0);
    expectOrdered(entries, order);
  },
);

test("5,000 lines of one and the same time come in pages, each once, both ways, fresh and stored", async () => {
  const { key } = await server.api.createProject("equal");
  const body = Array.from(
    { length: 5_000 },
    (_, i) => `{"timestamp":"2026-01-02T03:04:05.000000001Z","message":"${i}"}`,
  );
  await server.api.ingest(key, body.join("\n"));
  for (let round = 0; round < 2; round++) {
    const found = new Map<string, string[]>();
    for (const order of ["asc", "desc"] as const) {
      const { entries } = await server.api.queryAll(key, { limit: 999, order });
      expectOrdered(entries, order);
      found.set(
        order,
        entries.map(({ message }) => message),
      );
    }
    expect(found.get("asc")).toHaveLength(5_000);
    expect(new Set(found.get("asc")).size).toBe(5_000);
    expect(found.get("desc")).toEqual([...(found.get("asc") ?? [])].reverse());
    await until("all is stored", async () =>
      (await server.api.query(key, { limit: 10_000 })).entries.every(({ ref }) => ref.key !== null),
    );
  }
});

test("ids and order stay the same when entries are stored and the server is killed", async () => {
  const { key } = await server.api.createProject("stable");
  await server.api.ingest(key, lines(3_000));
  const ids = async () => (await server.api.queryAll(key, { order: "asc" })).entries.map(({ ref }) => ref.id);
  const fresh = await ids();
  await server.restart({ how: "kill9" });
  expect(await ids()).toEqual(fresh);
  await until("all is stored", async () =>
    (await server.api.query(key, { limit: 10_000 })).entries.every(({ ref }) => ref.key !== null),
  );
  expect(await ids()).toEqual(fresh);
});

test("after a restart a cursor goes on with what is committed, and says so", async () => {
  const { key } = await server.api.createProject("foreign");
  await server.api.commit(key, '{"message":"1"}\n{"message":"2"}\n{"message":"3"}');
  const first = await server.api.query(key, { limit: 1 });
  await server.restart();
  const rest = await server.api.query(key, { limit: 10, cursor: first.end.cursor });
  expect(rest.end).toMatchObject({ scope: "committed", cursor: null, matched: 2 });
});

test("a cursor with another query is a 400, another limit is fine", async () => {
  const { key } = await server.api.createProject("cursors");
  await server.api.commit(key, '{"message":"1"}\n{"message":"2"}\n{"message":"3"}');
  const { cursor } = (await server.api.query(key, { limit: 1 })).end;
  for (const other of [
    { order: "asc" },
    { keyword: "1" },
    { service: "x" },
    { level: "info" },
    { tags: { a: "b" } },
    { from: 1 },
    { to: "now" },
  ]) {
    const body = JSON.stringify({ from: 0, to: "now+2d", limit: 1, cursor, ...other });
    expect((await server.api.call("/query", { method: "POST", key, body })).status).toBe(400);
  }
  expect((await server.api.query(key, { limit: 2, cursor })).end).toMatchObject({ matched: 2, cursor: null });
});

test("the cursor is null exactly when nothing is left", async () => {
  const { key } = await server.api.createProject("exact");
  await server.api.commit(key, '{"message":"1"}\n{"message":"2"}\n{"message":"3"}');
  for (const [limit, hasMore] of [
    [2, true],
    [3, false],
    [4, false],
  ] as const)
    expect([limit, (await server.api.query(key, { limit })).end.cursor !== null]).toEqual([limit, hasMore]);
});
