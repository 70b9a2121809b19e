import { createApiKeySchema, type CreateProject, type Project } from "#app/core/project.ts";
import { createApiKey, type IssuedApiKey } from "#app/server/catalog/api-keys.ts";
import { noteEvent, type Actor } from "#app/server/catalog/audit-log.ts";
import { addMember } from "#app/server/catalog/memberships.ts";
import { createProject } from "#app/server/catalog/projects.ts";
import type { Services } from "#app/server/services.ts";

/** A project is of no use without a key, so the first one comes with it. */
const FIRST_KEY = { name: "first key", scopes: ["ingest", "query", "admin"] };

/** openProject makes a project with its first key; `ownerId` is the person who owns it, null for the operator's. */
export async function openProject(
  { database, projectRecorder, clock }: Pick<Services, "database" | "projectRecorder" | "clock">,
  wanted: CreateProject,
  ownerId: string | null,
  by: Actor,
): Promise<{ project: Project; key: IssuedApiKey }> {
  const project = await createProject(database, wanted);
  if (ownerId !== null) await addMember(database, { projectId: project.id, userId: ownerId, role: "owner" });
  await noteEvent(database, { projectId: project.id, action: "project-created", by, target: project.name });
  projectRecorder.wake();
  const key = await createApiKey(database, project.id, createApiKeySchema(clock.nowMs()).parse(FIRST_KEY), by);
  if (key === null) throw new Error(`cannot make the first key of project ${project.id}: it was deleted meanwhile`);
  return { project, key };
}
