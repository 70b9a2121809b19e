import { queryRequestSchema } from "#app/core/query-request.ts";
import { apiRoute, type ApiRequest } from "#app/server/http/api-route.ts";
import { authoriseProject } from "#app/server/http/authorise.ts";
import { answerQuery } from "#app/server/http/query-answer.ts";
import { readJson } from "#app/server/http/read-json.ts";

/** POST /query: matching entries, streamed as they are found. */
async function query({ request, context }: ApiRequest): Promise<Response> {
  const services = context.runtime.services();
  const { projectId } = await authoriseProject(services, { request, context }, "query");
  const asked = await readJson(request, queryRequestSchema);
  return await answerQuery(services, context, projectId, asked, request.headers.get("accept"));
}

const route = apiRoute({ POST: query });

export const loader = route.loader;
export const action = route.action;
