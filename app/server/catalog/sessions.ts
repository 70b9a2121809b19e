import { and, eq, gt, lt, sql } from "drizzle-orm";
import type { Account } from "#app/core/account.ts";
import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";
import { expireEvents, noteEvent, runNoted, type Actor } from "#app/server/catalog/audit-log.ts";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import { sessions, users } from "#app/server/catalog/schema.ts";

/** NewSession is a sign-in; `tokenSha256` in hex. */
export interface NewSession {
  tokenSha256: string;
  userId: string;
  expiresAt: Date;
  userAgent: string;
  address: string;
}

/** createSession keeps a sign-in, and removes what has expired. */
export async function createSession(database: CatalogDatabase, session: NewSession, by: Actor): Promise<void> {
  const change = (db: PostgresJsDatabase) => db.insert(sessions).values(session).returning({ id: sessions.userId });
  await runNoted(database, "create session", change, { projectId: null, action: "sign-in", by });
  await expireEvents(database);
  await database.run("remove old sessions", (db) => db.delete(sessions).where(lt(sessions.expiresAt, sql`now()`)));
}

/** findSession returns whose session it is; null for one that is unknown, expired or ended. */
export async function findSession(database: CatalogDatabase, tokenSha256: string): Promise<Account | null> {
  const rows = await database.run("read session", (db) =>
    db
      .select({ id: users.id, email: users.email, isAdmin: users.isAdmin })
      .from(sessions)
      .innerJoin(users, eq(users.id, sessions.userId))
      .where(and(eq(sessions.tokenSha256, tokenSha256), gt(sessions.expiresAt, sql`now()`))),
  );
  return rows[0] ?? null;
}

/** endSession signs one browser out. */
export async function endSession(database: CatalogDatabase, tokenSha256: string, by: Actor): Promise<void> {
  const change = (db: PostgresJsDatabase) =>
    db.delete(sessions).where(eq(sessions.tokenSha256, tokenSha256)).returning({ id: sessions.userId });
  await runNoted(database, "end session", change, { projectId: null, action: "sign-out", by });
}

/** endAllSessions signs a person out everywhere. */
export async function endAllSessions(database: CatalogDatabase, userId: string, by: Actor): Promise<void> {
  await database.run("end sessions", (db) => db.delete(sessions).where(eq(sessions.userId, userId)));
  await noteEvent(database, { projectId: null, action: "sign-out-everywhere", by });
}

/** countSessions returns in how many browsers a person is signed in. */
export async function countSessions(database: CatalogDatabase, userId: string): Promise<number> {
  return await database.run("count sessions", (db) =>
    db.$count(sessions, and(eq(sessions.userId, userId), gt(sessions.expiresAt, sql`now()`))),
  );
}
