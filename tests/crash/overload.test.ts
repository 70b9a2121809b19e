import { afterEach, expect, it } from "vitest";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { isMachineBusy } from "#tests/support/busy-machine.ts";
import { emptyTally, sendOverload, type OverloadTally } from "#tests/support/overload-sender.ts";
import { startS3FaultProxy, type S3FaultProxy } from "#tests/support/s3-fault-proxy.ts";
import { startStrictS3Server, type StrictS3Server } from "#tests/support/s3-strict-server.ts";
import { peakResidentBytes } from "#tests/support/server-process.ts";

/** `OVERLOAD_S=300` on the day. */
const SECONDS = Number(process.env["OVERLOAD_S"] ?? 15);
const SENDERS = 48;
const LINES_PER_REQUEST = 2_000;
const FACTOR = 10;
/** Each project may send more than the store takes: first the rate refuses, and the budget of the WAL once it is full. */
const RATE_BYTES_PER_S = 1024 * 1024;
const WAL_MAX_BYTES = 16 * 1024 * 1024;
const MAX_RESIDENT_BYTES = 512 * 1024 * 1024;
const MAX_BACK_TO_NORMAL_MS = 5_000;
/** A store that takes this long for each object is what bounds the server here, wherever the test runs. */
const STORE_DELAY_MS = 1_000;

let server: ApiServer | null = null;
let proxy: S3FaultProxy | null = null;
let store: StrictS3Server | null = null;

afterEach(async () => {
  await server?.close();
  await proxy?.close();
  await store?.close();
});

it(
  `${SECONDS} s of ten times what it can take: memory stays bounded, refusals say when, nothing acknowledged is lost`,
  { timeout: 180_000 + SECONDS * 3_000 },
  async ({ annotate }) => {
    store = await startStrictS3Server();
    proxy = await startS3FaultProxy(store.endpoint);
    proxy.setDelay(STORE_DELAY_MS);
    const running = (server = await startApiServer({
      store: { ...store, endpoint: proxy.endpoint },
      env: {
        WAL_MAX_BYTES: String(WAL_MAX_BYTES),
        BATCH_MAX_BYTES: String(512 * 1024),
        RATE_LIMIT_BYTES_PER_S: String(RATE_BYTES_PER_S),
        RATE_LIMIT_BURST_BYTES: String(2 * RATE_BYTES_PER_S),
      },
    }));
    const projects = [];
    for (const name of ["a", "b", "c"]) projects.push(await running.api.createProject(name));
    const keys = projects.map(({ key }) => key);
    const { pid } = running.process().child;

    const stop = new AbortController();
    const tally = emptyTally();
    const { url } = running.process();
    const options = { url, keys, senders: SENDERS, linesPerRequest: LINES_PER_REQUEST, signal: stop.signal };
    const sending = sendOverload(options, tally);
    // Senders that a busy machine slows down need longer to be ten times too many.
    for (let second = 0; second < SECONDS || (factorOf(tally) <= FACTOR && second < 4 * SECONDS); second++)
      await sleep(1_000);
    stop.abort();
    await sending;
    const overAtMs = Date.now();
    proxy.setDelay(0);
    await until(
      "it is back to normal",
      async () => {
        const askedAtMs = Date.now();
        const answers = await Promise.all(keys.map((key) => running.api.ingest(key, '{"message":"after#0"}')));
        return answers.every(({ status }) => status === 202) && (isMachineBusy() || Date.now() - askedAtMs < 500);
      },
      isMachineBusy() ? 12 * MAX_BACK_TO_NORMAL_MS : MAX_BACK_TO_NORMAL_MS,
    );
    const backMs = Date.now() - overAtMs;
    const residentBytes = peakResidentBytes(pid as number);

    const found = new Map<string, Set<string>>();
    for (const { key } of projects) {
      const { entries, end } = await running.api.queryAll(key, { query: "-after" });
      expect(end.complete).toBe(true);
      for (const { message } of entries) {
        const [prefix = "", rest = ""] = message.split("#");
        let lines = found.get(prefix);
        if (lines === undefined) found.set(prefix, (lines = new Set()));
        const line = rest.split(" ")[0] ?? "";
        if (lines.has(line)) throw new Error(`${prefix}#${line} is there twice`);
        lines.add(line);
      }
    }
    const lost = [...tally.acknowledged].filter(([prefix, lines]) => found.get(prefix)?.size !== lines);

    const factor = factorOf(tally);
    const { refusals, cutOff, acceptedBytes } = tally;
    const figures = { seconds: SECONDS, factor, acceptedBytes, refusals, cutOff, residentBytes, backMs };
    await annotate(JSON.stringify(figures));
    expect(tally.surprises).toEqual([]);
    expect(lost).toEqual([]);
    expect(refusals).toMatchObject({ 429: expect.any(Number) as number, 503: expect.any(Number) as number });
    expect(factor).toBeGreaterThan(FACTOR);
    expect(residentBytes).toBeLessThanOrEqual(MAX_RESIDENT_BYTES);
  },
);

function factorOf({ offeredBytes, acceptedBytes }: OverloadTally): number {
  return offeredBytes / Math.max(1, acceptedBytes);
}
