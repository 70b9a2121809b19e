import { apiRoute, type ApiRequest } from "#app/server/http/api-route.ts";
import { askedQuery } from "#app/server/http/asked-query.ts";
import { authoriseProject } from "#app/server/http/authorise.ts";
import { readQueryParameters } from "#app/server/http/query-parameters.ts";
import { answerTail } from "#app/server/http/tail-answer.ts";

/** GET /tail: entries as they arrive, as server-sent events. */
async function tail({ request, context }: ApiRequest): Promise<Response> {
  const services = context.runtime.services();
  const { projectId } = await authoriseProject(services, { request, context }, "query");
  const { asked } = readQueryParameters(new URL(request.url), []);
  const { predicate } = askedQuery(asked, services.clock.nowMs(), context);
  return answerTail(services, { request, context }, projectId, predicate);
}

const route = apiRoute({ GET: tail });

export const loader = route.loader;
export const action = route.action;
