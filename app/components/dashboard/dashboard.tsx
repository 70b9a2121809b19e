import { Link } from "@remix-run/react";
import { ActiveAlerts, type ActiveAlert } from "#app/components/dashboard/active-alerts.tsx";
import { DASHBOARD_RANGES, type DashboardRange } from "#app/components/dashboard/dashboard-range.ts";
import { Figure } from "#app/components/dashboard/figure.tsx";
import { ServiceTable } from "#app/components/dashboard/service-table.tsx";
import { VolumeChart } from "#app/components/dashboard/volume-chart.tsx";
import type { Histogram } from "#app/components/explorer/api-client.ts";
import {
  formatBytes,
  formatCompact,
  formatCount,
  formatDuration,
  formatRatio,
  formatShare,
} from "#app/components/format.ts";
import type { ServiceVolume } from "#app/core/project-overview.ts";
import { PageBody } from "#app/components/ui/page-body.tsx";
import { useRefresh } from "#app/components/use-refresh.ts";
import { Section } from "#app/components/ui/section.tsx";

export interface DashboardProps {
  name: string;
  slug: string;
  retentionDays: number;
  rangeName: DashboardRange;
  histogram: Histogram;
  volume: {
    services: readonly ServiceVolume[];
    before: { entries: number; errors: number };
    complete: boolean;
  };
  storage: {
    objects: number;
    entries: number;
    storedBytes: number;
    rawBytes: number;
    lagMs: { median: number; worst: number } | null;
  };
  /** Those that are firing or cannot be evaluated. */
  alerts: readonly ActiveAlert[];
  /** How many rules there are. */
  rules: number;
}

/** Counting takes longer than reading the state of rules. */
const REFRESH_MS = 30_000;

/** More digits do not fit in a box on a phone. */
const EVERY_DIGIT_BELOW = 10_000_000;

/** Dashboard is a project at a glance; every figure of its chart can be read as text. */
export function Dashboard(props: DashboardProps) {
  const { name, slug, retentionDays, rangeName, histogram, volume, storage, alerts, rules } = props;
  useRefresh(REFRESH_MS);
  const { before: comparedWith } = DASHBOARD_RANGES[rangeName];
  const errors = volume.services.reduce((sum, service) => sum + service.errors, 0);
  const lines = histogram.total < EVERY_DIGIT_BELOW ? formatCount(histogram.total) : formatCompact(histogram.total);
  const logs = `/p/${slug}/logs?from=now-${rangeName}&to=now`;
  return (
    <PageBody title={name} action={<RangeLinks current={rangeName} />}>
      {!(histogram.complete && volume.complete) && (
        <p role="status" className="rounded-lg bg-warn-soft px-4 py-2.5 text-sm text-level-warn">
          Part of the logs could not be reached, so some figures are too low.
        </p>
      )}
      <ActiveAlerts alerts={alerts} slug={slug} />
      <dl className="grid grid-cols-2 gap-3 lg:grid-cols-5">
        <Figure label="Lines" value={lines} title={formatCount(histogram.total)} to={logs}>
          {changeOf(histogram.total, volume.before.entries, comparedWith)}
        </Figure>
        <Figure
          label="Errors"
          value={formatShare(errors / Math.max(1, histogram.total))}
          title={`${formatCount(errors)} of level error or fatal`}
          tone={errors === 0 ? "plain" : "bad"}
          to={`${logs}&query=${encodeURIComponent("level:>=error")}`}
        >
          {volume.before.entries === 0
            ? `no lines in ${comparedWith}`
            : `${formatShare(volume.before.errors / volume.before.entries)} in ${comparedWith}`}
        </Figure>
        <Figure
          label="Alerts firing"
          value={formatCount(alerts.length)}
          title="Rules that fire or cannot be evaluated"
          tone={alerts.length === 0 ? "plain" : "bad"}
          to={`/p/${slug}/alerts`}
        >
          {rules === 0 ? "no rules yet" : `of ${formatCount(rules)} ${rules === 1 ? "rule" : "rules"}`}
        </Figure>
        <Figure
          label="Until stored"
          value={storage.lagMs === null ? "–" : formatDuration(storage.lagMs.median)}
          title="From the last arrival in a batch to its commit"
        >
          {storage.lagMs === null
            ? "nothing in the last hour"
            : `at most ${formatDuration(storage.lagMs.worst)} in an hour`}
        </Figure>
        <Figure
          label="Stored"
          className="col-span-2 lg:col-span-1"
          value={formatBytes(storage.storedBytes)}
          title={`${formatCount(storage.entries)} lines in ${formatCount(storage.objects)} objects`}
        >
          {formatRatio(storage.rawBytes, storage.storedBytes)} smaller than the {formatBytes(storage.rawBytes)} sent,
          kept {retentionDays} {retentionDays === 1 ? "day" : "days"}
        </Figure>
      </dl>
      <Section title="Lines over time">
        <VolumeChart histogram={histogram} slug={slug} />
      </Section>
      <Section title="Services">
        <ServiceTable services={volume.services} logs={logs} />
      </Section>
    </PageBody>
  );
}

function RangeLinks({ current }: { current: DashboardRange }) {
  return (
    <nav aria-label="Time range" className="flex rounded-lg border border-border bg-raised p-0.5">
      {Object.entries(DASHBOARD_RANGES).map(([name, { label }]) => (
        <Link
          key={name}
          to={`?range=${name}`}
          preventScrollReset
          aria-current={name === current ? "true" : undefined}
          className="rounded-md px-3 py-1 text-sm font-medium text-muted hover:text-ink aria-[current]:bg-accent-soft aria-[current]:text-accent"
        >
          {label}
        </Link>
      ))}
    </nav>
  );
}

function changeOf(now: number, before: number, comparedWith: string): string {
  if (before === 0) return `none in ${comparedWith}`;
  const change = now / before - 1;
  if (Math.abs(change) < 0.005) return `as in ${comparedWith}`;
  return `${change > 0 ? "+" : "−"}${formatShare(Math.abs(change))} on ${comparedWith}`;
}
