import { useLoaderData } from "@remix-run/react";
import { data } from "@remix-run/server-runtime";
import { ShipperGuide } from "#app/components/shippers/shipper-guide.tsx";
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
  return (
    <Section
      title="Send logs"
      description="What sends logs already needs this address and a key. Everything else that speaks one of these protocols works as well."
    >
      <ShipperGuide origin={origin} projectSlug={slug} mayMakeKey={mayChange} />
    </Section>
  );
}
