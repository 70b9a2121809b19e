import { createApiKeySchema, createProjectSchema } from "#app/core/project.ts";
import { createApiKey } from "#app/server/catalog/api-keys.ts";
import { createProject, listProjects } from "#app/server/catalog/projects.ts";
import { apiRoute } from "#app/server/http/api-route.ts";
import { assertOperator } from "#app/server/http/authorise.ts";
import { notFound } from "#app/server/http/problem.ts";
import { readJson } from "#app/server/http/read-json.ts";

/** A project is of no use without a key, so the first one comes with it. */
const FIRST_KEY = { name: "first key", scopes: ["ingest", "query", "admin"] };

const route = apiRoute({
  async GET({ context }) {
    const services = context.runtime.services();
    await assertOperator(services, context);
    return Response.json({ projects: await listProjects(services.database) });
  },

  async POST({ request, context }) {
    const services = context.runtime.services();
    await assertOperator(services, context);
    const project = await createProject(services.database, await readJson(request, createProjectSchema));
    services.projectRecorder.wake();
    const key = createApiKeySchema(services.clock.nowMs()).parse(FIRST_KEY);
    const issued = await createApiKey(services.database, project.id, key);
    if (issued === null) return notFound("project");
    const apiKey = { id: issued.id, key: issued.key, scopes: issued.scopes };
    return Response.json({ project, apiKey }, { status: 201, headers: { location: `/projects/${project.id}` } });
  },
});

export const loader = route.loader;
export const action = route.action;
