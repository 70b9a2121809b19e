import { getProject } from "#app/server/catalog/projects.ts";
import { apiRoute } from "#app/server/http/api-route.ts";
import { authoriseKey } from "#app/server/http/authorise.ts";
import { notFound } from "#app/server/http/problem.ts";

/** Tells a key's holder which project it belongs to and what it may do. */
const route = apiRoute({
  async GET({ context }) {
    const services = context.runtime.services();
    const { projectId, keyId, scopes } = await authoriseKey(services, context);
    const project = await getProject(services.database, projectId);
    return project === null ? notFound("project") : Response.json({ project, apiKey: { id: keyId, scopes } });
  },
});

export const loader = route.loader;
export const action = route.action;
