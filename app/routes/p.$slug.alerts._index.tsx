import { useLoaderData, type MetaFunction } from "@remix-run/react";
import { RuleList } from "#app/components/alerts/rule-list.tsx";
import { useRefresh } from "#app/components/use-refresh.ts";
import { ButtonLink } from "#app/components/ui/button.tsx";
import { PageBody } from "#app/components/ui/page-body.tsx";
import { roleAllows } from "#app/core/account.ts";
import { isSilenced, listAlertRules, type AlertStatus } from "#app/server/alerts/alert-rules.ts";
import { page, requireProject } from "#app/server/http/page.ts";

const ORDER: readonly AlertStatus[] = ["firing", "failing", "ok", "disabled"];

export const loader = page(async (args) => {
  const { services, project, role } = await requireProject(args);
  const rules = await listAlertRules(services.database, project.id);
  const nowMs = services.clock.nowMs();
  return {
    slug: project.slug,
    name: project.name,
    mayChange: roleAllows(role, "member"),
    rules: rules
      .map((rule) => ({ ...rule, isSilenced: isSilenced(rule, nowMs) }))
      .sort((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status) || a.name.localeCompare(b.name)),
  };
});

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `Alerts - ${data?.name ?? "Project"} - Akavelog` },
];

export default function Alerts() {
  const { slug, mayChange, rules } = useLoaderData<typeof loader>();
  useRefresh();
  return (
    <PageBody
      title="Alerts"
      description="Rules over your logs, and how they are now."
      action={
        mayChange && rules.length > 0 ? (
          <ButtonLink to={`/p/${slug}/alerts/new`} tone="primary">
            New alert
          </ButtonLink>
        ) : null
      }
    >
      <RuleList rules={rules} slug={slug} mayChange={mayChange} />
    </PageBody>
  );
}
