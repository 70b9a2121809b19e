import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { afterEach, expect, inject, it } from "vitest";
import { API_ENV, apiClient } from "#tests/support/api-client.ts";
import { seededRandom, seedOf } from "#tests/support/seeded-random.ts";
import { readBack } from "#tests/support/crash-readback.ts";
import { CrashTraffic, type TrafficProject } from "#tests/support/crash-traffic.ts";
import { startLoadBalancer, type LoadBalancer } from "#tests/support/load-balancer.ts";
import { withDatabaseName } from "#tests/support/postgres-names.ts";
import { startStrictS3Server, type StrictS3Server } from "#tests/support/s3-strict-server.ts";
import { freePort, startServer, type TestServer } from "#tests/support/server.ts";

/** `RESTARTS=20` on the day; `RESTART_SEED` repeats the senders' plan. */
const RESTARTS = Number(process.env["RESTARTS"] ?? 4);
const SEED = seedOf("RESTART_SEED");
const WRITERS_PER_PROJECT = 2;
/** Between two restarts both processes take what comes. */
const PAUSE_MS = 600;

let closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.reverse()) await close();
  closers = [];
});

/** An empty database: the processes have to migrate it, both at once. */
async function emptyDatabase(): Promise<string> {
  const name = `restart_${randomBytes(6).toString("hex")}`;
  const admin = postgres(inject("postgresUrl"), { max: 1, onnotice: () => undefined });
  await admin.unsafe(`create database ${name}`);
  closers.push(async () => {
    await admin.unsafe(`drop database ${name} with (force)`);
    await admin.end();
  });
  return withDatabaseName(inject("postgresUrl"), name);
}

it(
  `${RESTARTS} rolling restarts of two processes under load lose, double and refuse nothing (seed ${SEED})`,
  { timeout: 180_000 + RESTARTS * 60_000 },
  async ({ annotate }) => {
    const store: StrictS3Server = await startStrictS3Server();
    closers.push(() => store.close());
    const env = {
      ...API_ENV,
      DATABASE_URL: await emptyDatabase(),
      SESSION_SECRET: randomBytes(32).toString("hex"),
      O3_ENDPOINT: store.endpoint,
      O3_BUCKET: store.bucket,
      O3_REGION: store.region,
      O3_ACCESS_KEY_ID: store.accessKeyId,
      O3_SECRET_ACCESS_KEY: store.secretAccessKey,
      BATCH_MAX_AGE_MS: "500",
      BATCH_MAX_ENTRIES: "500",
    };
    const places = await Promise.all(
      [0, 1].map(async () => {
        const dataDirectory = await mkdtemp(path.join(tmpdir(), "akavelog-rolling-"));
        closers.push(() => rm(dataDirectory, { recursive: true, force: true }));
        return { dataDirectory, port: await freePort(), env };
      }),
    );
    const servers: TestServer[] = await Promise.all(places.map((place) => startServer(place)));
    closers.push(() => Promise.all(servers.map((server) => server.stop())));
    const balancer: LoadBalancer = await startLoadBalancer(places.map(({ port }) => port));
    closers.push(() => balancer.close());
    await sleep(300);

    const random = seededRandom(SEED);
    const api = apiClient(() => balancer);
    const projects: TrafficProject[] = [];
    for (const name of ["first", "second"]) {
      const { id, slug, key } = await api.createProject(name);
      projects.push({ id, slug, apiKey: key, requests: new Map() });
    }
    const writers = projects.flatMap((project) =>
      Array.from({ length: WRITERS_PER_PROJECT }, (_, i) => {
        const own = seededRandom(Math.floor(random() * 2 ** 32));
        const options = { url: balancer.url, project, random: own, onAcknowledged: () => undefined };
        return new CrashTraffic(`w${i}`, { ...options, heedsRetryAfter: true });
      }),
    );
    for (const writer of writers) writer.start();

    const stopsMs: number[] = [];
    for (let restart = 0; restart < RESTARTS; restart++) {
      for (const writer of writers) writer.enterRound(restart);
      await sleep(PAUSE_MS);
      const at = restart % 2;
      const startedAtMs = Date.now();
      expect(await servers[at]?.stop()).toBe(0);
      stopsMs.push(Date.now() - startedAtMs);
      servers[at] = await startServer(places[at]);
    }
    await sleep(PAUSE_MS);
    await Promise.all(writers.map((writer) => writer.stop()));
    expect(writers.flatMap(({ surprises }) => surprises)).toEqual([]);

    // The one that is left has to find what both have taken.
    await servers[1]?.stop();
    const url = servers[0]?.url ?? "";
    let acknowledged = 0;
    for (const project of projects) {
      const back = await readBack(url, project);
      const { lost, twice } = back;
      expect({ lost, twice }).toEqual({ lost: [], twice: [] });
      acknowledged += back.acknowledged;
    }
    const refusals = writers.reduce((sum, writer) => sum + writer.refusals, 0);
    const unknown = projects
      .flatMap(({ requests }) => [...requests.values()])
      .filter(({ state }) => state === "unknown").length;
    await annotate(JSON.stringify({ seed: SEED, restarts: RESTARTS, acknowledged, refusals, unknown, stopsMs }));
    expect(acknowledged).toBeGreaterThan(RESTARTS * 100);
    // A process that stops finishes what it has begun, so hardly anybody is left without an answer.
    expect(unknown).toBeLessThanOrEqual(RESTARTS);
  },
);
