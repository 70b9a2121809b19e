import { createProjectSchema } from "#app/core/project.ts";
import { listProjectsOf } from "#app/server/catalog/memberships.ts";
import { openProject } from "#app/server/http/open-project.ts";
import { listProjects } from "#app/server/catalog/projects.ts";
import { apiRoute } from "#app/server/http/api-route.ts";
import { authoriseManager, forbidden } from "#app/server/http/authorise.ts";
import { actorOf } from "#app/server/http/session.ts";
import { readJson } from "#app/server/http/read-json.ts";

const route = apiRoute({
  async GET({ request, context }) {
    const services = context.runtime.services();
    const manager = await authoriseManager(services, { request, context });
    if (manager === "operator") return Response.json({ projects: await listProjects(services.database) });
    const own = await listProjectsOf(services.database, manager);
    return Response.json({ projects: own.filter(({ role }) => role === "owner").map(({ project }) => project) });
  },

  async POST({ request, context }) {
    const services = context.runtime.services();
    const manager = await authoriseManager(services, { request, context });
    if (manager !== "operator" && !manager.isAdmin) return forbidden("Only an administrator may make projects.");
    const wanted = await readJson(request, createProjectSchema);
    const { project, key: issued } = await openProject(
      services,
      wanted,
      manager === "operator" ? null : manager.id,
      actorOf(manager, context),
    );
    const apiKey = { id: issued.id, key: issued.key, scopes: issued.scopes };
    return Response.json({ project, apiKey }, { status: 201, headers: { location: `/projects/${project.id}` } });
  },
});

export const loader = route.loader;
export const action = route.action;
