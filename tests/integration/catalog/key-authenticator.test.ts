import pino from "pino";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { KeyAuthenticator } from "#app/server/auth/key-authenticator.ts";
import { generateApiKey } from "#app/server/catalog/api-key-secret.ts";
import {
  createApiKey,
  listApiKeys,
  revokeApiKey,
  rotateApiKey,
  type IssuedApiKey,
} from "#app/server/catalog/api-keys.ts";
import { CatalogDatabase } from "#app/server/catalog/database.ts";
import { createProject, deleteProject } from "#app/server/catalog/projects.ts";
import type { Project } from "#app/core/project.ts";
import { CatalogError } from "#app/server/ingest/batch-catalog.ts";
import type { Clock } from "#app/server/system/clock.ts";
import { openTestDatabase, type TestDatabase } from "#tests/support/postgres.ts";

const logger = pino({ level: "silent" });

/** Counts questions, and can be away or hang. */
class WatchedDatabase extends CatalogDatabase {
  questions = 0;
  mode: "well" | "away" | "hanging" = "well";

  override run<T>(...args: Parameters<CatalogDatabase["run"]>): Promise<T> {
    if (args[0] === "verify key") this.questions++;
    if (this.mode === "away") return Promise.reject(new CatalogError(args[0], "unavailable", "away"));
    if (this.mode === "hanging") return new Promise(() => undefined);
    return super.run(...args) as Promise<T>;
  }
}

/** Stands still until told otherwise; a sleep makes its time pass at once. */
class TestClock implements Clock {
  now = Date.now();
  sleeps: number[] = [];

  nowMs(): number {
    return this.now;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    // Real work gets its chance first.
    await new Promise((resolve) => setTimeout(resolve, 300));
    signal?.throwIfAborted();
    this.sleeps.push(ms);
    this.now += ms;
  }
}

let db: TestDatabase;
let database: WatchedDatabase;
let clock: TestClock;
let authenticator: KeyAuthenticator;
let project: Project;
let key: IssuedApiKey;

beforeAll(async () => {
  db = await openTestDatabase();
});
afterAll(async () => {
  await database.close();
  await db.drop();
});
beforeEach(async () => {
  await database?.close();
  clock = new TestClock();
  database = new WatchedDatabase({ url: db.url, logger, maxConnections: 2 });
  authenticator = new KeyAuthenticator({ database, logger, clock });
  project = await createProject(db.database, { name: "Shop", retentionDays: 30 });
  const issued = await createApiKey(db.database, project.id, { name: "key", scopes: ["ingest"] });
  if (issued === null) throw new Error("no project");
  key = issued;
});

const identity = () => ({
  projectId: project.id,
  projectSlug: project.slug,
  keyId: key.id,
  scopes: ["ingest"],
  lines: { open: true, keepRaw: false },
});

test("a valid key names its project, and its next uses ask nothing", async () => {
  expect(await authenticator.verify(key.key)).toEqual(identity());
  clock.now += 2_900;
  expect(await authenticator.verify(key.key)).toEqual(identity());
  expect(database.questions).toBe(1);
});

test("garbage costs no question, a made-up key with a right checksum costs one", async () => {
  const mistyped = key.key.slice(0, -1) + (key.key.endsWith("a") ? "b" : "a");
  for (const garbage of ["", "akl_", "akl_short", mistyped, `${key.key} `, "nul\0"]) {
    expect(await authenticator.verify(garbage)).toBe("unknown");
  }
  expect(database.questions).toBe(0);
  const madeUp = generateApiKey();
  expect(await authenticator.verify(madeUp)).toBe("unknown");
  expect(await authenticator.verify(madeUp)).toBe("unknown");
  expect(database.questions).toBe(1);
});

test("fifty requests with one key share one question", async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, () => authenticator.verify(key.key)));
  expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(new Set([JSON.stringify(identity())]));
  expect(database.questions).toBe(1);
});

test.each([
  ["revoked", () => revokeApiKey(db.database, project.id, key.id)],
  ["rotated", () => rotateApiKey(db.database, project.id, key.id)],
  ["deleted with its project", () => deleteProject(db.database, project.id)],
])("a key that another process has %s is refused within 5 s", async (_, end) => {
  expect(await authenticator.verify(key.key)).toEqual(identity());
  await end();
  clock.now += 3_000;
  expect(await authenticator.verify(key.key)).toBe("unknown");
});

test("a key that expires is refused at once, even from memory", async () => {
  const expiresAt = new Date(clock.now + 60_000).toISOString();
  const short = await createApiKey(db.database, project.id, { name: "short", scopes: ["query"], expiresAt });
  expect(await authenticator.verify(short?.key ?? "")).toMatchObject({ keyId: short?.id });
  database.mode = "away";
  clock.now += 59_000;
  expect(await authenticator.verify(short?.key ?? "")).toMatchObject({ keyId: short?.id });
  clock.now += 1_000;
  expect(await authenticator.verify(short?.key ?? "")).toBe("unknown");
});

test("while the database is away a key works for ten minutes after it was last verified, another does not", async () => {
  await authenticator.verify(key.key);
  database.mode = "away";
  clock.now += 10 * 60_000 - 1;
  expect(await authenticator.verify(key.key)).toEqual(identity());
  await expect(authenticator.verify(generateApiKey())).rejects.toMatchObject({ kind: "unavailable" });
  clock.now += 1;
  await expect(authenticator.verify(key.key)).rejects.toMatchObject({ kind: "unavailable" });
  database.mode = "well";
  expect(await authenticator.verify(key.key)).toEqual(identity());
});

test("a key that was revoked before the database went away stays refused", async () => {
  await authenticator.verify(key.key);
  await revokeApiKey(db.database, project.id, key.id);
  clock.now += 3_000;
  expect(await authenticator.verify(key.key)).toBe("unknown");
  database.mode = "away";
  clock.now += 3_000;
  await expect(authenticator.verify(key.key)).rejects.toMatchObject({ kind: "unavailable" });
});

test("a hanging database holds one request for 1.5 s and the next ones not at all", async () => {
  await authenticator.verify(key.key);
  database.mode = "hanging";
  clock.now += 3_000;
  expect(await authenticator.verify(key.key)).toEqual(identity());
  expect(clock.sleeps).toEqual([1_500]);
  expect(await authenticator.verify(key.key)).toEqual(identity());
  expect(clock.sleeps).toEqual([1_500]);
});

test("the last use is noted once a minute, in the background", async () => {
  await authenticator.verify(key.key);
  await authenticator.verify(key.key);
  await authenticator.close();
  const lastUsedAt = async () => (await listApiKeys(db.database, project.id))[0]?.lastUsedAt ?? null;
  expect(await lastUsedAt()).not.toBeNull();
  await db.sql`update api_keys set last_used_at = null where id = ${key.id}`;
  clock.now += 59_000;
  await authenticator.verify(key.key);
  await authenticator.close();
  expect(await lastUsedAt()).toBeNull();
  clock.now += 1_000;
  await authenticator.verify(key.key);
  await authenticator.close();
  expect(await lastUsedAt()).not.toBeNull();
});
