import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { alertClient } from "#tests/support/alert-client.ts";
import { API_ENV, apiClient, until, type ApiClient, type TestProject } from "#tests/support/api-client.ts";
import { openTestDatabase, type TestDatabase } from "#tests/support/postgres.ts";
import { startS3Server, type S3Server } from "#tests/support/s3-server.ts";
import { startServer, type TestServer } from "#tests/support/server.ts";

/** `ROLLING_SECONDS=600 npx vitest run --project integration tests/integration/alerts/processes.test.ts` on the day. */
const ROLLING_MS = 1_000 * Number(process.env["ROLLING_SECONDS"] ?? 20);
const INTERVAL_MS = 1_000;
/** A sender on a busy machine may take this long from the time that it writes into a line to the answer. */
const OFFSET_MS = 2_500;

let database: TestDatabase;
let store: S3Server;
const processes: Process[] = [];

/** Process is one of several on the same database and bucket, that can be restarted. */
interface Process {
  server: TestServer;
  api: ApiClient;
  dataDirectory: string;
  isUp: boolean;
}

beforeAll(async () => {
  [database, store] = await Promise.all([openTestDatabase(), startS3Server()]);
  const env = {
    ...API_ENV,
    DATABASE_URL: database.url,
    SESSION_SECRET: randomBytes(32).toString("hex"),
    O3_ENDPOINT: store.endpoint,
    O3_BUCKET: store.bucket,
    O3_REGION: store.region,
    O3_ACCESS_KEY_ID: store.accessKeyId,
    O3_SECRET_ACCESS_KEY: store.secretAccessKey,
    ALERT_INTERVAL_MS: String(INTERVAL_MS),
    ALERT_OFFSET_MS: String(OFFSET_MS),
    BATCH_MAX_AGE_MS: "3000",
  };
  for (let i = 0; i < 2; i++) {
    const dataDirectory = await mkdtemp(path.join(tmpdir(), "akavelog-alerts-"));
    const start = () => startServer({ dataDirectory, env });
    const one: Process = { server: await start(), api: apiClient(() => one.server), dataDirectory, isUp: true };
    starts.set(one, start);
    processes.push(one);
  }
});

const starts = new Map<Process, () => Promise<TestServer>>();

afterAll(async () => {
  for (const { server, dataDirectory } of processes) {
    await server.stop();
    await rm(dataDirectory, { recursive: true, force: true });
  }
  await database.drop();
  await store.close();
});

async function restart(one: Process, how: "stop" | "kill9"): Promise<void> {
  one.isUp = false;
  // What is on its way to it is answered first, as behind a load balancer.
  await sleep(500);
  await (how === "stop" ? one.server.stop() : one.server.kill9());
  one.server = await (starts.get(one) as () => Promise<TestServer>)();
  one.isUp = true;
}

/** Logs a line every 100 ms to one process, and to the other while that is down; returns how many each second had. */
function keepLogging(service: string, to: number, { key }: TestProject): () => Promise<Map<number, number>> {
  const sent = new Map<number, number>();
  let isStopped = false;
  const logging = (async () => {
    while (!isStopped) {
      const own = processes[to] as Process;
      const { api } = own.isUp ? own : (processes[1 - to] as Process);
      const ms = Date.now();
      const line = { service, timestamp: new Date(ms).toISOString(), message: "m" };
      const answer = await api.ingest(key, JSON.stringify(line));
      expect(answer.status).toBe(202);
      expect(Date.now() - ms).toBeLessThan(OFFSET_MS);
      const endMs = Math.floor(ms / INTERVAL_MS + 1) * INTERVAL_MS;
      sent.set(endMs, (sent.get(endMs) ?? 0) + 1);
      await sleep(100);
    }
  })();
  return async () => {
    isStopped = true;
    await logging;
    return sent;
  };
}

test(
  "while two processes are restarted in turn each window counts once, and nobody is missed whose lines are on their way",
  { timeout: ROLLING_MS + 120_000 },
  async () => {
    const { api } = processes[0] as Process;
    const project = await api.createProject("rolling");
    const alerts = alertClient(api, project.key);
    const services = ["to-first", "to-second"];
    const logging = services.map((service, i) => keepLogging(service, i, project));
    await sleep(1_500);
    const rules = await Promise.all(
      services.flatMap((service) => [
        alerts.create({ name: service, query: `service:${service}`, kind: "absence", window: "2s" }),
        alerts.create({ name: service, query: `service:${service}`, window: "1s", condition: { op: ">", value: 1e6 } }),
        alerts.create({
          name: service,
          query: `service:${service} m`,
          window: "1s",
          condition: { op: ">", value: 1e6 },
        }),
      ]),
    );
    const endMs = Date.now() + ROLLING_MS;
    for (let turn = 0; Date.now() < endMs; turn++) {
      await sleep(2_000);
      await restart(processes[turn % 2] as Process, turn % 3 === 2 ? "kill9" : "stop");
    }
    await sleep(2_000);
    const lastMs = Date.now();
    const sent = await Promise.all(logging.map((stop) => stop()));
    await until(
      "all windows are evaluated",
      async () => {
        const [row] = await database.sql`select min(evaluated_to) as least from alert_rules`;
        return Number(row?.["least"]) >= lastMs;
      },
      60_000,
    );
    for (const [i, { id, kind, createdAt, query }] of rules.entries()) {
      const rows = await database.sql`
        select window_end, value, is_partial from alert_evaluations where rule_id = ${id} and window_end < ${lastMs}
        order by window_end`;
      expect([query, rows.filter((row) => row["is_partial"] === true)]).toEqual([query, []]);
      const ends = rows.map((row) => Number(row["window_end"]));
      // Its own clock may have been a moment behind the database's when the rule was made.
      const firstMs = ends[0] ?? 0;
      expect(Math.abs(firstMs - Math.floor(Date.parse(createdAt) / INTERVAL_MS + 1) * INTERVAL_MS)).toBeLessThanOrEqual(
        INTERVAL_MS,
      );
      expect(ends).toEqual(ends.map((_, n) => firstMs + n * INTERVAL_MS));
      expect(ends.length).toBeGreaterThan(ROLLING_MS / INTERVAL_MS);
      const counts = sent[Math.floor(i / 3)] as Map<number, number>;
      const seconds = kind === "absence" ? [0, INTERVAL_MS] : [0];
      const countTo = (end: number) => seconds.reduce((sum, before) => sum + (counts.get(end - before) ?? 0), 0);
      const found = rows.map((row) => [Number(row["window_end"]), Number(row["value"])]);
      expect([query, found]).toEqual([query, ends.map((end) => [end, countTo(end)])]);
      // On a busy machine the logging itself may have stood still, which is an absence.
      if (kind === "absence" && ends.every((end) => countTo(end) > 0))
        expect([query, await alerts.events(id)]).toEqual([query, []]);
    }
  },
);
