import { Link } from "@remix-run/react";
import { AlertStatusBadge, SilenceBadge, type RuleStatus } from "#app/components/alerts/status.tsx";
import { ButtonLink } from "#app/components/ui/button.tsx";
import { EmptyState } from "#app/components/ui/section.tsx";
import { conditionInWords } from "#app/core/alert-words.ts";
import type { AlertRule } from "#app/core/alert-rule.ts";
import { useTimeText } from "#app/components/zone.ts";

/** ListedRule is a rule as lists show it. */
export interface ListedRule extends Pick<
  AlertRule,
  "name" | "query" | "kind" | "condition" | "window" | "groupBy" | "forWindows"
> {
  id: string;
  status: RuleStatus;
  firingGroups: number;
  isSilenced: boolean;
  evaluatedTo: string;
  failure: string | null;
}

export interface RuleListProps {
  rules: readonly ListedRule[];
  slug: string;
  mayChange: boolean;
}

/** RuleList has what fires first, then what fails. */
export function RuleList({ rules, slug, mayChange }: RuleListProps) {
  const timeText = useTimeText();
  if (rules.length === 0) {
    return (
      <div className="rounded-xl border border-border bg-raised">
        <EmptyState title="No alert rules yet">
          <p>A rule watches a search and tells you when it has too many matches, or none.</p>
          {mayChange && (
            <ButtonLink to={`/p/${slug}/alerts/new`} tone="primary" className="mt-4">
              New alert
            </ButtonLink>
          )}
        </EmptyState>
      </div>
    );
  }
  return (
    <ul className="divide-y divide-border rounded-xl border border-border bg-raised">
      {rules.map((rule) => (
        <li key={rule.id} className="relative px-5 py-4 hover:bg-sunken">
          <div className="flex flex-wrap items-center gap-2">
            <Link
              to={`/p/${slug}/alerts/${rule.id}`}
              className="font-medium wrap-anywhere after:absolute after:inset-0 hover:underline"
            >
              {rule.name}
            </Link>
            <AlertStatusBadge status={rule.status} />
            <SilenceBadge isSilenced={rule.isSilenced} />
            {rule.groupBy !== null && rule.firingGroups > 0 && (
              <span className="text-xs text-danger">
                {rule.firingGroups} {rule.firingGroups === 1 ? "group" : "groups"}
              </span>
            )}
          </div>
          <p className="mt-1 text-sm text-muted">{conditionInWords(rule)}</p>
          <p className="mt-1 flex flex-wrap gap-x-3 text-[0.8125rem] leading-5 text-muted">
            <code className="font-mono text-xs leading-5 wrap-anywhere text-ink">
              {rule.query === "" ? "*" : rule.query}
            </code>
            <span className="whitespace-nowrap">evaluated up to {timeText(rule.evaluatedTo)}</span>
          </p>
          {rule.failure !== null && <p className="mt-1 text-[0.8125rem] leading-5 text-level-warn">{rule.failure}</p>}
        </li>
      ))}
    </ul>
  );
}
