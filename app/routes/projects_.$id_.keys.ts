import { createApiKeySchema } from "#app/core/project.ts";
import { createApiKey, listApiKeys } from "#app/server/catalog/api-keys.ts";
import { getProject } from "#app/server/catalog/projects.ts";
import { apiRoute } from "#app/server/http/api-route.ts";
import { authoriseOwner } from "#app/server/http/authorise.ts";
import { notFound } from "#app/server/http/problem.ts";
import { readJson } from "#app/server/http/read-json.ts";

const route = apiRoute({
  async GET({ request, context, params }) {
    const services = context.runtime.services();
    await authoriseOwner(services, { request, context }, params["id"] ?? "");
    const project = await getProject(services.database, params["id"] ?? "");
    if (project === null) return notFound("project");
    return Response.json({ keys: await listApiKeys(services.database, project.id) });
  },

  async POST({ request, context, params }) {
    const services = context.runtime.services();
    const by = await authoriseOwner(services, { request, context }, params["id"] ?? "");
    const wanted = await readJson(request, createApiKeySchema(services.clock.nowMs()));
    const apiKey = await createApiKey(services.database, params["id"] ?? "", wanted, by);
    return apiKey === null ? notFound("project") : Response.json({ apiKey }, { status: 201 });
  },
});

export const loader = route.loader;
export const action = route.action;
