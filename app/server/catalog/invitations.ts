import { and, asc, eq, gt, isNull, sql, type SQL } from "drizzle-orm";
import type { Account, Invitation, Role } from "#app/core/account.ts";
import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";
import { noted, runNoted, SYSTEM, type Actor, type AuditNote } from "#app/server/catalog/audit-log.ts";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import { isUuid } from "#app/server/catalog/is-uuid.ts";
import { invitations, projects } from "#app/server/catalog/schema.ts";
import type { NewUser } from "#app/server/catalog/users.ts";

/** OpenInvitation is what a link that still works leads to. */
export interface OpenInvitation {
  projectName: string;
  projectSlug: string;
  role: Role;
}

/** createInvitation keeps a link that lets one person in. `tokenSha256` in hex. */
export async function createInvitation(
  database: CatalogDatabase,
  invitation: { projectId: string; tokenSha256: string; role: Role; expiresAt: Date },
  by: Actor = SYSTEM,
): Promise<void> {
  const { projectId, role } = invitation;
  const change = (db: PostgresJsDatabase) =>
    db.insert(invitations).values(invitation).returning({ id: invitations.id });
  await runNoted(database, "create invitation", change, { projectId, action: "member-invited", by, target: role });
}

/** listInvitations returns the links of a project that still work, oldest first. */
export async function listInvitations(database: CatalogDatabase, projectId: string): Promise<Invitation[]> {
  const rows = await database.run("list invitations", (db) =>
    db
      .select()
      .from(invitations)
      .where(and(eq(invitations.projectId, projectId), gt(invitations.expiresAt, sql`now()`)))
      .orderBy(asc(invitations.createdAt)),
  );
  return rows.map(({ id, role, createdAt, expiresAt }) => ({
    id,
    role,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
  }));
}

/** withdrawInvitation makes a link useless. */
export async function withdrawInvitation(
  database: CatalogDatabase,
  projectId: string,
  id: string,
  by: Actor = SYSTEM,
): Promise<void> {
  if (!isUuid(id)) return;
  const change = (db: PostgresJsDatabase) =>
    db
      .delete(invitations)
      .where(and(eq(invitations.projectId, projectId), eq(invitations.id, id)))
      .returning({ role: invitations.role });
  const note = { projectId, action: "invitation-withdrawn", by, target: sql`changed.role` } as const;
  await runNoted(database, "withdraw invitation", change, note);
}

/** findInvitation returns where a link leads; null when it is unknown, used, expired or its project gone. */
export async function findInvitation(database: CatalogDatabase, tokenSha256: string): Promise<OpenInvitation | null> {
  const rows = await database.run("read invitation", (db) =>
    db
      .select({ projectName: projects.name, projectSlug: projects.slug, role: invitations.role })
      .from(invitations)
      .innerJoin(projects, eq(projects.id, invitations.projectId))
      .where(
        and(
          eq(invitations.tokenSha256, tokenSha256),
          gt(invitations.expiresAt, sql`now()`),
          isNull(projects.deletedAt),
        ),
      ),
  );
  return rows[0] ?? null;
}

/**
 * acceptInvitation uses a link up and lets its bearer into the project; a person who is there already keeps the higher
 * role. False when the link stopped working meanwhile.
 */
export async function acceptInvitation(
  database: CatalogDatabase,
  tokenSha256: string,
  userId: string,
  by: Actor = SYSTEM,
): Promise<boolean> {
  const rows = await database.run("accept invitation", (db) =>
    db.execute(sql`
      with changed as (${useInvitation(tokenSha256)}), ${noted(JOINED(by))}, joined as (
        insert into memberships (project_id, user_id, role)
        select project_id, ${userId}::uuid, role from changed
        on conflict (project_id, user_id) do update set role = excluded.role
        where array_position(array['owner', 'member', 'viewer'], excluded.role)
            < array_position(array['owner', 'member', 'viewer'], memberships.role)
      )
      select 1 from changed`),
  );
  return rows.length === 1;
}

/**
 * signUpInvited makes an account and lets it into the link's project, both or neither. `taken`: the address has an account,
 * which has to sign in first; `gone`: the link stopped working.
 */
export async function signUpInvited(
  database: CatalogDatabase,
  tokenSha256: string,
  { email, passwordHash }: NewUser,
  address = "",
): Promise<Account | "taken" | "gone"> {
  const rows = await database.run("sign up by invitation", (db) =>
    db.execute<{ id: string | null; taken: boolean }>(sql`
      with taken as (
        select id from users where email = ${email}
      ), changed as (
        ${useInvitation(tokenSha256, sql`and not exists (select 1 from taken)`)}
      ), ${noted(JOINED({ name: email, userId: null, address }))}, made as (
        insert into users (email, password_hash) select ${email}, ${passwordHash} from changed returning id
      ), joined as (
        insert into memberships (project_id, user_id, role) select changed.project_id, made.id, changed.role from changed, made
      )
      select (select id from made) as id, exists (select 1 from taken) as taken`),
  );
  const [row] = rows;
  if (row === undefined || row.taken) return "taken";
  return row.id === null ? "gone" : { id: row.id, email, isAdmin: false };
}

const JOINED = (by: Actor): AuditNote => ({
  projectId: sql`changed.project_id`,
  action: "member-joined",
  by,
  target: sql`changed.role`,
});

function useInvitation(tokenSha256: string, condition: SQL = sql``) {
  return sql`
    delete from invitations using projects
    where invitations.token_sha256 = ${tokenSha256} and invitations.expires_at > now()
      and projects.id = invitations.project_id and projects.deleted_at is null ${condition}
    returning invitations.project_id, invitations.role`;
}
