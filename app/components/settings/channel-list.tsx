import { Link } from "@remix-run/react";
import { Badge } from "#app/components/ui/badge.tsx";
import { EmptyState, Section } from "#app/components/ui/section.tsx";

/** Channel is where notifications go, and the rules that send them there. */
export interface Channel {
  type: "webhook" | "slack" | "email";
  address: string;
  rules: readonly { id: string; name: string }[];
}

export interface ChannelListProps {
  slug: string;
  channels: readonly Channel[];
  /** Whether this server can send mail. */
  canMail: boolean;
}

/** ChannelList shows whom the project's alert rules tell. */
export function ChannelList({ slug, channels, canMail }: ChannelListProps) {
  return (
    <Section
      title="Notification channels"
      description={`Each alert rule names whom it tells: webhooks signed as Standard Webhooks say, Slack-compatible chats, e-mail. ${
        canMail ? "This server sends e-mail." : "This server sends no e-mail until SMTP_URL is set."
      }`}
    >
      {channels.length === 0 ? (
        <EmptyState title="Nobody is told yet">
          <Link to={`/p/${slug}/alerts/new`} className="text-accent underline underline-offset-4">
            Make an alert rule
          </Link>{" "}
          and name a channel in it.
        </EmptyState>
      ) : (
        <ul className="-my-5 divide-y divide-border">
          {channels.map(({ type, address, rules }) => (
            <li key={`${type} ${address}`} className="py-4">
              <p className="flex flex-wrap items-center gap-2 text-sm font-medium">
                <Badge>{type}</Badge>
                <span className="wrap-anywhere">{address}</span>
              </p>
              <p className="mt-1.5 flex flex-wrap gap-x-3 text-[0.8125rem] text-muted">
                {rules.map(({ id, name }) => (
                  <Link key={id} to={`/p/${slug}/alerts/${id}`} className="hover:text-ink hover:underline">
                    {name}
                  </Link>
                ))}
              </p>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
