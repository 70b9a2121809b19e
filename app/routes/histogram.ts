import { histogramRequestSchema } from "#app/core/read-requests.ts";
import { apiRoute, type ApiRequest } from "#app/server/http/api-route.ts";
import { askedQuery } from "#app/server/http/asked-query.ts";
import { authoriseProject } from "#app/server/http/authorise.ts";
import { readJson } from "#app/server/http/read-json.ts";
import { countHistogram } from "#app/server/search/histogram.ts";

/** POST /histogram: matches by level over time. */
async function histogram({ request, context }: ApiRequest): Promise<Response> {
  const services = context.runtime.services();
  const { projectId } = await authoriseProject(services, { request, context }, "query");
  const { buckets, ...asked } = await readJson(request, histogramRequestSchema);
  const { range, predicate } = askedQuery(asked, services.clock.nowMs(), context);
  const answer = await services.querySlots.run(projectId, context.gone, () =>
    countHistogram(services.search, { projectId, range, predicate, buckets }, context.gone),
  );
  return Response.json(answer, { headers: { "cache-control": "no-store" } });
}

const route = apiRoute({ POST: histogram });

export const loader = route.loader;
export const action = route.action;
