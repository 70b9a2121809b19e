import { updateProjectSchema } from "#app/core/project.ts";
import { deleteProject, getProject, updateProject } from "#app/server/catalog/projects.ts";
import { apiRoute } from "#app/server/http/api-route.ts";
import { authoriseOwner } from "#app/server/http/authorise.ts";
import { notFound } from "#app/server/http/problem.ts";
import { readJson } from "#app/server/http/read-json.ts";

const route = apiRoute({
  async GET({ request, context, params }) {
    const services = context.runtime.services();
    await authoriseOwner(services, { request, context }, params["id"] ?? "");
    const project = await getProject(services.database, params["id"] ?? "");
    return project === null ? notFound("project") : Response.json({ project });
  },

  async PATCH({ request, context, params }) {
    const services = context.runtime.services();
    const by = await authoriseOwner(services, { request, context }, params["id"] ?? "");
    const change = await readJson(request, updateProjectSchema);
    const project = await updateProject(services.database, params["id"] ?? "", change, by);
    services.projectRecorder.wake();
    return project === null ? notFound("project") : Response.json({ project });
  },

  async DELETE({ request, context, params }) {
    const services = context.runtime.services();
    const by = await authoriseOwner(services, { request, context }, params["id"] ?? "");
    const isDeleted = await deleteProject(services.database, params["id"] ?? "", by);
    services.projectRecorder.wake();
    return isDeleted ? new Response(null, { status: 204 }) : notFound("project");
  },
});

export const loader = route.loader;
export const action = route.action;
