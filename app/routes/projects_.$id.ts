import { updateProjectSchema } from "#app/core/project.ts";
import { deleteProject, getProject, updateProject } from "#app/server/catalog/projects.ts";
import { apiRoute } from "#app/server/http/api-route.ts";
import { assertOperator } from "#app/server/http/authorise.ts";
import { notFound } from "#app/server/http/problem.ts";
import { readJson } from "#app/server/http/read-json.ts";

const route = apiRoute({
  async GET({ context, params }) {
    const services = context.runtime.services();
    await assertOperator(services, context);
    const project = await getProject(services.database, params["id"] ?? "");
    return project === null ? notFound("project") : Response.json({ project });
  },

  async PATCH({ request, context, params }) {
    const services = context.runtime.services();
    await assertOperator(services, context);
    const change = await readJson(request, updateProjectSchema);
    const project = await updateProject(services.database, params["id"] ?? "", change);
    services.projectRecorder.wake();
    return project === null ? notFound("project") : Response.json({ project });
  },

  async DELETE({ context, params }) {
    const services = context.runtime.services();
    await assertOperator(services, context);
    const isDeleted = await deleteProject(services.database, params["id"] ?? "");
    services.projectRecorder.wake();
    return isDeleted ? new Response(null, { status: 204 }) : notFound("project");
  },
});

export const loader = route.loader;
export const action = route.action;
