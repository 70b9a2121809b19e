import { apiRoute, type ApiRequest } from "#app/server/http/api-route.ts";
import { noteEvent } from "#app/server/catalog/audit-log.ts";
import { authoriseProject } from "#app/server/http/authorise.ts";
import { answerExport } from "#app/server/http/export-answer.ts";
import { readQueryParameters, refusal } from "#app/server/http/query-parameters.ts";

/** GET /export: every match as a file. */
async function exportRoute({ request, context }: ApiRequest): Promise<Response> {
  const services = context.runtime.services();
  const { projectId, actor } = await authoriseProject(services, { request, context }, "query");
  const { asked, own } = readQueryParameters(new URL(request.url), ["format", "limit"]);
  const { format = "ndjson", limit = "" } = own;
  if (format !== "ndjson" && format !== "csv") return refusal([{ field: "format", reason: "must be ndjson or csv" }]);
  if (limit !== "" && !/^[1-9]\d{0,14}$/.test(limit))
    return refusal([{ field: "limit", reason: "must be a whole number from 1 on" }]);
  await noteEvent(services.database, { projectId, action: "exported", by: actor, target: format });
  return await answerExport(services, context, projectId, {
    asked,
    format,
    limit: limit === "" ? Infinity : Number(limit),
    acceptEncoding: request.headers.get("accept-encoding"),
  });
}

const route = apiRoute({ GET: exportRoute });

export const loader = route.loader;
export const action = route.action;
