import { and, asc, eq, gt, isNull, lt, or, sql } from "drizzle-orm";
import type { ApiKey, ApiKeyScope, CreateApiKey } from "#app/core/project.ts";
import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";
import { runNoted, SYSTEM, type Actor } from "#app/server/catalog/audit-log.ts";
import { generateApiKey, hashApiKey, prefixOfApiKey } from "#app/server/catalog/api-key-secret.ts";
import { isUsersProject } from "#app/server/catalog/canary-project.ts";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import { isUuid } from "#app/server/catalog/is-uuid.ts";
import { apiKeys, projects } from "#app/server/catalog/schema.ts";

type ApiKeyRow = typeof apiKeys.$inferSelect;

/** IssuedApiKey is a new key; `key` is known now and never again. */
export interface IssuedApiKey extends ApiKey {
  key: string;
}

/** KeyOwner is what a valid key stands for. */
export interface KeyOwner {
  keyId: string;
  projectId: string;
  projectSlug: string;
  scopes: ApiKeyScope[];
  expiresAt: Date | null;
  keySha256: string;
  openLines: boolean;
  keepRawLines: boolean;
}

/** createApiKey makes a key for a project; null when the project is deleted or never was. */
export async function createApiKey(
  database: CatalogDatabase,
  projectId: string,
  { name, scopes, expiresAt }: CreateApiKey,
  by: Actor = SYSTEM,
): Promise<IssuedApiKey | null> {
  if (!isUuid(projectId)) return null;
  const key = generateApiKey();
  const change = (db: PostgresJsDatabase) =>
    db
      .insert(apiKeys)
      // Selected from the project: a deleted one gets no key. One that is deleted at this very moment may keep a key in
      // the list, which findKeyOwner refuses.
      .select(
        db
          .select({
            id: sql`gen_random_uuid()`.as("id"),
            projectId: projects.id,
            name: sql`${name}::text`.as("name"),
            prefix: sql`${prefixOfApiKey(key)}::text`.as("prefix"),
            keySha256: sql`${hashApiKey(key)}::text`.as("key_sha256"),
            scopes: sql`${sql.param(scopes, apiKeys.scopes)}::text[]`.as("scopes"),
            createdAt: sql`now()`.as("created_at"),
            expiresAt: sql`${expiresAt ?? null}::timestamptz`.as("expires_at"),
            revokedAt: sql`null::timestamptz`.as("revoked_at"),
            lastUsedAt: sql`null::timestamptz`.as("last_used_at"),
          })
          .from(projects)
          .where(and(eq(projects.id, projectId), isNull(projects.deletedAt), isUsersProject())),
      )
      .returning();
  const note = { projectId, action: "key-created", by, target: NAME_OF_CHANGED } as const;
  const rows = await runNoted<RawApiKey>(database, "create key", change, note);
  return rows[0] === undefined ? null : { ...toApiKey(fromRaw(rows[0])), key };
}

/** listApiKeys returns all keys of a project, revoked ones too, oldest first. */
export async function listApiKeys(database: CatalogDatabase, projectId: string): Promise<ApiKey[]> {
  if (!isUuid(projectId)) return [];
  const rows = await database.run("list keys", (db) =>
    db.select().from(apiKeys).where(eq(apiKeys.projectId, projectId)).orderBy(asc(apiKeys.createdAt), asc(apiKeys.id)),
  );
  return rows.map(toApiKey);
}

/**
 * rotateApiKey gives a key a new secret under the same id; the old one is refused from then on (see KeyAuthenticator
 * for how soon everywhere). Null when the project has no such key or it is revoked.
 */
export async function rotateApiKey(
  database: CatalogDatabase,
  projectId: string,
  keyId: string,
  by: Actor = SYSTEM,
): Promise<IssuedApiKey | null> {
  if (!isUuid(projectId) || !isUuid(keyId)) return null;
  const key = generateApiKey();
  const change = (db: PostgresJsDatabase) =>
    db
      .update(apiKeys)
      .set({ keySha256: hashApiKey(key), prefix: prefixOfApiKey(key), lastUsedAt: null })
      .where(and(keyOfProject(projectId, keyId), isNull(apiKeys.revokedAt)))
      .returning();
  const note = { projectId, action: "key-rotated", by, target: NAME_OF_CHANGED } as const;
  const rows = await runNoted<RawApiKey>(database, "rotate key", change, note);
  return rows[0] === undefined ? null : { ...toApiKey(fromRaw(rows[0])), key };
}

/** revokeApiKey ends a key; false when the project has no such key. Revoking twice is fine. */
export async function revokeApiKey(
  database: CatalogDatabase,
  projectId: string,
  keyId: string,
  by: Actor = SYSTEM,
): Promise<boolean> {
  if (!isUuid(projectId) || !isUuid(keyId)) return false;
  const change = (db: PostgresJsDatabase) =>
    db
      .update(apiKeys)
      .set({ revokedAt: sql`coalesce(${apiKeys.revokedAt}, now())` })
      .where(keyOfProject(projectId, keyId))
      .returning({ name: apiKeys.name });
  const note = { projectId, action: "key-revoked", by, target: NAME_OF_CHANGED } as const;
  return (await runNoted(database, "revoke key", change, note)).length === 1;
}

/**
 * findKeyOwner looks a key up by its hash: the one function here that takes no project, because the key is what names it.
 * Null for unknown, expired and revoked keys, and for keys of deleted projects.
 */
export async function findKeyOwner(database: CatalogDatabase, keySha256: string): Promise<KeyOwner | null> {
  const rows = await database.run("verify key", (db) =>
    db
      .select({
        keyId: apiKeys.id,
        projectId: apiKeys.projectId,
        projectSlug: projects.slug,
        scopes: apiKeys.scopes,
        expiresAt: apiKeys.expiresAt,
        keySha256: apiKeys.keySha256,
        openLines: projects.openLines,
        keepRawLines: projects.keepRawLines,
      })
      .from(apiKeys)
      .innerJoin(projects, eq(projects.id, apiKeys.projectId))
      .where(
        and(
          eq(apiKeys.keySha256, keySha256),
          isNull(apiKeys.revokedAt),
          isNull(projects.deletedAt),
          or(isNull(apiKeys.expiresAt), gt(apiKeys.expiresAt, sql`now()`)),
        ),
      ),
  );
  return rows[0] ?? null;
}

/** touchApiKey notes that a key was used, unless another process did within `intervalMs`. */
export async function touchApiKey(
  database: CatalogDatabase,
  projectId: string,
  keyId: string,
  intervalMs: number,
): Promise<void> {
  const before = sql`now() - make_interval(secs => ${intervalMs / 1000}::double precision)`;
  await database.run("note the use of a key", (db) =>
    db
      .update(apiKeys)
      .set({ lastUsedAt: sql`now()` })
      .where(and(keyOfProject(projectId, keyId), or(isNull(apiKeys.lastUsedAt), lt(apiKeys.lastUsedAt, before)))),
  );
}

function keyOfProject(projectId: string, keyId: string) {
  return and(eq(apiKeys.projectId, projectId), eq(apiKeys.id, keyId));
}

const NAME_OF_CHANGED = sql`changed.name`;

/** RawApiKey is a row under the database's own names; times and lists are text. */
interface RawApiKey extends Record<string, unknown> {
  id: string;
  project_id: string;
  name: string;
  prefix: string;
  key_sha256: string;
  scopes: string;
  created_at: string;
  expires_at: string | null;
  revoked_at: string | null;
  last_used_at: string | null;
}

function fromRaw(row: RawApiKey): ApiKeyRow {
  const moment = (text: string | null) => (text === null ? null : new Date(text));
  return {
    id: row.id,
    projectId: row.project_id,
    name: row.name,
    prefix: row.prefix,
    keySha256: row.key_sha256,
    scopes: apiKeys.scopes.mapFromDriverValue(row.scopes) as ApiKeyScope[],
    createdAt: new Date(row.created_at),
    expiresAt: moment(row.expires_at),
    revokedAt: moment(row.revoked_at),
    lastUsedAt: moment(row.last_used_at),
  };
}

function toApiKey(row: ApiKeyRow): ApiKey {
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    scopes: row.scopes,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt?.toISOString() ?? null,
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    revokedAt: row.revokedAt?.toISOString() ?? null,
  };
}
