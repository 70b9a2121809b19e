import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ADMIN_TOKEN, API_ENV, type FoundEntry, type TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { COMPACT_AT_ONCE, COMPACT_NEVER, untilCompacted } from "#tests/support/compaction.ts";
import { startS3Server, type S3Server } from "#tests/support/s3-server.ts";
import { startServer, type TestServer } from "#tests/support/server.ts";

const PROJECTS = 4;
const OBJECTS = 8;

let store: S3Server;
let first: ApiServer;
let second: TestServer | null = null;
let secondDirectory: string;

beforeAll(async () => {
  store = await startS3Server();
  first = await startApiServer({ store, env: { BATCH_MAX_ENTRIES: "20", ...COMPACT_NEVER } });
  secondDirectory = await mkdtemp(path.join(tmpdir(), "akavelog-second-"));
});

afterAll(async () => {
  await second?.stop();
  await first.close();
  await store.close();
  await rm(secondDirectory, { recursive: true, force: true });
});

interface Step {
  projectId: string;
  objects: number;
  isSwapped: boolean;
}

function stepsOf(output: string): Step[] {
  return output
    .split("\n")
    .filter((line) => line.includes('"msg":"compacted"'))
    .map((line) => JSON.parse(line) as Step);
}

test(
  "two processes over one bucket compact each piece once, and both find every line",
  { timeout: 120_000 },
  async () => {
    const projects: TestProject[] = [];
    for (let i = 0; i < PROJECTS; i++) {
      const project = await first.api.createProject(`shared ${i}`);
      projects.push(project);
      const lines = Array.from({ length: OBJECTS * 20 }, (_, at) => {
        return JSON.stringify({ timestamp: "2026-01-02T03:04:05Z", message: `line ${at} of ${i}` });
      });
      await first.api.commit(project.key, lines.join("\n"));
    }
    const env = { ...COMPACT_AT_ONCE, COMPACT_GRACE_MS: "1000", LOG_LEVEL: "info" };
    const secret = first.env("SESSION_SECRET") ?? "";
    [second] = await Promise.all([
      startServer({
        dataDirectory: secondDirectory,
        env: {
          ...API_ENV,
          AKAVELOG_ADMIN_TOKEN: ADMIN_TOKEN,
          DATABASE_URL: first.database.url,
          SESSION_SECRET: secret,
          O3_ENDPOINT: store.endpoint,
          O3_BUCKET: store.bucket,
          O3_REGION: store.region,
          O3_ACCESS_KEY_ID: store.accessKeyId,
          O3_SECRET_ACCESS_KEY: store.secretAccessKey,
          ...env,
        },
      }),
      first.restart({ env }),
    ]);
    for (const { id } of projects) await untilCompacted(first, id);

    const steps = [...stepsOf(first.process().output()), ...stepsOf(second.output())];
    expect(
      steps.map(({ projectId, objects, isSwapped }) => ({ projectId, objects, isSwapped })).sort(byProject),
    ).toEqual(projects.map(({ id }) => ({ projectId: id, objects: OBJECTS, isSwapped: true })).sort(byProject));
    for (const [i, { key }] of projects.entries()) {
      const expected = Array.from({ length: OBJECTS * 20 }, (_, at) => `line ${at} of ${i}`).sort();
      for (const url of [first.process().url, second.url]) {
        const answer = await fetch(`${url}/query`, {
          method: "POST",
          headers: { "x-api-key": key, accept: "application/json" },
          body: JSON.stringify({ from: 0, limit: 1_000 }),
        });
        const { entries } = (await answer.json()) as { entries: FoundEntry[] };
        expect(entries.map(({ message }) => message).sort()).toEqual(expected);
      }
    }
  },
);

function byProject(a: { projectId: string }, b: { projectId: string }): number {
  return a.projectId < b.projectId ? -1 : 1;
}
