import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { readBack } from "#tests/support/crash-readback.ts";
import { messageOf, type SentRequest, type TrafficProject } from "#tests/support/crash-traffic.ts";
import { startS3FaultProxy } from "#tests/support/s3-fault-proxy.ts";
import { startStrictS3Server } from "#tests/support/s3-strict-server.ts";
import { heldMemory, TELLS_MEMORY, type HeldMemory } from "#tests/support/held-memory.ts";
import { startTcpProxy, type TcpProxy } from "#tests/support/tcp-proxy.ts";
import { SOAK_FAULTS } from "#tests/soak/soak-faults.ts";

/** `SOAK_S=60 npm run soak` for a first look. */
const SECONDS = Number(process.env["SOAK_S"] ?? 900);
const LINES_PER_S = 2_000;
const LINES_PER_REQUEST = 100;
const FAULT_EVERY_MS = 10_000;
const SAMPLE_EVERY_MS = 15_000;
/** The least of a round of all faults: what is held for good, without what one of them piles up. */
const SAMPLES_PER_FLOOR = (SOAK_FAULTS.length * FAULT_EVERY_MS) / SAMPLE_EVERY_MS;
/** The first part fills caches and pools. */
const WARM_SHARE = 1 / 3;
const WARM_S = 20;
const MAX_SLOPE_BYTES_PER_MIN = 1024 * 1024;
const MAX_NEW_HANDLES = 10;
/** Connections that the sender leaves idle are handles too, until the server closes them after 75 s. */
const IDLE_CONNECTIONS_GO_AFTER_MS = 90_000;
const METRICS_TOKEN = "soak-0123456789abcdef";
const MIB = 1024 * 1024;

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.reverse()) await close();
});

/** Sends at a steady rate; what is not acknowledged is sent again under its key, as often as it takes. */
class SteadySender {
  readonly #url: string;
  readonly #project: TrafficProject;
  readonly #service: string;
  readonly #inFlight = new Set<Promise<void>>();
  refusals = 0;
  surprises: string[] = [];

  constructor(url: string, project: TrafficProject, service: string) {
    this.#service = service;
    this.#url = url;
    this.#project = project;
  }

  async run(seconds: number): Promise<void> {
    const startedMs = performance.now();
    const total = (seconds * LINES_PER_S) / LINES_PER_REQUEST;
    for (let number = 0; number < total; number++) {
      const dueMs = startedMs + (number * LINES_PER_REQUEST * 1_000) / LINES_PER_S;
      await sleep(Math.max(0, dueMs - performance.now()));
      const sending = this.#send(number).finally(() => this.#inFlight.delete(sending));
      this.#inFlight.add(sending);
    }
    await Promise.all(this.#inFlight);
  }

  async #send(number: number): Promise<void> {
    const service = this.#service;
    const prefix = `${service}/${number}`;
    const request: SentRequest = { prefix, service, lines: LINES_PER_REQUEST, isKeyed: true, state: "sending" };
    this.#project.requests.set(prefix, request);
    const lines = Array.from({ length: LINES_PER_REQUEST }, (_, i) => {
      return JSON.stringify({ service, level: "info", message: messageOf(request, i), tags: { i } });
    });
    // A key asks the database, so only some have one: those without go on while it is away.
    const isKeyed = number % 10 === 0;
    const headers = { "x-api-key": this.#project.apiKey, ...(isKeyed ? { "idempotency-key": prefix } : {}) };
    for (;;) {
      const answer = await fetch(`${this.#url}/ingest`, { method: "POST", headers, body: lines.join("\n") }).catch(
        () => null,
      );
      await answer?.arrayBuffer().catch(() => null);
      if (answer?.status === 202) {
        request.state = "acknowledged";
        return;
      }
      this.refusals++;
      if (answer === null || ![409, 429, 503].includes(answer.status)) {
        this.surprises.push(`${prefix}: ${answer?.status ?? "no answer"}`);
        if (!isKeyed) {
          request.state = "unknown";
          return;
        }
      }
      await sleep(Number(answer?.headers.get("retry-after") ?? 1) * 1_000);
    }
  }
}

it(
  `${SECONDS} s at ${LINES_PER_S} lines a second with a fault every ${FAULT_EVERY_MS / 1000} s`,
  { timeout: 300_000 + SECONDS * 2_000 },
  async ({ annotate }) => {
    const strict = await startStrictS3Server();
    const store = await startS3FaultProxy(strict.endpoint);
    let database: TcpProxy | undefined;
    const running: ApiServer = await startApiServer({
      store: { ...strict, endpoint: store.endpoint },
      async databaseUrl(url) {
        const target = new URL(url);
        database = await startTcpProxy({ host: target.hostname, port: Number(target.port) });
        target.hostname = "127.0.0.1";
        target.port = String(database.port);
        return target.href;
      },
      env: {
        ...TELLS_MEMORY,
        LOG_LEVEL: "error",
        METRICS_TOKEN,
        CANARY_INTERVAL_MS: "5000",
        BATCH_MAX_AGE_MS: "3000",
        COMPACT_INTERVAL_MS: "10000",
        COMPACT_MIN_AGE_MS: "10000",
        COMPACT_GRACE_MS: "5000",
        CACHE_MAX_BYTES: String(64 * MIB),
      },
    });
    closers.push(() => strict.close());
    closers.push(() => store.close());
    closers.push(async () => database?.close());
    closers.push(() => running.close());
    if (database === undefined) throw new Error("the server was started without its database");
    const { id, slug, key } = await running.api.createProject("soak");
    const project: TrafficProject = { id, slug, apiKey: key, requests: new Map() };
    const server = running.process();
    const pid = server.child.pid as number;
    const sender = new SteadySender(server.url, project, "soak");
    // Pools and the engine's files come with the first load and stay.
    await new SteadySender(server.url, { ...project, requests: new Map() }, "warm").run(WARM_S);
    await sleep(IDLE_CONNECTIONS_GO_AFTER_MS);
    const handlesBefore = handlesOf(pid);

    const stop = new AbortController();
    const samples: HeldMemory[] = [];
    const sampling = (async () => {
      while (!stop.signal.aborted) {
        const nextMs = performance.now() + SAMPLE_EVERY_MS;
        samples.push(await heldMemory(server, 60_000));
        await sleep(Math.max(0, nextMs - performance.now()), undefined, { signal: stop.signal }).catch(() => undefined);
      }
    })();
    let faults = 0;
    const happening = (async () => {
      while (!stop.signal.aborted) {
        const nextMs = performance.now() + FAULT_EVERY_MS;
        const [, happen] = SOAK_FAULTS[faults++ % SOAK_FAULTS.length] as (typeof SOAK_FAULTS)[number];
        await happen({ server, store, database, apiKey: key });
        await sleep(Math.max(0, nextMs - performance.now()), undefined, { signal: stop.signal }).catch(() => undefined);
      }
    })();
    await sender.run(SECONDS);
    stop.abort();
    await Promise.all([happening, sampling]);
    await sleep(IDLE_CONNECTIONS_GO_AFTER_MS);

    const handlesAfter = handlesOf(pid);
    const slope = slopeBytesPerMin(samples.map(({ heldBytes }) => heldBytes));
    const canary = await canaryFigures(running);
    const { acknowledged, lost, twice, foreign } = await readBack(server.url, project, "soak");
    const figures = {
      seconds: SECONDS,
      faults,
      acknowledged,
      refusals: sender.refusals,
      unanswered: sender.surprises.length,
      canary,
      slopeKibPerMin: Math.round(slope / 1024),
      heldMib: samples.filter((_, i) => i % 4 === 0).map(({ heldBytes }) => Math.round(heldBytes / MIB)),
      residentMib: samples.filter((_, i) => i % 4 === 0).map(({ rss }) => Math.round(rss / MIB)),
      handlesBefore,
      handlesAfter,
    };
    await annotate(JSON.stringify(figures));
    expect({ lost, twice, foreign }).toEqual({ lost: [], twice: [], foreign: [] });
    expect(sender.surprises).toEqual([]);
    expect(canary).toMatchObject({ missed: 0, doubled: 0 });
    expect(canary["written"]).toBeGreaterThan(SECONDS / 20);
    expect(handlesAfter - handlesBefore).toBeLessThanOrEqual(MAX_NEW_HANDLES);
    if (SECONDS >= 600) expect(slope).toBeLessThan(MAX_SLOPE_BYTES_PER_MIN);
  },
);

function handlesOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

async function canaryFigures({ api }: ApiServer): Promise<Record<string, number>> {
  const answer = await api.call("/metrics", { headers: { authorization: `Bearer ${METRICS_TOKEN}` } });
  const found = (await answer.text()).matchAll(/^akavelog_canary_(\w+)_total (\d+)/gm);
  return Object.fromEntries([...found].map(([, name, value]) => [name ?? "", Number(value)]));
}

/** The slope of a line through the floors, by least squares. */
function slopeBytesPerMin(samples: readonly number[]): number {
  const floors: { atMin: number; bytes: number }[] = [];
  for (
    let at = Math.floor(samples.length * WARM_SHARE);
    at + SAMPLES_PER_FLOOR <= samples.length;
    at += SAMPLES_PER_FLOOR
  ) {
    const bytes = Math.min(...samples.slice(at, at + SAMPLES_PER_FLOOR));
    floors.push({ atMin: (at * SAMPLE_EVERY_MS) / 60_000, bytes });
  }
  const mean = (of: (floor: (typeof floors)[number]) => number) =>
    floors.reduce((sum, each) => sum + of(each), 0) / floors.length;
  const [meanMin, meanBytes] = [mean(({ atMin }) => atMin), mean(({ bytes }) => bytes)];
  const over = floors.reduce((sum, { atMin, bytes }) => sum + (atMin - meanMin) * (bytes - meanBytes), 0);
  return over / floors.reduce((sum, { atMin }) => sum + (atMin - meanMin) ** 2, 0);
}
