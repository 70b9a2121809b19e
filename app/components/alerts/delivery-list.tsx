import type { Delivery } from "#app/core/alert-delivery.ts";
import { Badge, type BadgeTone } from "#app/components/ui/badge.tsx";
import { EmptyState, Section } from "#app/components/ui/section.tsx";
import { useTimeText } from "#app/components/zone.ts";

const TONES: Record<Delivery["state"], BadgeTone> = { pending: "warn", delivered: "good", failed: "bad" };

/** DeliveryList is the delivery log of a rule, newest first. */
export function DeliveryList({ deliveries }: { deliveries: readonly Delivery[] }) {
  const timeText = useTimeText();
  return (
    <Section title="Deliveries">
      {deliveries.length === 0 ? (
        <EmptyState title="Nothing has been sent yet" />
      ) : (
        <ul className="-my-5 divide-y divide-border">
          {deliveries.map((delivery) => (
            <li key={delivery.id} className="py-3 text-sm">
              <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
                <time dateTime={delivery.createdAt} className="text-muted tabular-nums">
                  {timeText(delivery.createdAt)}
                </time>
                <Badge tone={TONES[delivery.state]}>{delivery.state}</Badge>
                {delivery.eventId === null && <Badge>test</Badge>}
                <span className="min-w-0 wrap-anywhere">{delivery.target}</span>
                <span className="text-muted">
                  {[
                    delivery.status === null ? "" : `answered ${delivery.status}`,
                    delivery.attempts > 1 ? `${delivery.attempts} tries` : "",
                    delivery.nextAttemptAt === null ? "" : `next try ${timeText(delivery.nextAttemptAt)}`,
                  ]
                    .filter((text) => text !== "")
                    .join(", ")}
                </span>
              </p>
              {delivery.error !== null && (
                <p className="mt-1 text-[0.8125rem] leading-5 wrap-anywhere text-danger">{delivery.error}</p>
              )}
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
