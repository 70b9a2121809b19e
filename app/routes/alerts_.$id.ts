import { updateAlertRuleSchema } from "#app/core/alert-rule.ts";
import { deleteAlertRule, getAlertRule, listAlertGroups, updateAlertRule } from "#app/server/alerts/alert-rules.ts";
import { listDeliveries } from "#app/server/alerts/notification-catalog.ts";
import { apiRoute } from "#app/server/http/api-route.ts";
import { authoriseProject } from "#app/server/http/authorise.ts";
import { notFound } from "#app/server/http/problem.ts";
import { readJson } from "#app/server/http/read-json.ts";

const SHOWN_DELIVERIES = 50;

const route = apiRoute({
  async GET({ request, context, params }) {
    const services = context.runtime.services();
    const { projectId } = await authoriseProject(services, { request, context }, "query");
    const { database } = services;
    const rule = await getAlertRule(database, projectId, params["id"] ?? "");
    if (rule === null) return notFound("alert");
    const groups = await listAlertGroups(database, projectId, rule.id);
    const deliveries = await listDeliveries(database, projectId, rule.id, SHOWN_DELIVERIES);
    return Response.json({ ...rule, groups, deliveries });
  },

  async PATCH({ request, context, params }) {
    const services = context.runtime.services();
    const { projectId } = await authoriseProject(services, { request, context }, "admin");
    const change = await readJson(request, updateAlertRuleSchema, { unfit: 422 });
    const rule = await updateAlertRule(services.alerts.ruleContext(), projectId, params["id"] ?? "", change);
    return rule === null ? notFound("alert") : Response.json(rule);
  },

  async DELETE({ request, context, params }) {
    const services = context.runtime.services();
    const { projectId } = await authoriseProject(services, { request, context }, "admin");
    const isDeleted = await deleteAlertRule(services.database, projectId, params["id"] ?? "");
    return isDeleted ? new Response(null, { status: 204 }) : notFound("alert");
  },
});

export const loader = route.loader;
export const action = route.action;
