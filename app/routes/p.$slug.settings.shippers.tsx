import { useLoaderData } from "@remix-run/react";
import { data } from "@remix-run/server-runtime";
import { useSettingsFetcher } from "#app/components/settings/settings-form.tsx";
import type { KeyAnswer } from "#app/components/settings/new-key-form.tsx";
import { NewKeyNotice } from "#app/components/shippers/new-key-notice.tsx";
import { SendFirstLine } from "#app/components/shippers/send-first-line.tsx";
import { Button } from "#app/components/ui/button.tsx";
import { Section } from "#app/components/ui/section.tsx";
import { createApiKey } from "#app/server/catalog/api-keys.ts";
import { page, pageProblem, requireProject } from "#app/server/http/page.ts";
import { publicOrigin } from "#app/server/http/public-origin.ts";

/** A key for a shipper sends and does nothing else. */
const SHIPPER_KEY = { name: "shipper", scopes: ["ingest" as const] };

export const loader = page(async (args) => {
  const { services, project, role } = await requireProject(args);
  return { slug: project.slug, mayChange: role === "owner", origin: publicOrigin(services.env, args.request) };
});

export const action = page(async (args) => {
  const { services, project, actor } = await requireProject(args, "owner");
  const issued = await createApiKey(services.database, project.id, SHIPPER_KEY, actor);
  if (issued === null) throw pageProblem(404, "Project not found", "The project was deleted meanwhile.");
  return data({
    intent: "new-key",
    isSaved: true,
    result: null,
    issued: { id: issued.id, name: issued.name, key: issued.key },
  });
});

export default function ShipperSettings() {
  const { slug, mayChange, origin } = useLoaderData<typeof loader>();
  const { fetcher, isBusy, answer } = useSettingsFetcher<KeyAnswer>("new-key");
  const issued = answer?.issued ?? null;
  const newKey = mayChange && (
    <fetcher.Form method="post" className="flex flex-wrap items-center gap-3">
      <Button type="submit" disabled={isBusy}>
        New key for this snippet
      </Button>
      <p className="text-sm text-muted">Keys are shown once; a new one may only send.</p>
    </fetcher.Form>
  );
  return (
    <Section
      title="Send logs"
      description="What sends logs already needs this address and a key. Everything else that speaks one of these protocols works as well."
    >
      <div className="space-y-5">
        {issued !== null && <NewKeyNotice name={issued.name} apiKey={issued.key} />}
        <SendFirstLine origin={origin} projectSlug={slug} apiKey={issued?.key ?? null} newKey={newKey} />
      </div>
    </Section>
  );
}
