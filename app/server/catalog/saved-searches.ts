import { and, asc, count, eq, ne, sql } from "drizzle-orm";
import { MAX_SAVED_SEARCHES, type SavedSearch } from "#app/core/saved-search.ts";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import { isUuid } from "#app/server/catalog/is-uuid.ts";
import { savedSearches, users } from "#app/server/catalog/schema.ts";

/** listSavedSearches returns what a project keeps, by name. */
export async function listSavedSearches(database: CatalogDatabase, projectId: string): Promise<SavedSearch[]> {
  const rows = await database.run("list saved searches", (db) =>
    db
      .select({
        id: savedSearches.id,
        name: savedSearches.name,
        search: savedSearches.search,
        savedBy: users.email,
        savedAt: savedSearches.savedAt,
      })
      .from(savedSearches)
      .leftJoin(users, eq(users.id, savedSearches.savedBy))
      .where(eq(savedSearches.projectId, projectId))
      .orderBy(asc(sql`lower(${savedSearches.name})`), asc(savedSearches.id)),
  );
  return rows.map((row) => ({ ...row, savedAt: row.savedAt.toISOString() }));
}

/** saveSearch keeps a search under a name, over one that has it already. False when the project has as many as it may. */
export async function saveSearch(
  database: CatalogDatabase,
  { projectId, name, search, savedBy }: { projectId: string; name: string; search: string; savedBy: string },
): Promise<boolean> {
  const others = await database.run("count saved searches", (db) =>
    db
      .select({ count: count() })
      .from(savedSearches)
      .where(and(eq(savedSearches.projectId, projectId), ne(savedSearches.name, name))),
  );
  // Two at once may go one over the limit, which only keeps the list readable.
  if ((others[0]?.count ?? 0) >= MAX_SAVED_SEARCHES) return false;
  await database.run("save search", (db) =>
    db
      .insert(savedSearches)
      .values({ projectId, name, search, savedBy })
      .onConflictDoUpdate({
        target: [savedSearches.projectId, savedSearches.name],
        set: { search, savedBy, savedAt: sql`now()` },
      }),
  );
  return true;
}

/** deleteSavedSearch forgets one; one that is not there is forgotten already. */
export async function deleteSavedSearch(database: CatalogDatabase, projectId: string, id: string): Promise<void> {
  if (!isUuid(id)) return;
  await database.run("delete saved search", (db) =>
    db.delete(savedSearches).where(and(eq(savedSearches.projectId, projectId), eq(savedSearches.id, id))),
  );
}
