import { Link } from "@remix-run/react";
import { formatBytes, formatCompact, formatCount, formatRatio } from "#app/components/format.ts";
import type { ProjectOverview } from "#app/core/project-overview.ts";
import { SparkBars } from "#app/components/spark-bars.tsx";

/** ProjectList shows each project at a glance. */
export function ProjectList({ projects }: { projects: readonly ProjectOverview[] }) {
  return (
    <ul className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
      {projects.map((project) => (
        <ProjectCard key={project.slug} project={project} />
      ))}
    </ul>
  );
}

function ProjectCard({ project }: { project: ProjectOverview }) {
  const { name, slug, hourly, errors, storedBytes, rawBytes, retentionDays } = project;
  const entries = hourly.reduce((sum, count) => sum + count, 0);
  return (
    <li className="relative rounded-xl border border-border bg-raised p-5 transition-colors hover:border-border-strong">
      <h2 title={name} className="truncate font-semibold tracking-tight">
        <Link to={`/p/${slug}`} className="after:absolute after:inset-0 after:rounded-xl">
          {name}
        </Link>
      </h2>
      <SparkBars values={hourly} className="mt-4 h-10 w-full" />
      <dl className="mt-4 grid grid-cols-3 gap-3 text-sm">
        <Figure label="Lines, 24 h" value={formatCompact(entries)} title={formatCount(entries)} />
        <Figure label="Errors" value={formatCompact(errors)} title={formatCount(errors)} isBad={errors > 0} />
        <Figure
          label="Stored"
          value={formatBytes(storedBytes)}
          title={`${formatRatio(rawBytes, storedBytes)} smaller than sent`}
        />
      </dl>
      <p className="mt-3 text-xs text-muted">
        Kept {retentionDays} {retentionDays === 1 ? "day" : "days"}
      </p>
    </li>
  );
}

function Figure({
  label,
  value,
  title,
  isBad = false,
}: {
  label: string;
  value: string;
  title: string;
  isBad?: boolean;
}) {
  return (
    <div>
      <dt className="text-xs text-muted">{label}</dt>
      <dd className={`mt-0.5 font-medium tabular-nums ${isBad ? "text-danger" : ""}`} title={title}>
        {value}
      </dd>
    </div>
  );
}
