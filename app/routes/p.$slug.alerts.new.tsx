import { useActionData, useLoaderData, type MetaFunction } from "@remix-run/react";
import { AlertForm, type AlertAnswer } from "#app/components/alerts/alert-form.tsx";
import { PageBody } from "#app/components/ui/page-body.tsx";
import { queryOfSearch } from "#app/core/alert-forms.ts";
import { createAlertRule } from "#app/server/alerts/alert-rules.ts";
import { answerAlertForm } from "#app/server/http/alert-form.ts";
import { page, requireProject } from "#app/server/http/page.ts";

/** Complete but for the name, so that the preview is there at once. */
const USUAL = { kind: "threshold", window: "5m", op: ">", value: "0", forWindows: "1", notifyResolved: "on" };

export const loader = page(async (args) => {
  const { services, project } = await requireProject(args, "member");
  return {
    slug: project.slug,
    query: queryOfSearch(new URL(args.request.url).searchParams),
    canMail: services.alerts.ruleContext().canMail,
  };
});

/** Makes the rule, or says what it would have done. */
export const action = page(async (args) => {
  const signedIn = await requireProject(args, "member");
  const { services, project } = signedIn;
  return await answerAlertForm(args, signedIn, (rule) =>
    createAlertRule(services.alerts.ruleContext(), project.id, rule),
  );
});

export const meta: MetaFunction = () => [{ title: "New alert - Akavelog" }];

export default function NewAlert() {
  const { slug, query, canMail } = useLoaderData<typeof loader>();
  const answer = useActionData<AlertAnswer>() as AlertAnswer | undefined;
  return (
    <PageBody title="New alert" description="It watches a search and tells you when it matters.">
      <AlertForm initial={{ ...USUAL, query }} cancelTo={`/p/${slug}/alerts`} canMail={canMail} answer={answer} />
    </PageBody>
  );
}
