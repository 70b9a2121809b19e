import { useLoaderData } from "@remix-run/react";
import { ChannelList, type Channel } from "#app/components/settings/channel-list.tsx";
import { listAlertRules, type StoredRule } from "#app/server/alerts/alert-rules.ts";
import { page, requireProject } from "#app/server/http/page.ts";

export const loader = page(async (args) => {
  const { services, project } = await requireProject(args);
  const rules = await listAlertRules(services.database, project.id);
  return { slug: project.slug, channels: channelsOf(rules), canMail: services.alerts.ruleContext().canMail };
});

/** Rules name their targets themselves; here each is listed once, with the rules that tell it. */
function channelsOf(rules: readonly StoredRule[]): Channel[] {
  const channels = new Map<string, Channel>();
  for (const { id, name, notify } of rules) {
    for (const target of notify) {
      const address = target.type === "email" ? target.to.join(", ") : target.url;
      const key = `${target.type} ${address}`;
      const channel = channels.get(key) ?? { type: target.type, address, rules: [] };
      channels.set(key, { ...channel, rules: [...channel.rules, { id, name }] });
    }
  }
  return [...channels.values()].toSorted((a, b) => a.type.localeCompare(b.type) || a.address.localeCompare(b.address));
}

export default function ChannelSettings() {
  return <ChannelList {...useLoaderData<typeof loader>()} />;
}
