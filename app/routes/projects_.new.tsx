import { getZodConstraint, parseWithZod } from "@conform-to/zod/v4";
import { useForm } from "@conform-to/react";
import { Form, useActionData, useLoaderData, useNavigation, type MetaFunction } from "@remix-run/react";
import { data } from "@remix-run/server-runtime";
import { AppShell } from "#app/components/app-shell.tsx";
import { ProjectFields } from "#app/components/settings/project-fields.tsx";
import { NewKeyNotice } from "#app/components/shippers/new-key-notice.tsx";
import { SendFirstLine } from "#app/components/shippers/send-first-line.tsx";
import { Button, ButtonLink } from "#app/components/ui/button.tsx";
import { FormErrors } from "#app/components/ui/field.tsx";
import { PageBody } from "#app/components/ui/page-body.tsx";
import { Section } from "#app/components/ui/section.tsx";
import { projectFormSchema } from "#app/core/project-forms.ts";
import { DEFAULT_RETENTION_DAYS } from "#app/core/project.ts";
import { listProjectsOf } from "#app/server/catalog/memberships.ts";
import { openProject } from "#app/server/http/open-project.ts";
import { page, pageProblem, requireSession, type PageArgs } from "#app/server/http/page.ts";
import { publicOrigin } from "#app/server/http/public-origin.ts";
import { actorOf } from "#app/server/http/session.ts";
import { readForm } from "#app/server/http/read-form.ts";

export const loader = page(async (args) => {
  const { services, session } = await requireAdmin(args);
  const projects = await listProjectsOf(services.database, session.account);
  return {
    account: session.account,
    origin: publicOrigin(services.env, args.request),
    projects: projects.map(({ project: { name, slug } }) => ({ name, slug })),
  };
});

export const action = page(async (args) => {
  const { services, session } = await requireAdmin(args);
  const submission = parseWithZod(await readForm(args.request), { schema: projectFormSchema });
  if (submission.status !== "success") return data({ made: null, result: submission.reply() });
  const { project, key } = await openProject(
    services,
    submission.value,
    session.account.id,
    actorOf(session.account, args.context),
  );
  const made = { name: project.name, slug: project.slug, keyName: key.name, key: key.key };
  return data({ made, result: submission.reply() }, { status: 201 });
});

async function requireAdmin(args: PageArgs) {
  const signedIn = await requireSession(args);
  if (signedIn.session.account.isAdmin) return signedIn;
  throw pageProblem(403, "Not allowed", "Only an administrator may make projects.");
}

export const meta: MetaFunction = () => [{ title: "New project - Akavelog" }];

export default function NewProject() {
  const { account, projects, origin } = useLoaderData<typeof loader>();
  const made = useActionData<typeof action>()?.made ?? null;
  return (
    <AppShell account={account} projects={projects}>
      {made === null ? (
        <PageBody title="New project" description="A project holds the logs of what belongs together.">
          <ProjectForm />
        </PageBody>
      ) : (
        <PageBody
          title="Send your first line"
          description={`${made.name} is ready. This page tells when its first line has arrived.`}
          action={<ButtonLink to={`/p/${made.slug}`}>Open {made.name}</ButtonLink>}
        >
          <NewKeyNotice name={made.keyName} apiKey={made.key} />
          <Section title="Choose what sends">
            <SendFirstLine origin={origin} projectSlug={made.slug} apiKey={made.key} />
          </Section>
        </PageBody>
      )}
    </AppShell>
  );
}

function ProjectForm() {
  const answer = useActionData<typeof action>();
  const isBusy = useNavigation().formMethod !== undefined;
  const [form, fields] = useForm({
    lastResult: answer?.result ?? null,
    defaultValue: { retentionDays: DEFAULT_RETENTION_DAYS },
    constraint: getZodConstraint(projectFormSchema),
    onValidate: ({ formData }) => parseWithZod(formData, { schema: projectFormSchema }),
    shouldRevalidate: "onInput",
  });
  return (
    <Form
      method="post"
      id={form.id}
      onSubmit={form.onSubmit}
      noValidate={form.noValidate}
      className="max-w-md space-y-4"
    >
      <FormErrors errors={form.errors} />
      <ProjectFields
        fields={fields}
        nameHint="Its address is made from the name and stays."
        retentionHint="Older logs are deleted, also from the bucket."
      />
      <Button type="submit" tone="primary" disabled={isBusy}>
        {isBusy ? "Creating…" : "Create project"}
      </Button>
    </Form>
  );
}

export { ProblemPage as ErrorBoundary } from "#app/components/problem-box.tsx";
