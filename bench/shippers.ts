import { Agent } from "node:http";
import { compressSync } from "snappy";
import { lokiProtobuf, otlpProtobuf, type ShippedRecord } from "#tests/support/shipper-bodies.ts";
import { startBenchServer } from "#bench/bench-server.ts";
import { post, waitForCommit } from "#bench/ingest.ts";
import { cpuSecondsOf } from "#bench/process-usage.ts";

/** ShipperResult is what the same records cost by each way in. */
export interface ShipperResult {
  name: string;
  target: string;
  sentBytes: number;
  /** The app's own CPU until everything is acknowledged and in the store; the median of the rounds. */
  appCpuS: number;
}

interface Way {
  name: string;
  target: string;
  headers: Record<string, string>;
  encode(ndjson: Buffer): Buffer;
}

const WAYS: readonly Way[] = [
  { name: "NDJSON", target: "/ingest", headers: {}, encode: (ndjson) => ndjson },
  {
    name: "OTLP protobuf",
    target: "/v1/logs",
    headers: { "content-type": "application/x-protobuf" },
    encode: (ndjson) => otlpProtobuf(recordsOf(ndjson)),
  },
  {
    name: "Loki protobuf + snappy",
    target: "/loki/api/v1/push",
    headers: { "content-type": "application/x-protobuf" },
    encode: (ndjson) => Buffer.from(compressSync(lokiProtobuf(recordsOf(ndjson)))),
  },
];

const SENDERS = 4;
/** The machine's speed drifts, so the ways take turns. */
const ROUNDS = 3;

/** benchShippers sends the same records by each way to a server of its own, in turns. */
export async function benchShippers(bodies: readonly Buffer[], entries: number): Promise<ShipperResult[]> {
  const encoded = WAYS.map(({ encode }) => bodies.map(encode));
  const rounds: number[][] = WAYS.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, way] of WAYS.entries()) {
      rounds[i]?.push(await cpuSecondsFor(way, encoded[i] ?? [], entries));
    }
  }
  return WAYS.map(({ name, target }, i) => ({
    name,
    target,
    sentBytes: (encoded[i] ?? []).reduce((sum, body) => sum + body.length, 0),
    appCpuS: (rounds[i] ?? []).sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0,
  }));
}

async function cpuSecondsFor({ target, headers }: Way, bodies: readonly Buffer[], entries: number): Promise<number> {
  const server = await startBenchServer();
  const agent = new Agent({ keepAlive: true, maxSockets: SENDERS });
  try {
    // The first requests are compiled code for every way alike, and no part of what is measured.
    for (const body of bodies.slice(0, WARM_UP_REQUESTS)) await post(agent, server, target, body, headers);
    await waitForCommit(server);
    const before = cpuSecondsOf(server.pid);
    let next = 0;
    async function sender(): Promise<void> {
      for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
        const { status, text } = await post(agent, server, target, body, headers);
        if (status >= 300) throw new Error(`${target} answered ${status}: ${text}`);
      }
    }
    await Promise.all(Array.from({ length: SENDERS }, sender));
    await waitForCommit(server);
    const cpuS = cpuSecondsOf(server.pid) - before;
    await assertStored(
      server.url,
      server.key,
      entries + bodies.slice(0, WARM_UP_REQUESTS).length * (entries / bodies.length),
    );
    return cpuS;
  } finally {
    agent.destroy();
    await server.stop();
  }
}

const WARM_UP_REQUESTS = 20;
const PAGE = 10_000;

/** Pages through everything; a record that is missing fails the bench. */
async function assertStored(url: string, key: string, expected: number): Promise<void> {
  let found = 0;
  let cursor: string | null = null;
  do {
    const answer = await fetch(`${url}/query`, {
      method: "POST",
      headers: { "x-api-key": key, accept: "application/json" },
      body: JSON.stringify({ from: 0, to: "now+1d", limit: PAGE, query: "NOT service:bench-end", cursor }),
    });
    const page = (await answer.json()) as { entries: unknown[]; end: { cursor: string | null } };
    found += page.entries.length;
    cursor = page.end.cursor;
  } while (cursor !== null);
  if (found !== expected) throw new Error(`expected ${expected} entries, found ${found}`);
}

function recordsOf(ndjson: Buffer): ShippedRecord[] {
  return ndjson
    .toString("utf8")
    .trimEnd()
    .split("\n")
    .map((line) => {
      const { timestamp, service, level = "info", message, tags } = JSON.parse(line) as Record<string, never>;
      return {
        timestampNs: BigInt(Date.parse(timestamp as unknown as string)) * 1_000_000n,
        service,
        level: String(level).toLowerCase(),
        message,
        tags,
      } as unknown as ShippedRecord;
    });
}
