import { useLoaderData } from "@remix-run/react";
import { AuditList } from "#app/components/settings/audit-list.tsx";
import { listEvents } from "#app/server/catalog/audit-log.ts";
import { page, requireProject } from "#app/server/http/page.ts";

const PAGE_EVENTS = 100;

export const loader = page(async (args) => {
  const { services, project } = await requireProject(args, "owner");
  const asked = new URL(args.request.url).searchParams.get("before");
  const before = asked !== null && /^\d{1,18}$/.test(asked) ? asked : null;
  const events = await listEvents(services.database, { projectId: project.id, before, limit: PAGE_EVENTS });
  const last = events.length === PAGE_EVENTS ? events.at(-1) : undefined;
  return { events, olderPath: last === undefined ? null : `?before=${last.id}` };
});

export default function AuditSettings() {
  const { events, olderPath } = useLoaderData<typeof loader>();
  return <AuditList events={events} olderPath={olderPath} />;
}
