import { AlertChart } from "#app/components/alerts/alert-chart.tsx";
import { formatCount } from "#app/components/format.ts";
import type { AlertCondition } from "#app/core/alert-rule.ts";
import { useTimeText } from "#app/components/zone.ts";

/** PreviewedRule is what a rule would have done over the last day. */
export interface PreviewedRule {
  from: string;
  to: string;
  stepMs: number;
  condition: AlertCondition;
  groups: readonly { group: string | null; values: readonly number[] }[];
  otherGroups: number;
  firings: number;
  events: readonly {
    type: "firing" | "resolved";
    group: string | null;
    value: number;
    window: { from: string; to: string };
  }[];
  complete: boolean;
}

const SHOWN_EVENTS = 8;

/** AlertPreview says in words what the chart above them shows. */
export function AlertPreview({ preview }: { preview: PreviewedRule }) {
  const timeText = useTimeText();
  const { groups, firings, events, complete, otherGroups } = preview;
  const highest = Math.max(0, ...groups.flatMap(({ values }) => values));
  const summary = `${firingsInWords(firings)} in the last 24 hours. The fullest window had ${formatCount(highest)} ${highest === 1 ? "match" : "matches"}.`;
  return (
    <div className="space-y-4">
      <p className="text-sm font-medium" role="status">
        {summary}
        {!complete && " Not everything could be looked at in time, so it may be more."}
        {otherGroups > 0 && ` ${formatCount(otherGroups)} more groups are not shown.`}
      </p>
      {groups.length === 0 ? (
        <p className="text-sm text-muted">Nothing matched in the last 24 hours.</p>
      ) : (
        <AlertChart
          from={preview.from}
          stepMs={preview.stepMs}
          series={groups}
          condition={preview.condition}
          label={`Matches of each window over the last 24 hours. ${summary}`}
        />
      )}
      {events.length > 0 && (
        <ul className="space-y-1 text-[0.8125rem] leading-5 text-muted">
          {events.slice(-SHOWN_EVENTS).map(({ type, group, value, window }) => (
            <li key={`${type} ${group} ${window.to}`} className="flex flex-wrap gap-x-2">
              <span className="tabular-nums">{timeText(window.to)}</span>
              <span className={type === "firing" ? "text-danger" : "text-accent"}>{type}</span>
              <span className="wrap-anywhere">
                {group !== null && `${group}: `}
                {formatCount(value)} {value === 1 ? "match" : "matches"}
              </span>
            </li>
          ))}
          {events.length > SHOWN_EVENTS && <li>and {formatCount(events.length - SHOWN_EVENTS)} before</li>}
        </ul>
      )}
    </div>
  );
}

function firingsInWords(firings: number): string {
  if (firings === 0) return "It would not have fired";
  return firings === 1 ? "It would have fired once" : `It would have fired ${formatCount(firings)} times`;
}
