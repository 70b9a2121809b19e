import { Outlet, useLoaderData, useRouteLoaderData } from "@remix-run/react";
import { AppShell } from "#app/components/app-shell.tsx";
import { ProblemBox, ProblemPage } from "#app/components/problem-box.tsx";
import { listProjectsOf } from "#app/server/catalog/memberships.ts";
import { page, requireProject } from "#app/server/http/page.ts";

/** Every page of a project stands in this frame. */
export const loader = page(async (args) => {
  const { services, session, project, role } = await requireProject(args);
  const projects = await listProjectsOf(services.database, session.account);
  return {
    account: session.account,
    project,
    role,
    projects: projects.map(({ project: { name, slug } }) => ({ name, slug })),
  };
});

export { revalidateByPath as shouldRevalidate } from "#app/components/revalidate-by-path.ts";

export default function ProjectFrame() {
  const { account, project, projects } = useLoaderData<typeof loader>();
  return (
    <AppShell account={account} project={project} projects={projects}>
      <Outlet />
    </AppShell>
  );
}

/** What fails in a page leaves the frame; what fails in the frame itself has none. */
export function ErrorBoundary() {
  // Null after an action that failed without scripts: the frame's own loader is not asked then.
  const frame = useRouteLoaderData<typeof loader>("routes/p.$slug") ?? null;
  if (frame === null) return <ProblemPage />;
  return (
    <AppShell account={frame.account} project={frame.project} projects={frame.projects}>
      <ProblemBox />
    </AppShell>
  );
}
