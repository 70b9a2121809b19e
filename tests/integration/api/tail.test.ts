import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until, type FoundEntry, type TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { TailFollow } from "#tests/support/tail-follow.ts";
import { TIMED } from "#tests/support/timed.ts";

let server: ApiServer;
let project: TestProject;

beforeAll(async () => {
  server = await startApiServer({ env: { BATCH_MAX_AGE_MS: "600000" } });
  project = await server.api.createProject("tail");
});

afterAll(() => server.close());

test("entries come within a second of their acknowledgement, as /query shows them", TIMED, async () => {
  const follow = await TailFollow.open(server.api, project.key);
  await server.api.ingest(project.key, '{"message":"one","tags":{"a":"b"},"level":"WRN"}\n{"message":"two"}');
  const acknowledgedAtMs = Date.now();
  await until("both came", () => follow.entries().length === 2, 2_000);
  expect((follow.events[1]?.atMs ?? Infinity) - acknowledgedAtMs).toBeLessThan(1_000);
  const { entries } = await server.api.query(project.key, { order: "asc" });
  expect(follow.entries()).toEqual(entries);
  follow.close();
});

test("a follow has what its query asks for and nothing of other projects", async () => {
  const other = await server.api.createProject("other");
  const [errors, web, theirs] = await Promise.all([
    TailFollow.open(server.api, project.key, `?query=${encodeURIComponent("level:>=error -debug*")}`),
    TailFollow.open(server.api, project.key, "?service=web&service=api&tags.host=n1"),
    TailFollow.open(server.api, other.key),
  ]);
  const lines = [
    { message: "a", level: "error", service: "web" },
    { message: "debugging", level: "error", service: "api", tags: { host: "n1" } },
    { message: "c", level: "info", service: "web", tags: { host: "n1" } },
    { message: "d", level: "fatal", service: "db", tags: { host: "n1" } },
  ];
  await server.api.ingest(project.key, lines.map((line) => JSON.stringify(line)).join("\n"));
  await server.api.ingest(other.key, '{"message":"theirs"}');
  await until("all came", () => theirs.entries().length === 1 && errors.entries().length === 2);
  await sleep(100);
  expect(errors.entries().map(({ message }) => message)).toEqual(["a", "d"]);
  expect(web.entries().map(({ message }) => message)).toEqual(["debugging", "c"]);
  expect(theirs.entries().map(({ message }) => message)).toEqual(["theirs"]);
  for (const follow of [errors, web, theirs]) follow.close();
});

test("a query that is not understood is a 400", async () => {
  for (const parameters of ["?query=(a", "?nosuch=1", "?from=soon"])
    expect([parameters, (await server.api.call(`/tail${parameters}`, { key: project.key })).status]).toEqual([
      parameters,
      400,
    ]);
});

test("a thousand lines a second reach three readers, none late and none lost", TIMED, async () => {
  const follows = await Promise.all([1, 2, 3].map(() => TailFollow.open(server.api, project.key, "?query=load")));
  const sentAtMs = new Map<string, number>();
  for (let second = 0; second < 4; second++) {
    for (let part = 0; part < 10; part++) {
      const lines = Array.from({ length: 100 }, (_, i) => {
        const message = `load ${second}.${part}.${i} ${"x".repeat(150)}`;
        return JSON.stringify({ message, service: "load" });
      });
      await server.api.ingest(project.key, lines.join("\n"));
      sentAtMs.set(`${second}.${part}`, Date.now());
      await sleep(100);
    }
  }
  await until("all came", () => follows.every((follow) => follow.entries().length === 4_000), 5_000);
  for (const follow of follows) {
    expect(follow.dropped()).toBe(0);
    const late = follow.events.filter(({ name, data, atMs }) => {
      const part = name === "entry" ? /^load (\d\.\d)/.exec((data as FoundEntry).message)?.[1] : undefined;
      return part !== undefined && atMs - (sentAtMs.get(part) ?? 0) > 1_000;
    });
    expect(late).toEqual([]);
    follow.close();
  }
});

/** A reader that asks and then reads nothing until it is told to. */
async function openStalled(): Promise<Socket> {
  const socket = connect(server.process().port, "127.0.0.1");
  await once(socket, "connect");
  socket.pause();
  socket.write(`GET /tail HTTP/1.1\r\nhost: x\r\nx-api-key: ${project.key}\r\n\r\n`);
  await sleep(300);
  return socket;
}

test("a reader who stalls is told how many it missed, and holds up nobody", async () => {
  const stalled = await openStalled();
  const prompt = await TailFollow.open(server.api, project.key);
  const total = 40_000;
  for (let sent = 0; sent < total; sent += 2_000) {
    const lines = Array.from({ length: 2_000 }, (_, i) =>
      JSON.stringify({ message: `${sent + i} ${"y".repeat(300)}` }),
    );
    expect((await server.api.ingest(project.key, lines.join("\n"))).status).toBe(202);
    await sleep(50);
  }
  await until("the prompt reader has all", () => prompt.entries().length + prompt.dropped() >= total, 10_000);
  expect(prompt.dropped()).toBe(0);
  let text = "";
  stalled.on("data", (chunk: Buffer) => (text += chunk.toString()));
  stalled.resume();
  const counts = () => {
    const dropped = [...text.matchAll(/event: dropped\ndata: \{"count":(\d+)\}/g)].map((match) => Number(match[1]));
    return { entries: text.match(/event: entry\n/g)?.length ?? 0, dropped: dropped.reduce((a, b) => a + b, 0) };
  };
  await until("the stalled reader caught up", () => counts().entries + counts().dropped >= total, 10_000);
  expect(counts().entries + counts().dropped).toBe(total);
  expect(counts().dropped).toBeGreaterThan(0);
  stalled.destroy();
  prompt.close();
});

test("an idle follow gets a heartbeat within 15 s, and ends when its key is revoked", TIMED, async () => {
  const { id, key, keyId } = await server.api.createProject("idle");
  const follow = await TailFollow.open(server.api, key);
  const openedAtMs = Date.now();
  await until("a heartbeat came", () => follow.events.some(({ name }) => name === "heartbeat"), 16_000);
  expect(Date.now() - openedAtMs).toBeLessThanOrEqual(15_500);
  expect((await server.api.operator("DELETE", `/projects/${id}/keys/${keyId}`)).status).toBe(204);
  await until("the follow has ended", () => follow.ended, 7_000);
});

test("a stopping server ends its follows", async () => {
  const follow = await TailFollow.open(server.api, project.key);
  await server.restart();
  expect(follow.ended).toBe(true);
});
