import { useLoaderData, type MetaFunction } from "@remix-run/react";
import { Dashboard } from "#app/components/dashboard/dashboard.tsx";
import { DASHBOARD_RANGES, rangeOf } from "#app/components/dashboard/dashboard-range.ts";
import { ShipperGuide } from "#app/components/shippers/shipper-guide.tsx";
import { PageBody } from "#app/components/ui/page-body.tsx";
import { Section } from "#app/components/ui/section.tsx";
import { allOf } from "#app/core/query/predicate.ts";
import { listAlertRules, type StoredRule } from "#app/server/alerts/alert-rules.ts";
import { readProjectStorage } from "#app/server/catalog/project-storage.ts";
import { page, requireProject } from "#app/server/http/page.ts";
import { publicOrigin } from "#app/server/http/public-origin.ts";
import { countHistogram } from "#app/server/search/histogram.ts";
import { countVolume } from "#app/server/search/volume.ts";

/** About as many bars as can be told apart on a phone. */
const BUCKETS = 60;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const NS_PER_MS = 1_000_000n;

export const loader = page(async (args) => {
  const { services, project, role } = await requireProject(args);
  const { gone } = args.context;
  const rangeName = rangeOf(new URL(args.request.url).searchParams.get("range"));
  const { ms, dayShift } = DASHBOARD_RANGES[rangeName];
  // Whole minutes, which the counts answer without reading an object.
  const toMs = (Math.floor(services.clock.nowMs() / MINUTE_MS) + 1) * MINUTE_MS;
  const range = { fromNs: BigInt(toMs - ms) * NS_PER_MS, toNs: BigInt(toMs) * NS_PER_MS };
  const shiftNs = BigInt(dayShift * DAY_MS) * NS_PER_MS;
  const before = { fromNs: range.fromNs - shiftNs, toNs: range.toNs - shiftNs };
  const projectId = project.id;
  const [histogram, volume, storage, rules] = await Promise.all([
    services.querySlots.run(projectId, gone, () =>
      countHistogram(services.search, { projectId, range, predicate: allOf([]), buckets: BUCKETS }, gone),
    ),
    services.querySlots.run(projectId, gone, () => countVolume(services.search, { projectId, range, before }, gone)),
    readProjectStorage(services.database, projectId),
    listAlertRules(services.database, projectId),
  ]);
  const { name, slug, retentionDays } = project;
  return {
    name,
    slug,
    retentionDays,
    rangeName,
    histogram,
    volume,
    storage,
    alerts: rules
      .filter(isNoteworthy)
      .map(({ id, name, status, firingGroups }) => ({ id, name, status, firingGroups })),
    rules: rules.length,
    origin: publicOrigin(services.env, args.request),
    mayMakeKey: role === "owner",
  };
});

function isNoteworthy({ status }: StoredRule): boolean {
  return status === "firing" || status === "failing";
}

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `${data?.name ?? "Project"} - Akavelog` }];

export default function ProjectDashboard() {
  const { name, slug, origin, mayMakeKey, ...figures } = useLoaderData<typeof loader>();
  const isEmpty = figures.storage.entries === 0 && figures.histogram.total === 0;
  if (!isEmpty) return <Dashboard name={name} slug={slug} {...figures} />;
  return (
    <PageBody title={name} description="No line has arrived yet.">
      <Section title="Send your first line">
        <ShipperGuide origin={origin} projectSlug={slug} mayMakeKey={mayMakeKey} />
      </Section>
    </PageBody>
  );
}
