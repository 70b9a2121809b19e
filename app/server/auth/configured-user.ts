import { hashPassword } from "#app/server/auth/password.ts";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import { createFirstUser } from "#app/server/catalog/users.ts";
import type { Env } from "#app/server/env.ts";

/** createConfiguredUser makes the first user where the configuration names one; later starts find that there is one. */
export async function createConfiguredUser(user: Env["firstUser"], database: CatalogDatabase): Promise<void> {
  if (user === null) return;
  await createFirstUser(database, { email: user.email, passwordHash: await hashPassword(user.password) });
}
