import { AUDIT_ACTIONS, type AuditEvent } from "#app/core/audit.ts";
import { ButtonLink } from "#app/components/ui/button.tsx";
import { EmptyState, Section } from "#app/components/ui/section.tsx";
import { useTimeText } from "#app/components/zone.ts";

export interface AuditListProps {
  events: readonly AuditEvent[];
  /** Where the events before these are; null when there are none. */
  olderPath: string | null;
}

/** AuditList says who did what in a project, the newest first. */
export function AuditList({ events, olderPath }: AuditListProps) {
  const timeText = useTimeText();
  return (
    <Section title="Audit log" description="Sign-ins of members, keys, people, deletions and exports of the last year.">
      {events.length === 0 ? (
        <EmptyState title="Nothing yet">What members do is listed here.</EmptyState>
      ) : (
        <ol className="-my-5 divide-y divide-border">
          {events.map(({ id, at, actor, action, target, address }) => (
            <li key={id} className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1 py-3 text-sm">
              <span className="min-w-0 break-words">
                <span className="font-medium">{actor}</span> {AUDIT_ACTIONS[action]}{" "}
                <span className="font-medium">{target}</span>
              </span>
              <span className="text-muted tabular-nums">
                {address} <time dateTime={at}>{timeText(at)}</time>
              </span>
            </li>
          ))}
        </ol>
      )}
      {olderPath !== null && (
        <div className="mt-8">
          <ButtonLink to={olderPath}>Older</ButtonLink>
        </div>
      )}
    </Section>
  );
}
