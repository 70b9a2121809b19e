import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until, type FoundEntry, type TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { gelf, SHIPPERS, syslogMessage, type ShippedRecord, type ShipperName } from "#tests/support/shipper-bodies.ts";
import { freePort } from "#tests/support/server.ts";

const NOW_NS = BigInt(Date.now()) * 1_000_000n;
const TCP_LF = "syslog tcp, lines";
const UDP = "syslog udp";
const GELF_TCP = "gelf tcp";
const GELF_UDP = "gelf udp";

/** Whole microseconds: the journal has no more. */
const RECORDS: ShippedRecord[] = [
  {
    timestampNs: NOW_NS - 1_000_000_000n + 123_000n,
    service: "checkout",
    level: "error",
    message: 'payment of "7 €" failed: C:\\temp\tü 😀',
    tags: { host: "n1", region: "eu-west", request_id: "8c7f", attempt: "3" },
  },
  {
    timestampNs: NOW_NS,
    service: "web-1",
    level: "info",
    message: "GET /health 200",
    tags: { host: "n2", trace_id: "0af7651916cd43dd8448eb211c80319c" },
  },
];

let server: ApiServer;
const projects = new Map<string, TestProject>();

beforeAll(async () => {
  server = await startApiServer();
  for (const name of [...Object.keys(SHIPPERS), TCP_LF, UDP, GELF_TCP, GELF_UDP])
    projects.set(name, await server.api.createProject(name));
  await listenFor(TCP_LF, UDP);
});

afterAll(() => server.close());

async function listenFor(tcp: string, udp: string): Promise<void> {
  await server.restart({
    env: {
      SYSLOG_TCP_PORT: String(await freePort()),
      SYSLOG_TCP_KEY: keyOf(tcp),
      SYSLOG_UDP_PORT: String(await freePort()),
      SYSLOG_UDP_KEY: keyOf(udp),
    },
  });
}

function keyOf(name: string): string {
  return (projects.get(name) as TestProject).key;
}

function expected({ timestampNs, service, level, message, tags }: ShippedRecord) {
  const digits = String(timestampNs % 1_000_000n)
    .padStart(6, "0")
    .slice(0, 3);
  const timestamp = new Date(Number(timestampNs / 1_000_000n))
    .toISOString()
    .replace("Z", digits === "000" ? "Z" : `${digits}Z`);
  return { timestamp, service, level, message, tags };
}

function comparable({ timestamp, service, level, message, tags }: FoundEntry) {
  return { timestamp, service, level, message, tags };
}

async function expectStored(name: string): Promise<void> {
  const key = keyOf(name);
  await until("all records are found", async () => (await server.api.query(key)).entries.length >= RECORDS.length);
  const { entries } = await server.api.query(key, { order: "asc" });
  expect(entries.map(comparable)).toEqual(RECORDS.map(expected));
}

test.each(Object.keys(SHIPPERS) as ShipperName[])("a record sent by %s becomes the same entry", async (name) => {
  for (const records of name === "gelf" ? RECORDS.map((record) => [record]) : [RECORDS]) {
    const { path, headers, body } = SHIPPERS[name](records, keyOf(name));
    const answer = await server.api.call(path, { method: "POST", headers, body: new Uint8Array(body) });
    expect([await answer.text(), answer.status < 300]).toEqual([expect.anything(), true]);
  }
  await expectStored(name);
});

test("a record sent by syslog over TCP becomes the same entry, in either framing", async () => {
  const [first, second] = RECORDS.map(syslogMessage) as [string, string];
  const socket = connect(Number(server.env("SYSLOG_TCP_PORT")), "127.0.0.1");
  socket.write(`${first}\n`);
  socket.end(`${Buffer.byteLength(second)} ${second}`);
  await expectStored(TCP_LF);
});

test("a record sent by syslog over UDP becomes the same entry", async () => {
  const socket = createSocket("udp4");
  for (const record of RECORDS) socket.send(syslogMessage(record), Number(server.env("SYSLOG_UDP_PORT")), "127.0.0.1");
  await expectStored(UDP);
  socket.close();
});

test("a record sent by GELF becomes the same entry, over TCP with NUL behind it and over UDP compressed in chunks", async () => {
  await listenFor(GELF_TCP, GELF_UDP);
  const stream = connect(Number(server.env("SYSLOG_TCP_PORT")), "127.0.0.1");
  stream.end(Buffer.concat(RECORDS.flatMap((record) => [gelf(record), Buffer.of(0)])));
  await expectStored(GELF_TCP);
  const socket = createSocket("udp4");
  for (const [i, record] of RECORDS.entries()) {
    const body = gzipSync(gelf(record));
    const half = body.length >> 1;
    for (const [number, chunk] of [body.subarray(0, half), body.subarray(half)].entries()) {
      const header = Buffer.from([0x1e, 0x0f, i, 1, 2, 3, 4, 5, 6, 7, number, 2]);
      socket.send(Buffer.concat([header, chunk]), Number(server.env("SYSLOG_UDP_PORT")), "127.0.0.1");
    }
  }
  await expectStored(GELF_UDP);
  socket.close();
});
