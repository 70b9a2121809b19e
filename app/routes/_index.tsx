import { useLoaderData, type MetaFunction } from "@remix-run/react";
import { Plus } from "lucide-react";
import { AppShell } from "#app/components/app-shell.tsx";
import { ProjectList } from "#app/components/project-list.tsx";
import { ButtonLink } from "#app/components/ui/button.tsx";
import { PageBody } from "#app/components/ui/page-body.tsx";
import { EmptyState } from "#app/components/ui/section.tsx";
import { readProjectOverviews } from "#app/server/catalog/project-overviews.ts";
import { page, requireSession } from "#app/server/http/page.ts";

export const loader = page(async (args) => {
  const { services, session } = await requireSession(args);
  const projects = await readProjectOverviews(services.database, session.account, services.clock.nowMs());
  return { account: session.account, projects };
});

export const meta: MetaFunction = () => [
  { title: "Projects - Akavelog" },
  { name: "description", content: "A self-hosted log platform over your own bucket." },
];

export default function Index() {
  const { account, projects } = useLoaderData<typeof loader>();
  const newProject = account.isAdmin && (
    <ButtonLink to="/projects/new" tone="primary">
      <Plus className="size-4" aria-hidden="true" />
      New project
    </ButtonLink>
  );
  return (
    <AppShell account={account} projects={projects}>
      <PageBody title="Projects" action={newProject}>
        {projects.length === 0 ? (
          <div className="rounded-xl border border-border bg-raised">
            <EmptyState title="No projects yet">
              {account.isAdmin
                ? "A project holds the logs of what belongs together, and has keys and people of its own. Make the first one, and the next page shows how to send a line."
                : "Nobody has let you into a project yet. Ask for an invitation link."}
            </EmptyState>
          </div>
        ) : (
          <ProjectList projects={projects} />
        )}
      </PageBody>
    </AppShell>
  );
}

export { ProblemPage as ErrorBoundary } from "#app/components/problem-box.tsx";
