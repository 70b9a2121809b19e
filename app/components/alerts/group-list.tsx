import { AlertStatusBadge } from "#app/components/alerts/status.tsx";
import { formatCount } from "#app/components/format.ts";
import { EmptyState, Section } from "#app/components/ui/section.tsx";
import { useTimeText } from "#app/components/zone.ts";

/** ListedGroup is what a rule knows of one group. */
export interface ListedGroup {
  group: string | null;
  status: "ok" | "firing";
  value: number;
  since: string | null;
  lastSeen: string | null;
}

/** GroupList has the groups that fire first. */
export function GroupList({ groups, groupBy }: { groups: readonly ListedGroup[]; groupBy: string }) {
  const timeText = useTimeText();
  return (
    <Section title={`Groups by ${groupBy}`} description="A group is known for 24 hours after its last line.">
      {groups.length === 0 ? (
        <EmptyState title="No groups yet">
          Each value of {groupBy} gets a state of its own once it has been seen.
        </EmptyState>
      ) : (
        <ul className="-my-5 max-h-96 divide-y divide-border overflow-y-auto">
          {groups.map(({ group, status, value, since, lastSeen }) => (
            <li key={group} className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2.5 text-sm">
              <AlertStatusBadge status={status} />
              <span className="font-medium wrap-anywhere">{group === "" ? "(empty)" : group}</span>
              <span className="text-muted tabular-nums">
                {formatCount(value)} {value === 1 ? "match" : "matches"}
              </span>
              <span className="ml-auto text-[0.8125rem] text-muted tabular-nums">
                {status === "firing" && since !== null
                  ? `firing since ${timeText(since)}`
                  : lastSeen !== null && `last line ${timeText(lastSeen)}`}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
