import { Link } from "@remix-run/react";
import { formatCount, formatShare } from "#app/components/format.ts";
import type { ServiceVolume } from "#app/core/project-overview.ts";
import { EmptyState } from "#app/components/ui/section.tsx";

/** More are found in the explorer's facets. */
const MOST_SERVICES = 10;

export interface ServiceTableProps {
  /** The most talkative first. */
  services: readonly ServiceVolume[];
  /** The address of the logs they are counted in. */
  logs: string;
}

/** ServiceTable lists the services that write most. */
export function ServiceTable({ services, logs }: ServiceTableProps) {
  if (services.length === 0) return <EmptyState title="Nothing was written in this time" />;
  const most = services[0]?.entries ?? 1;
  return (
    <div className="-mx-5 -my-5 overflow-x-auto">
      <table className="w-full text-sm">
        <thead className="text-left text-xs text-muted">
          <tr className="border-b border-border">
            <th className="px-5 py-2 font-medium">Service</th>
            <th className="px-3 py-2 text-right font-medium">Lines</th>
            <th aria-hidden="true" className="hidden w-2/5 px-3 py-2 sm:table-cell" />
            <th className="px-5 py-2 text-right font-medium">Errors</th>
          </tr>
        </thead>
        <tbody className="divide-y divide-border">
          {services.slice(0, MOST_SERVICES).map(({ service, entries, errors }) => (
            <tr key={service}>
              <td className="max-w-40 truncate px-5 py-2 font-medium">
                <Link
                  to={`${logs}&service=${encodeURIComponent(service)}`}
                  className="hover:text-accent hover:underline"
                >
                  {service}
                </Link>
              </td>
              <td className="px-3 py-2 text-right tabular-nums">{formatCount(entries)}</td>
              <td aria-hidden="true" className="hidden px-3 py-2 sm:table-cell">
                <svg viewBox="0 0 100 6" preserveAspectRatio="none" className="h-1.5 w-full" aria-hidden="true">
                  <rect width="100" height="6" className="fill-sunken" />
                  <rect width={(entries / most) * 100} height="6" className="fill-accent" />
                  <rect width={(errors / most) * 100} height="6" className="fill-level-error" />
                </svg>
              </td>
              <td className={`px-5 py-2 text-right tabular-nums ${errors > 0 ? "text-danger" : "text-muted"}`}>
                {formatCount(errors)}
                <span className="ml-2 text-xs text-muted">{formatShare(errors / entries)}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {services.length > MOST_SERVICES && (
        <p className="border-t border-border px-5 py-2.5 text-xs text-muted">
          The {MOST_SERVICES} that write most of {formatCount(services.length)}.
        </p>
      )}
    </div>
  );
}
