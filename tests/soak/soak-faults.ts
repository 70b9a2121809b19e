import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { TestServer } from "#tests/support/server.ts";
import type { S3FaultProxy } from "#tests/support/s3-fault-proxy.ts";
import type { TcpProxy } from "#tests/support/tcp-proxy.ts";

export interface SoakParts {
  server: TestServer;
  store: S3FaultProxy;
  database: TcpProxy;
  apiKey: string;
}

const LASTS_MS = 3_000;
const STALLED_CLIENTS = 30;
const QUERIES = 12;

/** The faults, one after the other; each is over when it resolves. */
export const SOAK_FAULTS: readonly [name: string, happen: (parts: SoakParts) => Promise<void>][] = [
  [
    "the store is away",
    ({ store }) =>
      during(
        () => store.setAway(true),
        () => store.setAway(false),
      ),
  ],
  [
    "the database is away",
    ({ database }) =>
      during(
        () => database.setState("away"),
        () => database.setState("open"),
      ),
  ],
  [
    "the store answers 503",
    ({ store }) =>
      during(
        () => store.setFaults(() => "status-503"),
        () => store.setFaults(() => "pass"),
      ),
  ],
  ["clients break off in the middle", breakOff],
  [
    "the database is silent",
    ({ database }) =>
      during(
        () => database.setState("silent"),
        () => database.setState("open"),
      ),
  ],
  [
    "the store loses replies",
    ({ store }) =>
      during(
        () => store.setFaults(({ number }) => (number % 2 ? "reset-after" : "pass")),
        () => store.setFaults(() => "pass"),
      ),
  ],
  ["many search at once", search],
  [
    "the store is slow",
    ({ store }) =>
      during(
        () => store.setDelay(1_000),
        () => store.setDelay(0),
      ),
  ],
  [
    "the process stands still",
    ({ server }) =>
      during(
        () => void server.child.kill("SIGSTOP"),
        () => void server.child.kill("SIGCONT"),
        1_000,
      ),
  ],
];

async function during(begin: () => unknown, end: () => unknown, lastsMs = LASTS_MS): Promise<void> {
  await begin();
  await sleep(lastsMs);
  await end();
}

/** Connections that send half a request and are cut. */
async function breakOff({ server, apiKey }: SoakParts): Promise<void> {
  const head = `POST /ingest HTTP/1.1\r\nHost: x\r\nX-API-Key: ${apiKey}\r\nContent-Length: 100000\r\n\r\n`;
  const sockets = Array.from({ length: STALLED_CLIENTS }, () => {
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => socket.destroy());
    socket.write(`${head}{"message":"half`);
    return socket;
  });
  await sleep(LASTS_MS);
  for (const socket of sockets) socket.destroy();
}

/** Half of them go away before their answer is whole. */
async function search({ server, apiKey }: SoakParts): Promise<void> {
  const body = JSON.stringify({ from: 0, to: "now+1d", query: "Grüße", limit: 5_000 });
  const headers = { "x-api-key": apiKey, "content-type": "application/json" };
  await Promise.all(
    Array.from({ length: QUERIES }, async (_, i) => {
      const signal = AbortSignal.timeout(i % 2 === 0 ? 200 : 20_000);
      const answer = await fetch(`${server.url}/query`, { method: "POST", headers, body, signal }).catch(() => null);
      await answer?.arrayBuffer().catch(() => null);
    }),
  );
}
