import { eq, sql } from "drizzle-orm";
import type { Account } from "#app/core/account.ts";
import { noted, SYSTEM, type Actor } from "#app/server/catalog/audit-log.ts";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import { users } from "#app/server/catalog/schema.ts";

/** NewUser is a person to be; `email` in lower case. */
export interface NewUser {
  email: string;
  passwordHash: string | null;
  /** `<issuer> <subject>` of an identity provider. */
  oidcSubject?: string;
}

/** hasUsers tells whether the first visit has been. */
export async function hasUsers(database: CatalogDatabase): Promise<boolean> {
  const rows = await database.run("look for users", (db) => db.select({ id: users.id }).from(users).limit(1));
  return rows.length > 0;
}

/** createFirstUser makes the installation's first user, an admin. Null when there is one already, also made just now by another visit. */
export async function createFirstUser(database: CatalogDatabase, user: NewUser): Promise<Account | null> {
  const rows = await database.run("create first user", (db) =>
    db
      .insert(users)
      .values({ ...user, isAdmin: true, isFirst: true })
      .onConflictDoNothing()
      .returning(),
  );
  return rows[0] === undefined ? null : toAccount(rows[0]);
}

/**
 * signUpIdentified returns the account of somebody an identity provider vouches for: the one that signed in so before, else
 * the one of the address, else a new one. The installation's first is an admin.
 */
export async function signUpIdentified(
  database: CatalogDatabase,
  { subject, email }: { subject: string; email: string },
): Promise<Account> {
  const first = await createFirstUser(database, { email, passwordHash: null, oidcSubject: subject });
  if (first !== null) return first;
  const rows = await database.run("sign in by identity provider", (db) =>
    db.execute<{ id: string; email: string; is_admin: boolean }>(sql`
      with known as (
        select id, email, is_admin from users where oidc_subject = ${subject}
      ), joined as (
        insert into users (email, oidc_subject) select ${email}, ${subject} where not exists (select 1 from known)
        on conflict (email) do update set oidc_subject = excluded.oidc_subject
        returning id, email, is_admin
      )
      select id, email, is_admin from known union all select id, email, is_admin from joined`),
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`cannot make an account for ${email}: the database returned none`);
  return { id: row.id, email: row.email, isAdmin: row.is_admin };
}

/** findCredentials looks an account up by its address; null when there is none. */
export async function findCredentials(
  database: CatalogDatabase,
  email: string,
): Promise<(Account & { passwordHash: string | null }) | null> {
  const rows = await database.run("read user", (db) => db.select().from(users).where(eq(users.email, email)));
  return rows[0] === undefined ? null : { ...toAccount(rows[0]), passwordHash: rows[0].passwordHash };
}

/**
 * setPassword changes a password and ends every session of the account but `keepSession` (hex of its token's hash). False
 * when there is no such account.
 */
export async function setPassword(
  database: CatalogDatabase,
  { email, passwordHash, keepSession }: { email: string; passwordHash: string; keepSession?: string },
  by: Actor = SYSTEM,
): Promise<boolean> {
  const rows = await database.run("set password", (db) =>
    db.execute(sql`
      with changed as (
        update users set password_hash = ${passwordHash} where email = ${email} returning id
      ), ${noted({ projectId: null, action: "password-changed", by, target: by === SYSTEM ? email : "" })}, ended as (
        delete from sessions where user_id in (select id from changed) and token_sha256 <> ${keepSession ?? ""}
      )
      select id from changed`),
  );
  return rows.length === 1;
}

function toAccount({ id, email, isAdmin }: typeof users.$inferSelect): Account {
  return { id, email, isAdmin };
}
