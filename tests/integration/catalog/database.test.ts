import { connect as connectSocket, createServer, type Server, type Socket } from "node:net";
import { sql } from "drizzle-orm";
import pino from "pino";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { CatalogDatabase } from "#app/server/catalog/database.ts";
import { openTestDatabase, type TestDatabase } from "#tests/support/postgres.ts";
import { TIMED } from "#tests/support/timed.ts";

const logger = pino({ level: "silent" });

let db: TestDatabase;
let proxy: Awaited<ReturnType<typeof openProxy>> | null = null;
const open: CatalogDatabase[] = [];

beforeAll(async () => {
  db = await openTestDatabase();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((database) => database.close()));
  await proxy?.close();
  proxy = null;
});
afterAll(() => db.drop());

function connect(
  url: string,
  options: { queryTimeoutMs?: number; maxConnections?: number; connectTimeoutMs?: number } = {},
): CatalogDatabase {
  const database = new CatalogDatabase({ url, logger, ...options });
  open.push(database);
  return database;
}

function answer(database: CatalogDatabase): Promise<unknown> {
  return database.run("ask", (drizzle) => drizzle.execute(sql`select 1 as one`)).then((rows) => rows[0]?.["one"]);
}

/** Between us and PostgreSQL: can stop passing bytes on, as a cable that was pulled does. */
async function openProxy(targetUrl: string) {
  const target = new URL(targetUrl);
  const sockets = new Set<Socket>();
  const state = { silent: false };
  const server: Server = createServer((client) => {
    const upstream = connectSocket(Number(target.port), target.hostname);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on("data", (bytes) => void (state.silent || to.write(bytes)));
      from.on("error", () => to.destroy());
      from.on("close", () => to.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = new URL(targetUrl);
  url.port = String((server.address() as { port: number }).port);
  return {
    url: url.href,
    state,
    cut: () => sockets.forEach((socket) => socket.destroy()),
    async close() {
      sockets.forEach((socket) => socket.destroy());
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("an absent database fails at once and not after a timeout", TIMED, async () => {
  const startedMs = performance.now();
  const url = new URL(db.url);
  url.port = "1";
  await expect(answer(connect(url.href))).rejects.toMatchObject({ kind: "unavailable" });
  expect(performance.now() - startedMs).toBeLessThan(2_000);
});

test("a database that accepts and says nothing fails after the connect timeout", TIMED, async () => {
  proxy = await openProxy(db.url);
  proxy.state.silent = true;
  const startedMs = performance.now();
  await expect(answer(connect(proxy.url, { connectTimeoutMs: 500 }))).rejects.toMatchObject({ kind: "unavailable" });
  expect(performance.now() - startedMs).toBeLessThan(3_000);
});

test("the server ends a slow statement before the caller gives up, and the connection goes on", TIMED, async () => {
  const database = connect(db.url, { queryTimeoutMs: 2_500, maxConnections: 1 });
  const slow = database.run("sleep", (drizzle) => drizzle.execute(sql`select pg_sleep(30)`));
  await expect(slow).rejects.toMatchObject({
    kind: "unavailable",
    message: expect.stringContaining("statement timeout") as string,
  });
  expect(await answer(database)).toBe(1);
});

test(
  "a database that falls silent holds nobody for longer than the bound, and is used again when it is back",
  TIMED,
  async () => {
    proxy = await openProxy(db.url);
    const database = connect(proxy.url, { queryTimeoutMs: 1_500, maxConnections: 2 });
    expect(await answer(database)).toBe(1);
    proxy.state.silent = true;
    const startedMs = performance.now();
    const results = await Promise.allSettled(Array.from({ length: 6 }, () => answer(database)));
    expect(results.map(({ status }) => status)).toEqual(Array(6).fill("rejected"));
    expect(performance.now() - startedMs).toBeLessThan(3_500);
    // The old connections stay dead; only new ones get through.
    proxy.state.silent = false;
    expect(await answer(database)).toBe(1);
  },
);

test("a busy pool is not taken for a silent one", TIMED, async () => {
  const database = connect(db.url, { queryTimeoutMs: 2_000, maxConnections: 1 });
  // With a parameter, because postgres.js lets statements without one overtake those that wait.
  const sleep = () => database.run("sleep", (drizzle) => drizzle.execute(sql`select pg_sleep(${0.6}::float8)`));
  const settled = Promise.allSettled(Array.from({ length: 5 }, sleep));
  await new Promise((resolve) => setTimeout(resolve, 1_800));
  // Has its turn after 3 s. By then the last of the others have given up, which must not cost it its place.
  expect(await sleep()).toHaveLength(1);
  expect((await settled).map(({ status }) => status)).toEqual([
    "fulfilled",
    "fulfilled",
    "fulfilled",
    "rejected",
    "rejected",
  ]);
});

test("cut connections fail what runs and heal by themselves", async () => {
  proxy = await openProxy(db.url);
  const database = connect(proxy.url);
  expect(await answer(database)).toBe(1);
  const running = database.run("sleep", (drizzle) => drizzle.execute(sql`select pg_sleep(5)`));
  setTimeout(() => proxy?.cut(), 100);
  await expect(running).rejects.toMatchObject({ kind: "unavailable" });
  expect(await answer(database)).toBe(1);
});

test("a session that the server ends (57P01) is unavailable, and its place in the pool heals", async () => {
  const database = connect(db.url, { maxConnections: 1 });
  const running = database.run("sleep", (drizzle) => drizzle.execute(sql`select pg_sleep(5) /* to be ended */`));
  setTimeout(
    () =>
      void db.sql`select pg_terminate_backend(pid) from pg_stat_activity where query like '%to be ended%' and pid <> pg_backend_pid()`.execute(),
    100,
  );
  await expect(running).rejects.toMatchObject({ kind: "unavailable" });
  // postgres.js reports the end of the session once more to the next statement in its place, which did not run.
  await answer(database).catch(() => undefined);
  expect(await answer(database)).toBe(1);
});

test("close() waits for what runs, and does not wait for connections that broke", TIMED, async () => {
  proxy = await openProxy(db.url);
  const database = connect(proxy.url);
  const broken = database.run("sleep", (drizzle) => drizzle.execute(sql`select pg_sleep(5)`)).catch(() => "broken");
  setTimeout(() => proxy?.cut(), 100);
  expect(await broken).toBe("broken");
  const running = database.run("sleep", (drizzle) => drizzle.execute(sql`select pg_sleep(0.3)`));
  const startedMs = performance.now();
  await database.close();
  expect(await running).toHaveLength(1);
  expect(performance.now() - startedMs).toBeLessThan(1_000);
});

test("after close() every statement is refused, and closing twice is fine", async () => {
  const database = connect(db.url);
  expect(await answer(database)).toBe(1);
  await Promise.all([database.close(), database.close()]);
  await expect(answer(database)).rejects.toMatchObject({ kind: "unavailable" });
});
