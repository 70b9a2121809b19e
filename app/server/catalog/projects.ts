import { and, asc, eq, isNull, like, or, sql } from "drizzle-orm";
import type { CreateProject, Project, UpdateProject } from "#app/core/project.ts";
import { noted, noteEvent, SYSTEM, type Actor } from "#app/server/catalog/audit-log.ts";
import { isUsersProject } from "#app/server/catalog/canary-project.ts";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import { isUuid } from "#app/server/catalog/is-uuid.ts";
import { nextFreeSlug, slugOf } from "#app/server/catalog/project-slug.ts";
import { apiKeys, projects } from "#app/server/catalog/schema.ts";

type ProjectRow = typeof projects.$inferSelect;

/** createProject makes a project with a slug of its own. Concurrent calls with one name get different slugs. */
export async function createProject(
  database: CatalogDatabase,
  { name, retentionDays }: CreateProject,
): Promise<Project> {
  const wanted = slugOf(name);
  // Each round that loses its slug to another call sees that slug as taken in the next one.
  for (;;) {
    const slug = nextFreeSlug(wanted, await takenSlugs(database, wanted));
    const rows = await database.run("create project", (db) =>
      db
        .insert(projects)
        .values({ name, slug, retentionDays })
        .onConflictDoNothing({ target: projects.slug })
        .returning(),
    );
    if (rows[0] !== undefined) return toProject(rows[0]);
  }
}

/** listProjects returns all projects that are not deleted, oldest first. Only the operator may see this. */
export async function listProjects(database: CatalogDatabase): Promise<Project[]> {
  const rows = await database.run("list projects", (db) =>
    db
      .select()
      .from(projects)
      .where(and(isNull(projects.deletedAt), isUsersProject()))
      .orderBy(asc(projects.createdAt), asc(projects.id)),
  );
  return rows.map(toProject);
}

/** getProject returns null for a project that never was or is deleted. */
export async function getProject(database: CatalogDatabase, projectId: string): Promise<Project | null> {
  if (!isUuid(projectId)) return null;
  const rows = await database.run("read project", (db) => db.select().from(projects).where(livingProject(projectId)));
  return rows[0] === undefined ? null : toProject(rows[0]);
}

/** getProjectBySlug is getProject for the web app's addresses. */
export async function getProjectBySlug(database: CatalogDatabase, slug: string): Promise<Project | null> {
  // PostgreSQL refuses NUL, and an address can carry one.
  if (slug.includes("\0")) return null;
  const rows = await database.run("read project", (db) =>
    db
      .select()
      .from(projects)
      .where(and(eq(projects.slug, slug), isNull(projects.deletedAt), isUsersProject())),
  );
  return rows[0] === undefined ? null : toProject(rows[0]);
}

/** updateProject changes what is given; the slug stays, because addresses contain it. Null when there is no such project. */
export async function updateProject(
  database: CatalogDatabase,
  projectId: string,
  change: UpdateProject,
  by: Actor = SYSTEM,
): Promise<Project | null> {
  const changes = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  if (Object.keys(changes).length === 0) return getProject(database, projectId);
  if (!isUuid(projectId)) return null;
  const rows = await database.run("update project", (db) =>
    db
      .update(projects)
      .set({ ...changes, version: sql`${projects.version} + 1` })
      .where(livingProject(projectId))
      .returning(),
  );
  if (rows[0] === undefined) return null;
  await noteEvent(database, { projectId, action: "project-changed", by, target: Object.keys(changes).join(", ") });
  return toProject(rows[0]);
}

/**
 * deleteProject hides the project and revokes its keys, in one statement. The row stays: batches on their way are still
 * committed to it, and its objects have to be found to be deleted. False when there is no such project.
 */
export async function deleteProject(
  database: CatalogDatabase,
  projectId: string,
  by: Actor = SYSTEM,
): Promise<boolean> {
  if (!isUuid(projectId)) return false;
  const rows = await database.run("delete project", (db) =>
    db.execute(sql`
      with changed as (
        update ${projects} set deleted_at = now(), version = version + 1 where ${livingProject(projectId)}
        returning ${projects.id}, ${projects.name}
      ), ${noted({ projectId, action: "project-deleted", by, target: sql`changed.name` })}, revoked as (
        update ${apiKeys} set revoked_at = now()
        where ${apiKeys.projectId} in (select id from changed) and ${apiKeys.revokedAt} is null
      )
      select 1 from changed`),
  );
  return rows.length === 1;
}

async function takenSlugs(database: CatalogDatabase, wanted: string): Promise<Set<string>> {
  const rows = await database.run("read project slugs", (db) =>
    db
      .select({ slug: projects.slug })
      .from(projects)
      // Slugs hold no `%` and no `_`.
      .where(or(eq(projects.slug, wanted), like(projects.slug, `${wanted}-%`))),
  );
  return new Set(rows.map((row) => row.slug));
}

function livingProject(projectId: string) {
  return and(eq(projects.id, projectId), isNull(projects.deletedAt), isUsersProject());
}

/** toProject is a row as the API shows it. */
export function toProject(row: ProjectRow): Project {
  const { id, name, slug, retentionDays, openLines, keepRawLines, createdAt } = row;
  return { id, name, slug, retentionDays, openLines, keepRawLines, createdAt: createdAt.toISOString() };
}
