import { and, asc, eq, isNull, ne, or, sql } from "drizzle-orm";
import type { Account, Member, Role } from "#app/core/account.ts";
import type { Project } from "#app/core/project.ts";
import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";
import { runNoted, SYSTEM, type Actor } from "#app/server/catalog/audit-log.ts";
import { isUsersProject } from "#app/server/catalog/canary-project.ts";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import { isUuid } from "#app/server/catalog/is-uuid.ts";
import { toProject } from "#app/server/catalog/projects.ts";
import { memberships, projects, users } from "#app/server/catalog/schema.ts";

/** ProjectOfAccount is a project with what a person may do in it. */
export interface ProjectOfAccount {
  project: Project;
  role: Role;
}

/** listProjectsOf returns the projects a person may open, by name. An admin owns them all. */
export async function listProjectsOf(database: CatalogDatabase, { id, isAdmin }: Account): Promise<ProjectOfAccount[]> {
  const rows = await database.run("list projects of user", (db) =>
    db
      .select({ project: projects, role: memberships.role })
      .from(projects)
      .leftJoin(memberships, and(eq(memberships.projectId, projects.id), eq(memberships.userId, id)))
      .where(and(isNull(projects.deletedAt), isUsersProject(), isAdmin ? undefined : eq(memberships.userId, id)))
      .orderBy(sql`lower(${projects.name})`, asc(projects.id)),
  );
  return rows.map(({ project, role }) => ({
    project: toProject(project),
    role: isAdmin ? "owner" : (role ?? "viewer"),
  }));
}

/** findProjectOf opens a project by its slug; null when there is none or the person does not belong to it. */
export async function findProjectOf(
  database: CatalogDatabase,
  { id, isAdmin }: Account,
  slug: string,
): Promise<ProjectOfAccount | null> {
  // PostgreSQL refuses NUL, and an address can carry one.
  if (slug.includes("\0")) return null;
  const rows = await database.run("read project of user", (db) =>
    db
      .select({ project: projects, role: memberships.role })
      .from(projects)
      .leftJoin(memberships, and(eq(memberships.projectId, projects.id), eq(memberships.userId, id)))
      .where(and(eq(projects.slug, slug), isNull(projects.deletedAt), isUsersProject())),
  );
  const role = isAdmin ? "owner" : rows[0]?.role;
  return rows[0] === undefined || role === null || role === undefined
    ? null
    : { project: toProject(rows[0].project), role };
}

/** findRole returns what a person may do in a project by their membership; null without one. */
export async function findRole(database: CatalogDatabase, projectId: string, userId: string): Promise<Role | null> {
  if (!isUuid(projectId)) return null;
  const rows = await database.run("read role", (db) =>
    db.select({ role: memberships.role }).from(memberships).where(memberOf(projectId, userId)),
  );
  return rows[0]?.role ?? null;
}

/** addMember gives a person a role in a project, or another one. */
export async function addMember(
  database: CatalogDatabase,
  { projectId, userId, role }: { projectId: string; userId: string; role: Role },
): Promise<void> {
  await database.run("add member", (db) =>
    db
      .insert(memberships)
      .values({ projectId, userId, role })
      .onConflictDoUpdate({ target: [memberships.projectId, memberships.userId], set: { role } }),
  );
}

/** listMembers returns the people of a project, in the order they came. */
export async function listMembers(database: CatalogDatabase, projectId: string): Promise<Member[]> {
  const rows = await database.run("list members", (db) =>
    db
      .select({ userId: users.id, email: users.email, role: memberships.role, joinedAt: memberships.createdAt })
      .from(memberships)
      .innerJoin(users, eq(users.id, memberships.userId))
      .where(eq(memberships.projectId, projectId))
      .orderBy(asc(memberships.createdAt), asc(users.email)),
  );
  return rows.map((row) => ({ ...row, joinedAt: row.joinedAt.toISOString() }));
}

/** changeRole gives a member another role. False when that would leave the project without an owner, or there is no such member. */
export async function changeRole(
  database: CatalogDatabase,
  { projectId, userId, role }: { projectId: string; userId: string; role: Role },
  by: Actor = SYSTEM,
): Promise<boolean> {
  if (!isUuid(userId)) return false;
  const change = (db: PostgresJsDatabase) =>
    db
      .update(memberships)
      .set({ role })
      .where(and(memberOf(projectId, userId), role === "owner" ? undefined : leavesAnOwner(projectId, userId)))
      .returning({ userId: memberships.userId });
  const note = {
    projectId,
    action: "role-changed",
    by,
    target: sql`${EMAIL_OF_CHANGED} || ' to ' || ${role}`,
  } as const;
  return (await runNoted(database, "change role", change, note)).length === 1;
}

/** removeMember takes a person out of a project. False when that would leave it without an owner, or there is no such member. */
export async function removeMember(
  database: CatalogDatabase,
  projectId: string,
  userId: string,
  by: Actor = SYSTEM,
): Promise<boolean> {
  if (!isUuid(userId)) return false;
  const change = (db: PostgresJsDatabase) =>
    db
      .delete(memberships)
      .where(and(memberOf(projectId, userId), leavesAnOwner(projectId, userId)))
      .returning({ userId: memberships.userId });
  const note = { projectId, action: "member-removed", by, target: EMAIL_OF_CHANGED } as const;
  return (await runNoted(database, "remove member", change, note)).length === 1;
}

const EMAIL_OF_CHANGED = sql`(select email from users where id = changed.user_id)`;

function memberOf(projectId: string, userId: string) {
  return and(eq(memberships.projectId, projectId), eq(memberships.userId, userId));
}

/** A project of the operator's may have no owner at all; then nobody is its last one. */
function leavesAnOwner(projectId: string, userId: string) {
  return or(
    ne(memberships.role, "owner"),
    sql`exists (
      select 1 from memberships as others
      where others.project_id = ${projectId} and others.user_id <> ${userId} and others.role = 'owner'
    )`,
  );
}
