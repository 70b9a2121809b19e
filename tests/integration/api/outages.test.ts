import { afterAll, beforeAll, expect, test } from "vitest";
import { until, type TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { startS3FaultProxy, type S3FaultProxy } from "#tests/support/s3-fault-proxy.ts";
import { startStrictS3Server, type StrictS3Server } from "#tests/support/s3-strict-server.ts";
import { startTcpProxy, type TcpProxy } from "#tests/support/tcp-proxy.ts";

/** `OUTAGE_S=60` on the day. */
const OUTAGE_S = Number(process.env["OUTAGE_S"] ?? 2);
/** Longer than an answer about a key is fresh, so that it is asked for again. */
const DATABASE_OUTAGE_S = Math.max(5, OUTAGE_S);
const TIMEOUT_MS = 90_000 + OUTAGE_S * 3_000;

let store: StrictS3Server;
let storeProxy: S3FaultProxy;
let databaseProxy: TcpProxy;
let server: ApiServer;

beforeAll(async () => {
  store = await startStrictS3Server();
  storeProxy = await startS3FaultProxy(store.endpoint);
  server = await startApiServer({
    store: { ...store, endpoint: storeProxy.endpoint },
    async databaseUrl(url) {
      const target = new URL(url);
      databaseProxy = await startTcpProxy({ host: target.hostname, port: Number(target.port) });
      target.hostname = "127.0.0.1";
      target.port = String(databaseProxy.port);
      return target.href;
    },
    env: { BATCH_MAX_AGE_MS: "500" },
  });
});

afterAll(async () => {
  await server.close();
  await databaseProxy.close();
  await storeProxy.close();
  await store.close();
});

interface Probe {
  status: number;
  retryAfter: string | null;
  elapsedMs: number;
  body: { degraded?: string[]; detail?: string; accepted?: number; end?: { complete: boolean; reason?: string } };
}

async function probe(request: Promise<Response>): Promise<Probe> {
  const startedAtMs = Date.now();
  const answer = await request;
  const body = (await answer.json()) as Probe["body"];
  return {
    status: answer.status,
    retryAfter: answer.headers.get("retry-after"),
    elapsedMs: Date.now() - startedAtMs,
    body,
  };
}

const ingest = (project: TestProject, message: string, options = {}) =>
  probe(server.api.ingest(project.key, JSON.stringify({ message }), options));
const readyz = () => probe(server.api.call("/readyz"));
const query = (project: TestProject) =>
  probe(server.api.call("/query", { method: "POST", key: project.key, headers: { accept: "application/json" } }));

function expectUnavailable({ status, retryAfter }: Probe): void {
  expect(status).toBe(503);
  expect(Number(retryAfter)).toBeGreaterThan(0);
}

async function expectDrained(project: TestProject, messages: string[]): Promise<void> {
  await until("every line is committed", async () => {
    const { entries, end } = await server.api
      .queryAll(project.key)
      .catch(() => ({ entries: [], end: { complete: false } }));
    return end.complete && entries.length >= messages.length && entries.every(({ ref }) => ref.key !== null);
  });
  const { entries } = await server.api.queryAll(project.key);
  expect(entries.map(({ message }) => message).sort()).toEqual([...messages].sort());
  await until("nothing is degraded", async () => (await readyz()).body.degraded?.length === 0);
}

test(
  "while the store is away logs are acknowledged and found, and it drains by itself",
  { timeout: TIMEOUT_MS },
  async () => {
    const project = await server.api.createProject("store away");
    await server.api.commit(project.key, '{"message":"stored before"}');
    const messages = ["stored before"];
    await storeProxy.setAway(true);
    for (let i = 0; i < OUTAGE_S * 10; i++) {
      const answer = await ingest(project, `while away ${i}`, i % 2 === 0 ? {} : { idempotencyKey: `away ${i}` });
      expect(answer.status).toBe(202);
      messages.push(`while away ${i}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expectUnavailable(await ingest(project, "not stored", { wait: true }));
    await until(
      "readyz names the store",
      async () => (await readyz()).body.degraded?.some((text) => text.includes("store")) === true,
    );
    expect((await readyz()).status).toBe(200);
    const { status, body } = await query(project);
    expect([status, body.end]).toMatchObject([200, { complete: true }]);
    await storeProxy.setAway(false);
    await expectDrained(project, messages);
    expect((await ingest(project, "afterwards", { wait: true })).status).toBe(200);
  },
);

test("a batch that only the store has makes a read incomplete while the store is away", async () => {
  const project = await server.api.createProject("not cached");
  await server.api.commit(project.key, '{"message":"only in the store"}');
  await server.restart({ env: { CACHE_MAX_BYTES: "1" } });
  await server.api.ingest(project.key, '{"message":"fresh"}');
  await storeProxy.setAway(true);
  const { status, body } = await query(project);
  expect([status, body.end]).toMatchObject([200, { complete: false, reason: "unreachable", matched: 1 }]);
  await storeProxy.setAway(false);
  await expectDrained(project, ["only in the store", "fresh"]);
});

test.each(["away", "silent"] as const)(
  "while the database is %s known keys keep ingesting",
  { timeout: TIMEOUT_MS },
  async (state) => {
    const project = await server.api.createProject(state);
    const unused = await server.api.createProject("never used before");
    await server.api.commit(project.key, '{"message":"before"}');
    const messages = ["before"];
    await databaseProxy.setState(state);
    for (let i = 0; i < DATABASE_OUTAGE_S * 2.5; i++) {
      const answer = await ingest(project, `${state} ${i}`);
      expect([answer.status, answer.body.accepted]).toEqual([202, 1]);
      expect(answer.elapsedMs).toBeLessThan(5_000);
      messages.push(`${state} ${i}`);
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
    const refused = await Promise.all([
      ingest(unused, "unknown key"),
      ingest(project, "keyed", { idempotencyKey: `${state} keyed` }),
      ingest(project, "waiting", { wait: true }),
      query(project),
    ]);
    for (const answer of refused) {
      expectUnavailable(answer);
      expect(answer.elapsedMs).toBeLessThan(15_000);
    }
    await until("readyz names the database", async () => {
      const { status, body } = await readyz();
      expect(status).toBe(200);
      return body.degraded?.some((text) => text.includes("database")) === true;
    });
    await databaseProxy.setState("open");
    await expectDrained(project, messages);
    expect((await ingest(project, "keyed", { idempotencyKey: `${state} keyed`, wait: true })).status).toBe(200);
    expect((await ingest(unused, "now known")).status).toBe(202);
  },
);

test("killed while store and database are away, it comes back with every line once", async () => {
  const project = await server.api.createProject("both away");
  await server.api.commit(project.key, '{"message":"before"}');
  await storeProxy.setAway(true);
  await databaseProxy.setState("away");
  const messages = ["before"];
  for (let i = 0; i < 10; i++) {
    expect((await ingest(project, `both ${i}`)).status).toBe(202);
    messages.push(`both ${i}`);
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  await server.process().kill9();
  await storeProxy.setAway(false);
  await databaseProxy.setState("open");
  await server.restart({ how: "kill9" });
  await expectDrained(project, messages);
});
