import { sendTest } from "#app/server/alerts/send-test.ts";
import { apiRoute } from "#app/server/http/api-route.ts";
import { authoriseProject } from "#app/server/http/authorise.ts";
import { notFound } from "#app/server/http/problem.ts";

/** POST /alerts/:id/test: a test to each target, sent once and answered with what became of it. */
const route = apiRoute({
  async POST({ request, context, params }) {
    const services = context.runtime.services();
    const { projectId, projectSlug } = await authoriseProject(services, { request, context }, "admin");
    const results = await sendTest(services, { id: projectId, slug: projectSlug }, params["id"] ?? "");
    return results === null ? notFound("alert") : Response.json({ results });
  },
});

export const loader = route.loader;
export const action = route.action;
