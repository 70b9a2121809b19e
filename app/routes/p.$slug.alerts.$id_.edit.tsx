import { useActionData, useLoaderData, type MetaFunction } from "@remix-run/react";
import { AlertForm, type AlertAnswer } from "#app/components/alerts/alert-form.tsx";
import { PageBody } from "#app/components/ui/page-body.tsx";
import { changeOfForm, formOfRule } from "#app/core/alert-forms.ts";
import { getAlertRule, updateAlertRule } from "#app/server/alerts/alert-rules.ts";
import { answerAlertForm } from "#app/server/http/alert-form.ts";
import { noSuchAlert, page, requireProject, type PageArgs } from "#app/server/http/page.ts";

export const loader = page(async (args) => {
  const { services, project, rule } = await requireRule(args);
  return {
    slug: project.slug,
    rule: { id: rule.id, name: rule.name },
    initial: formOfRule(rule),
    canMail: services.alerts.ruleContext().canMail,
  };
});

/** Changes the rule, or says what the changed rule would have done. */
export const action = page(async (args) => {
  const found = await requireRule(args);
  const { services, project, rule } = found;
  return await answerAlertForm(args, found, async (asked) => {
    const change = changeOfForm(asked, rule.notify);
    const changed = await updateAlertRule(services.alerts.ruleContext(), project.id, rule.id, change);
    if (changed === null) throw noSuchAlert();
    return changed;
  });
});

async function requireRule(args: PageArgs) {
  const signedIn = await requireProject(args, "member");
  const rule = await getAlertRule(signedIn.services.database, signedIn.project.id, args.params["id"] ?? "");
  if (rule === null) throw noSuchAlert();
  return { ...signedIn, rule };
}

export const meta: MetaFunction<typeof loader> = ({ data: found }) => [
  { title: `Edit ${found?.rule.name ?? "alert"} - Alerts - Akavelog` },
];

export default function EditAlert() {
  const { slug, rule, initial, canMail } = useLoaderData<typeof loader>();
  const answer = useActionData<AlertAnswer>() as AlertAnswer | undefined;
  const cancelTo = `/p/${slug}/alerts/${rule.id}`;
  return (
    <PageBody
      title={`Edit ${rule.name}`}
      description="When what it watches changes, it begins anew: what fires now is forgotten silently."
    >
      <AlertForm initial={initial} isEdit cancelTo={cancelTo} canMail={canMail} answer={answer} />
    </PageBody>
  );
}
