import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { API_ENV, apiClient, until, type ApiClient } from "#tests/support/api-client.ts";
import { startApiServer, storeEnv, type ApiServer } from "#tests/support/api-server.ts";
import { startS3Server, type S3Server } from "#tests/support/s3-server.ts";
import { startServer, type TestServer } from "#tests/support/server.ts";
import { TailFollow } from "#tests/support/tail-follow.ts";

/** Nothing here is stored because it is old enough. */
const BATCH_MAX_AGE_MS = "3600000";

let store: S3Server;
let first: ApiServer;
let second: TestServer;
let secondApi: ApiClient;
let directory: string;

beforeAll(async () => {
  store = await startS3Server();
  first = await startApiServer({ store, env: { BATCH_MAX_AGE_MS } });
  directory = await mkdtemp(path.join(tmpdir(), "akavelog-second-"));
  second = await startServer({
    dataDirectory: directory,
    env: {
      ...API_ENV,
      DATABASE_URL: first.database.url,
      SESSION_SECRET: first.env("SESSION_SECRET") ?? "",
      ...storeEnv(store),
      BATCH_MAX_AGE_MS,
    },
  });
  secondApi = apiClient(() => second);
});

afterAll(async () => {
  await second.stop();
  await first.close();
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

test("a follow has the lines that other processes take in as well, each once", async () => {
  const project = await first.api.createProject("two");
  const other = await first.api.createProject("other");
  await secondApi.commit(project.key, '{"message":"before the follow"}');
  const follow = await TailFollow.open(first.api, project.key, "?query=line");
  // The feed has looked once when it hands on the first of these.
  await until("the follow is known", async () => {
    await secondApi.commit(project.key, '{"message":"a line to begin with"}');
    return follow.entries().length > 0;
  });
  const sent = Array.from({ length: 20 }, (_, i) => `line ${i}`);
  for (const [i, message] of sent.entries()) {
    const api = i % 2 === 0 ? first.api : secondApi;
    await api.ingest(project.key, JSON.stringify({ message }));
    await api.ingest(other.key, JSON.stringify({ message: `their ${message}` }));
  }
  const numbered = () =>
    follow
      .entries()
      .map(({ message }) => message)
      .filter((message) => /line \d/.test(message));
  await until("all came", () => numbered().length >= sent.length);
  await secondApi.ingest(project.key, '{"message":"the last line"}');
  await until("the last came", () => follow.entries().some(({ message }) => message === "the last line"));
  expect(numbered().sort()).toEqual(sent.sort());
  const { entries } = await first.api.query(project.key, { query: '"the last line"' });
  expect(follow.entries().at(-1)).toEqual(entries[0]);
  follow.close();
});
