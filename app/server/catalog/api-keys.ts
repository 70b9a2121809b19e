import { and, asc, eq, gt, isNull, lt, or, sql } from "drizzle-orm";
import type { ApiKey, ApiKeyScope, CreateApiKey } from "#app/core/project.ts";
import { generateApiKey, hashApiKey, prefixOfApiKey } from "#app/server/catalog/api-key-secret.ts";
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
): Promise<IssuedApiKey | null> {
  if (!isUuid(projectId)) return null;
  const key = generateApiKey();
  const rows = await database.run("create key", (db) =>
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
          .where(and(eq(projects.id, projectId), isNull(projects.deletedAt))),
      )
      .returning(),
  );
  return rows[0] === undefined ? null : { ...toApiKey(rows[0]), key };
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
): Promise<IssuedApiKey | null> {
  if (!isUuid(projectId) || !isUuid(keyId)) return null;
  const key = generateApiKey();
  const rows = await database.run("rotate key", (db) =>
    db
      .update(apiKeys)
      .set({ keySha256: hashApiKey(key), prefix: prefixOfApiKey(key), lastUsedAt: null })
      .where(and(keyOfProject(projectId, keyId), isNull(apiKeys.revokedAt)))
      .returning(),
  );
  return rows[0] === undefined ? null : { ...toApiKey(rows[0]), key };
}

/** revokeApiKey ends a key; false when the project has no such key. Revoking twice is fine. */
export async function revokeApiKey(database: CatalogDatabase, projectId: string, keyId: string): Promise<boolean> {
  if (!isUuid(projectId) || !isUuid(keyId)) return false;
  const rows = await database.run("revoke key", (db) =>
    db
      .update(apiKeys)
      .set({ revokedAt: sql`coalesce(${apiKeys.revokedAt}, now())` })
      .where(keyOfProject(projectId, keyId))
      .returning({ id: apiKeys.id }),
  );
  return rows.length === 1;
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
