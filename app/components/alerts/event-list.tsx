import { formatCount } from "#app/components/format.ts";
import { Badge } from "#app/components/ui/badge.tsx";
import { EmptyState, Section } from "#app/components/ui/section.tsx";
import { useTimeText } from "#app/components/zone.ts";

/** ListedEvent is one change of state as a rule's history shows it. */
export interface ListedEvent {
  id: string;
  type: "firing" | "resolved";
  reason: "began" | "repeated" | "after silence" | "ended";
  group: string | null;
  value: number;
  window: { from: string; to: string };
  partial: boolean;
  notified: boolean;
  /** The matching logs, below this site. */
  logs: string;
}

const REASONS: Partial<Record<ListedEvent["reason"], string>> = {
  repeated: "still firing",
  "after silence": "still firing after the silence",
};

/** EventList is the history of a rule, newest first. */
export function EventList({ events }: { events: readonly ListedEvent[] }) {
  const timeText = useTimeText();
  return (
    <Section title="History">
      {events.length === 0 ? (
        <EmptyState title="Nothing has happened yet">
          What this rule tells, or would have told, is listed here.
        </EmptyState>
      ) : (
        <ul className="-my-5 divide-y divide-border">
          {events.map((event) => (
            <li key={event.id} className="flex flex-wrap items-center gap-x-3 gap-y-1 py-3 text-sm">
              <time dateTime={event.window.to} className="text-muted tabular-nums">
                {timeText(event.window.to)}
              </time>
              <Badge tone={event.type === "firing" ? "bad" : "good"}>{event.type}</Badge>
              {event.group !== null && <span className="font-medium wrap-anywhere">{event.group}</span>}
              <span className="text-muted">
                {formatCount(event.value)} {event.value === 1 ? "match" : "matches"}
                {REASONS[event.reason] === undefined ? "" : `, ${REASONS[event.reason]}`}
                {!event.notified && ", nobody was told"}
                {event.partial && ", not everything was counted"}
              </span>
              {/* The explorer reads its state from the address: a plain link. */}
              <a href={event.logs} className="ml-auto whitespace-nowrap text-accent hover:underline">
                Show logs
                <span className="sr-only"> of {timeText(event.window.to)}</span>
              </a>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
