import { z } from "zod";
import { isEventCursor, listAlertEvents } from "#app/server/alerts/alert-events.ts";
import { getAlertRule } from "#app/server/alerts/alert-rules.ts";
import { apiRoute } from "#app/server/http/api-route.ts";
import { authoriseProject } from "#app/server/http/authorise.ts";
import { notFound } from "#app/server/http/problem.ts";
import { fieldAndReason, refusal } from "#app/server/http/query-parameters.ts";
import { wordIssue } from "#app/server/http/word-issue.ts";

const parametersSchema = z.object({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  cursor: z.string().refine(isEventCursor, "is none of ours").optional(),
});

/** GET /alerts/:id/events: the history of a rule, newest first. */
const route = apiRoute({
  async GET({ request, context, params }) {
    const services = context.runtime.services();
    const { projectId } = await authoriseProject(services, { request, context }, "query");
    const asked = parametersSchema.safeParse(Object.fromEntries(new URL(request.url).searchParams), {
      error: wordIssue,
    });
    if (!asked.success) throw refusal(asked.error.issues.map(fieldAndReason));
    const rule = await getAlertRule(services.database, projectId, params["id"] ?? "");
    if (rule === null) return notFound("alert");
    const { limit, cursor = null } = asked.data;
    const { baseUrl } = services.alerts;
    return Response.json(await listAlertEvents(services.database, projectId, rule.id, { limit, cursor, baseUrl }));
  },
});

export const loader = route.loader;
export const action = route.action;
