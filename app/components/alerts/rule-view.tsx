import type { Delivery } from "#app/core/alert-delivery.ts";
import { Link } from "@remix-run/react";
import type { ReactNode } from "react";
import { AlertChart, type ChartSeries } from "#app/components/alerts/alert-chart.tsx";
import { DeliveryList } from "#app/components/alerts/delivery-list.tsx";
import { EventList, type ListedEvent } from "#app/components/alerts/event-list.tsx";
import { GroupList, type ListedGroup } from "#app/components/alerts/group-list.tsx";
import { RuleActions } from "#app/components/alerts/rule-actions.tsx";
import type { ListedRule } from "#app/components/alerts/rule-list.tsx";
import { AlertStatusBadge, SilenceBadge } from "#app/components/alerts/status.tsx";
import { ButtonLink } from "#app/components/ui/button.tsx";
import { PageBody } from "#app/components/ui/page-body.tsx";
import { Section } from "#app/components/ui/section.tsx";
import { conditionInWords } from "#app/core/alert-words.ts";
import { useTimeText } from "#app/components/zone.ts";

/** ShownRule is a rule as its page shows it. */
export interface ShownRule extends ListedRule {
  repeatEvery: string | null;
  notifyResolved: boolean;
  silencedUntil: string | null;
  enabled: boolean;
  notify: readonly (
    { id: string; type: "webhook" | "slack"; url: string } | { id: string; type: "email"; to: string[] }
  )[];
}

export interface RuleViewProps {
  slug: string;
  mayChange: boolean;
  rule: ShownRule;
  groups: readonly ListedGroup[];
  course: { from: string; stepMs: number; series: readonly ChartSeries[] };
  events: readonly ListedEvent[];
  deliveries: readonly Delivery[];
}

/** RuleView is everything about one rule. */
export function RuleView({ slug, mayChange, rule, groups, course, events, deliveries }: RuleViewProps) {
  const timeText = useTimeText();
  return (
    <PageBody
      title={rule.name}
      description={conditionInWords(rule)}
      action={
        <p className="flex flex-wrap items-center gap-2">
          <SilenceBadge isSilenced={rule.isSilenced} />
          <AlertStatusBadge status={rule.status} />
        </p>
      }
    >
      {rule.failure !== null && (
        <p role="alert" className="rounded-md border border-border bg-warn-soft px-3 py-2 text-sm text-level-warn">
          This rule cannot be evaluated in full: it {rule.failure}.
        </p>
      )}
      <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-6 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="space-y-6">
          <Section
            title="Matches over time"
            description={course.series.length === 0 ? undefined : `Evaluated up to ${timeText(rule.evaluatedTo)}.`}
          >
            {course.series.length === 0 ? (
              <p className="text-sm text-muted">No window has been evaluated yet.</p>
            ) : (
              <AlertChart
                from={course.from}
                stepMs={course.stepMs}
                series={course.series}
                condition={rule.condition}
                label={`Matches of each window of ${rule.name}`}
              />
            )}
          </Section>
          {rule.groupBy !== null && <GroupList groups={groups} groupBy={rule.groupBy} />}
          <EventList events={events} />
          <DeliveryList deliveries={deliveries} />
        </div>
        <div className="space-y-6">
          <RuleFacts rule={rule} slug={slug} mayChange={mayChange} />
          {mayChange && (
            <RuleActions
              name={rule.name}
              isEnabled={rule.enabled}
              isSilenced={rule.isSilenced}
              hasTargets={rule.notify.length > 0}
            />
          )}
        </div>
      </div>
    </PageBody>
  );
}

function RuleFacts({ rule, slug, mayChange }: Pick<RuleViewProps, "rule" | "slug" | "mayChange">) {
  const timeText = useTimeText();
  const search = new URLSearchParams(rule.query === "" ? {} : { query: rule.query }).toString();
  const targets = rule.notify.map((target) => (target.type === "email" ? target.to.join(", ") : target.url));
  return (
    <Section
      title="Rule"
      action={
        mayChange && (
          <ButtonLink to={`/p/${slug}/alerts/${rule.id}/edit`} size="small">
            Edit
          </ButtonLink>
        )
      }
    >
      <dl className="space-y-3 text-sm">
        <Fact name="Query">
          <code className="font-mono text-xs wrap-anywhere">{rule.query === "" ? "*" : rule.query}</code>{" "}
          <Link to={`/p/${slug}/logs${search === "" ? "" : `?${search}`}`} className="text-accent hover:underline">
            Search
          </Link>
        </Fact>
        <Fact name="Tells">
          {targets.length === 0
            ? "nobody"
            : targets.map((target) => (
                <p key={target} className="wrap-anywhere">
                  {target}
                </p>
              ))}
        </Fact>
        <Fact name="Repeats">{rule.repeatEvery === null ? "no" : `every ${rule.repeatEvery}`}</Fact>
        <Fact name="Tells when it is over">{rule.notifyResolved ? "yes" : "no"}</Fact>
        {rule.isSilenced && rule.silencedUntil !== null && (
          <Fact name="Silenced until">{timeText(rule.silencedUntil)}</Fact>
        )}
      </dl>
    </Section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-[0.8125rem] text-muted">{name}</dt>
      <dd className="mt-0.5">{children}</dd>
    </div>
  );
}
