import { sql } from "drizzle-orm";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";

/** pingDatabase resolves when the database answers; throws CatalogError. */
export async function pingDatabase(database: CatalogDatabase): Promise<void> {
  await database.run("reach the database", (db) => db.execute(sql`select 1`));
}
