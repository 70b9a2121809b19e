import { contextRequestSchema } from "#app/core/read-requests.ts";
import { apiRoute, type ApiRequest } from "#app/server/http/api-route.ts";
import { authoriseProject } from "#app/server/http/authorise.ts";
import { entryJson } from "#app/server/http/entry-json.ts";
import { notFound, problem } from "#app/server/http/problem.ts";
import { readJson } from "#app/server/http/read-json.ts";
import { findContext } from "#app/server/search/context.ts";

/** POST /context: the lines around one line. */
async function context({ request, context: load }: ApiRequest): Promise<Response> {
  const services = load.runtime.services();
  const { projectId } = await authoriseProject(services, { request, context: load }, "query");
  const asked = await readJson(request, contextRequestSchema);
  const found = await services.querySlots.run(projectId, load.gone, () =>
    findContext(services.search, projectId, asked, load.gone),
  );
  if ("missing" in found) {
    if (found.missing === "no such entry") return notFound("entry");
    return problem({
      status: 503,
      title: "Not everything was looked at",
      detail: "The entry may lie in an object that cannot be read at the moment. Try again, with its timestamp.",
      headers: { "retry-after": "5" },
    });
  }
  const entries = found.matches.map((match) => entryJson(match).toString("utf8")).join(",");
  return new Response(`{"entries":[${entries}],"index":${found.index},"complete":${found.complete}}`, {
    headers: { "content-type": "application/json", "cache-control": "no-store" },
  });
}

const route = apiRoute({ POST: context });

export const loader = route.loader;
export const action = route.action;
