import { alertPreviewSchema } from "#app/core/alert-rule.ts";
import { previewRule } from "#app/server/alerts/preview-rule.ts";
import { apiRoute } from "#app/server/http/api-route.ts";
import { authoriseProject } from "#app/server/http/authorise.ts";
import { readJson } from "#app/server/http/read-json.ts";

/** POST /alerts/preview: what a rule would have done over the last day. */
const route = apiRoute({
  async POST({ request, context }) {
    const services = context.runtime.services();
    const { projectId } = await authoriseProject(services, { request, context }, "query");
    const rule = await readJson(request, alertPreviewSchema, { unfit: 422 });
    const { search, clock, env, querySlots } = services;
    const options = { search, intervalMs: env.alerts.intervalMs, nowMs: clock.nowMs() };
    const preview = await querySlots.run(projectId, context.gone, () =>
      previewRule(options, projectId, rule, context.gone),
    );
    return Response.json(preview, { headers: { "cache-control": "no-store" } });
  },
});

export const loader = route.loader;
export const action = route.action;
