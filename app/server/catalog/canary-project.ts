import { ne, sql } from "drizzle-orm";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import { projects } from "#app/server/catalog/schema.ts";

/**
 * CANARY_PROJECT_ID names the project that the server writes its own lines to. It has no key and no members, and is in no
 * list; being an id, it stays so when `npm run reindex` makes the row anew.
 */
export const CANARY_PROJECT_ID = "00000000-0000-7000-8000-00000000ca4a";

const SLUG = "akavelog-canary";
const RETENTION_DAYS = 1;

/** createCanaryProject makes the row that batches refer to, if there is none yet. Throws CatalogError. */
export async function createCanaryProject(database: CatalogDatabase): Promise<void> {
  await database.run("create canary project", (db) =>
    db
      .insert(projects)
      .values({ id: CANARY_PROJECT_ID, name: "Canary", slug: SLUG, retentionDays: RETENTION_DAYS })
      .onConflictDoNothing({ target: projects.id }),
  );
}

/** isUsersProject leaves the canary's out of what people and the operator see. */
export function isUsersProject() {
  return ne(projects.id, sql`${CANARY_PROJECT_ID}::uuid`);
}
