import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isWellFormedApiKey, hashApiKey } from "#app/server/catalog/api-key-secret.ts";
import { createApiKey, findKeyOwner, listApiKeys, revokeApiKey, rotateApiKey } from "#app/server/catalog/api-keys.ts";
import {
  createProject,
  deleteProject,
  getProject,
  getProjectBySlug,
  listProjects,
  updateProject,
} from "#app/server/catalog/projects.ts";
import { openTestDatabase, type TestDatabase } from "#tests/support/postgres.ts";

let db: TestDatabase;

beforeAll(async () => {
  db = await openTestDatabase();
});
afterAll(() => db.drop());

function newProject(name = "Shop") {
  return createProject(db.database, { name, retentionDays: 30 });
}

const ALL_SCOPES = { name: "first", scopes: ["ingest", "query", "admin"] } as const;

async function newKey(projectId: string, expiresAt?: string) {
  const issued = await createApiKey(db.database, projectId, {
    ...ALL_SCOPES,
    scopes: [...ALL_SCOPES.scopes],
    expiresAt,
  });
  if (issued === null) throw new Error("no such project");
  return issued;
}

test("a project comes back as it was made, by id and by slug", async () => {
  const project = await newProject("Café Zürich");
  expect(project).toMatchObject({ name: "Café Zürich", slug: "cafe-zurich", retentionDays: 30 });
  expect(Date.now() - Date.parse(project.createdAt)).toBeLessThan(60_000);
  expect(await getProject(db.database, project.id)).toEqual(project);
  expect(await getProjectBySlug(db.database, "cafe-zurich")).toEqual(project);
  expect(await listProjects(db.database)).toContainEqual(project);
});

test("fifteen projects of one name made at once get fifteen slugs without a gap", async () => {
  const other = db.connect();
  const made = await Promise.all(
    Array.from({ length: 15 }, (_, at) =>
      createProject(at % 2 ? db.database : other, { name: "Race", retentionDays: 30 }),
    ),
  );
  const numbers = made
    .map(({ slug }) => (slug === "race" ? 1 : Number(slug.replace("race-", ""))))
    .sort((a, b) => a - b);
  expect(numbers).toEqual(Array.from({ length: 15 }, (_, at) => at + 1));
});

test("a patch changes what it names and leaves the slug", async () => {
  const project = await newProject("Before");
  expect(await updateProject(db.database, project.id, { name: "After" })).toEqual({ ...project, name: "After" });
  expect(await updateProject(db.database, project.id, { retentionDays: 7 })).toEqual({
    ...project,
    name: "After",
    retentionDays: 7,
  });
});

test("a deleted project is gone for everybody, its keys with it, and its slug is never given again", async () => {
  const project = await newProject("Short lived");
  const key = await newKey(project.id);
  expect(await deleteProject(db.database, project.id)).toBe(true);
  expect(await getProject(db.database, project.id)).toBeNull();
  expect(await getProjectBySlug(db.database, project.slug)).toBeNull();
  expect((await listProjects(db.database)).map(({ id }) => id)).not.toContain(project.id);
  expect(await updateProject(db.database, project.id, { name: "x" })).toBeNull();
  expect(await deleteProject(db.database, project.id)).toBe(false);
  expect(await findKeyOwner(db.database, hashApiKey(key.key))).toBeNull();
  expect((await listApiKeys(db.database, project.id))[0]?.revokedAt).not.toBeNull();
  expect(await createApiKey(db.database, project.id, { name: "late", scopes: ["query"] })).toBeNull();
  expect((await newProject("Short lived")).slug).toBe("short-lived-2");
});

test("ids that are no uuids are unknown and no database errors", async () => {
  for (const id of ["", "1", "../x", "nul\0", `${randomUUID()}x`]) {
    expect(await getProject(db.database, id)).toBeNull();
    expect(await getProjectBySlug(db.database, id)).toBeNull();
    expect(await updateProject(db.database, id, { name: "x" })).toBeNull();
    expect(await deleteProject(db.database, id)).toBe(false);
    expect(await listApiKeys(db.database, id)).toEqual([]);
    expect(await rotateApiKey(db.database, id, id)).toBeNull();
    expect(await revokeApiKey(db.database, id, id)).toBe(false);
  }
});

test("a key is shown once: the database has its hash, the list its first characters", async () => {
  const project = await newProject();
  const issued = await newKey(project.id, "2099-01-01T02:00:00+02:00");
  expect(isWellFormedApiKey(issued.key)).toBe(true);
  const { key, ...listed } = issued;
  expect(await listApiKeys(db.database, project.id)).toEqual([listed]);
  expect(listed).toMatchObject({
    name: "first",
    prefix: key.slice(0, 10),
    scopes: ["ingest", "query", "admin"],
    expiresAt: "2099-01-01T00:00:00.000Z",
    lastUsedAt: null,
    revokedAt: null,
  });
  const stored = await db.sql`select to_jsonb(api_keys)::text as row from api_keys where id = ${issued.id}`;
  expect(stored[0]?.["row"]).not.toContain(key);
  expect(stored[0]?.["row"]).toContain(hashApiKey(key));
  expect(await findKeyOwner(db.database, hashApiKey(key))).toMatchObject({
    keyId: issued.id,
    projectId: project.id,
    projectSlug: project.slug,
  });
});

test("rotation gives a new secret under the same id and ends the old one", async () => {
  const project = await newProject();
  const first = await newKey(project.id);
  const second = await rotateApiKey(db.database, project.id, first.id);
  expect(second).toMatchObject({ id: first.id, name: "first", scopes: ["ingest", "query", "admin"] });
  expect(await findKeyOwner(db.database, hashApiKey(first.key))).toBeNull();
  expect(await findKeyOwner(db.database, hashApiKey(second?.key ?? ""))).toMatchObject({ keyId: first.id });
});

test("a revoked key cannot be rotated back to life", async () => {
  const project = await newProject();
  const key = await newKey(project.id);
  expect(await revokeApiKey(db.database, project.id, key.id)).toBe(true);
  expect(await revokeApiKey(db.database, project.id, key.id)).toBe(true);
  expect(await rotateApiKey(db.database, project.id, key.id)).toBeNull();
  expect(await findKeyOwner(db.database, hashApiKey(key.key))).toBeNull();
});

test("no project reaches another's keys", async () => {
  const [mine, other] = [await newProject("Mine"), await newProject("Other")];
  const key = await newKey(other.id);
  expect(await listApiKeys(db.database, mine.id)).toEqual([]);
  expect(await rotateApiKey(db.database, mine.id, key.id)).toBeNull();
  expect(await revokeApiKey(db.database, mine.id, key.id)).toBe(false);
  expect(await findKeyOwner(db.database, hashApiKey(key.key))).toMatchObject({ projectId: other.id });
});

test("an expired key is unknown", async () => {
  const project = await newProject();
  const key = await newKey(project.id, new Date(Date.now() - 1_000).toISOString());
  expect(await findKeyOwner(db.database, hashApiKey(key.key))).toBeNull();
});
