import { useLoaderData, type MetaFunction } from "@remix-run/react";
import { data, redirect } from "@remix-run/server-runtime";
import { RuleView } from "#app/components/alerts/rule-view.tsx";
import { useRefresh } from "#app/components/use-refresh.ts";
import { roleAllows } from "#app/core/account.ts";
import { silenceUntil } from "#app/core/alert-silence.ts";
import type { AlertRuleChange } from "#app/core/alert-rule.ts";
import { courseOf } from "#app/server/alerts/alert-chart.ts";
import { listAlertEvents, listEvaluations } from "#app/server/alerts/alert-events.ts";
import {
  deleteAlertRule,
  getAlertRule,
  isSilenced,
  listAlertGroups,
  updateAlertRule,
} from "#app/server/alerts/alert-rules.ts";
import { listDeliveries } from "#app/server/alerts/notification-catalog.ts";
import { sendTest } from "#app/server/alerts/send-test.ts";
import { noSuchAlert, page, pageProblem, requireProject } from "#app/server/http/page.ts";
import { formText, readForm } from "#app/server/http/read-form.ts";

const DAY_MS = 86_400_000;
const SHOWN_EVENTS = 50;
const SHOWN_DELIVERIES = 30;

export const loader = page(async (args) => {
  const { services, project, role } = await requireProject(args);
  const { database, clock, env } = services;
  const rule = await getAlertRule(database, project.id, args.params["id"] ?? "");
  if (rule === null) throw noSuchAlert();
  const nowMs = clock.nowMs();
  const { events } = await listAlertEvents(database, project.id, rule.id, {
    limit: SHOWN_EVENTS,
    cursor: null,
    // Within the pages a link needs no host.
    baseUrl: "",
  });
  const evaluations = await listEvaluations(database, project.id, rule.id, nowMs - DAY_MS);
  return {
    slug: project.slug,
    mayChange: roleAllows(role, "member"),
    rule: { ...rule, isSilenced: isSilenced(rule, nowMs) },
    groups: rule.groupBy === null ? [] : await listAlertGroups(database, project.id, rule.id),
    course: courseOf(evaluations, { nowMs, intervalMs: env.alerts.intervalMs }),
    events: events.map(({ url, ...event }) => ({ ...event, logs: url })),
    deliveries: await listDeliveries(database, project.id, rule.id, SHOWN_DELIVERIES),
  };
});

export const action = page(async (args) => {
  const { services, project } = await requireProject(args, "member");
  const ruleId = args.params["id"] ?? "";
  const form = await readForm(args.request);
  const intent = formText(form, "intent");
  const answer = { intent, isSaved: true, result: null, tests: [] };
  async function change(wanted: AlertRuleChange) {
    const rule = await updateAlertRule(services.alerts.ruleContext(), project.id, ruleId, wanted);
    if (rule === null) throw noSuchAlert();
    return data(answer);
  }
  switch (intent) {
    case "silence":
      return await change({ silencedUntil: silenceUntil(formText(form, "length"), services.clock.nowMs()) });
    case "switch":
      return await change({ enabled: formText(form, "enabled") === "true" });
    case "test": {
      const tests = await sendTest(services, project, ruleId);
      if (tests === null) throw noSuchAlert();
      return data({ ...answer, tests });
    }
    case "delete":
      await deleteAlertRule(services.database, project.id, ruleId);
      throw redirect(`/p/${project.slug}/alerts`);
    default:
      throw pageProblem(400, "Not understood", "The form asked for nothing that is known here.");
  }
});

export const meta: MetaFunction<typeof loader> = ({ data: found }) => [
  { title: `${found?.rule.name ?? "Alert"} - Alerts - Akavelog` },
];

export default function Alert() {
  const found = useLoaderData<typeof loader>();
  useRefresh();
  return <RuleView {...found} />;
}
