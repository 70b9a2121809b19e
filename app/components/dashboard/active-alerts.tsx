import { Link } from "@remix-run/react";
import { AlertStatusBadge, type RuleStatus } from "#app/components/alerts/status.tsx";

/** ActiveAlert is a rule that somebody should look at. */
export interface ActiveAlert {
  id: string;
  name: string;
  status: RuleStatus;
  firingGroups: number;
}

/** ActiveAlerts names the rules that are firing, above everything else of a project. */
export function ActiveAlerts({ alerts, slug }: { alerts: readonly ActiveAlert[]; slug: string }) {
  if (alerts.length === 0) return null;
  return (
    <ul aria-label="Active alerts" className="divide-y divide-border rounded-xl border border-danger/40 bg-raised">
      {alerts.map(({ id, name, status, firingGroups }) => (
        <li key={id} className="flex flex-wrap items-center gap-3 px-4 py-2.5 text-sm">
          <AlertStatusBadge status={status} />
          <Link to={`/p/${slug}/alerts/${id}`} className="font-medium hover:text-accent hover:underline">
            {name}
          </Link>
          {firingGroups > 1 && <span className="text-muted">{firingGroups} groups</span>}
        </li>
      ))}
    </ul>
  );
}
