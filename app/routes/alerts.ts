import { alertRuleSchema } from "#app/core/alert-rule.ts";
import { createAlertRule, listAlertRules } from "#app/server/alerts/alert-rules.ts";
import { apiRoute } from "#app/server/http/api-route.ts";
import { authoriseProject } from "#app/server/http/authorise.ts";
import { readJson } from "#app/server/http/read-json.ts";

const route = apiRoute({
  async GET({ request, context }) {
    const services = context.runtime.services();
    const { projectId } = await authoriseProject(services, { request, context }, "query");
    return Response.json({ alerts: await listAlertRules(services.database, projectId) });
  },

  async POST({ request, context }) {
    const services = context.runtime.services();
    const { projectId } = await authoriseProject(services, { request, context }, "admin");
    const wanted = await readJson(request, alertRuleSchema, { unfit: 422 });
    const rule = await createAlertRule(services.alerts.ruleContext(), projectId, wanted);
    return Response.json(rule, { status: 201, headers: { location: `/alerts/${rule.id}` } });
  },
});

export const loader = route.loader;
export const action = route.action;
