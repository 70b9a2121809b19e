import { facetsRequestSchema } from "#app/core/read-requests.ts";
import { apiRoute, type ApiRequest } from "#app/server/http/api-route.ts";
import { askedQuery } from "#app/server/http/asked-query.ts";
import { authoriseProject } from "#app/server/http/authorise.ts";
import { readJson } from "#app/server/http/read-json.ts";
import { countFacets } from "#app/server/search/facets.ts";

/** POST /facets: the most frequent values of fields among the matches. */
async function facets({ request, context }: ApiRequest): Promise<Response> {
  const services = context.runtime.services();
  const { projectId } = await authoriseProject(services, { request, context }, "query");
  const { fields, top, ...asked } = await readJson(request, facetsRequestSchema);
  const { range, predicate } = askedQuery(asked, services.clock.nowMs(), context);
  const wanted = fields === undefined || fields.length === 0 ? null : fields;
  const answer = await services.querySlots.run(projectId, context.gone, () =>
    countFacets(services.search, { projectId, range, predicate, fields: wanted, top }, context.gone),
  );
  return Response.json(answer, { headers: { "cache-control": "no-store" } });
}

const route = apiRoute({ POST: facets });

export const loader = route.loader;
export const action = route.action;
