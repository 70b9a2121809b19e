import { useLoaderData, type MetaFunction } from "@remix-run/react";
import { Explorer } from "#app/components/explorer/explorer.tsx";
import type { SavedSearchAnswer } from "#app/components/explorer/saved-searches.tsx";
import { roleAllows } from "#app/core/account.ts";
import { MAX_SAVED_SEARCHES, saveSearchSchema } from "#app/core/saved-search.ts";
import { deleteSavedSearch, listSavedSearches, saveSearch } from "#app/server/catalog/saved-searches.ts";
import { page, requireProject } from "#app/server/http/page.ts";
import { readForm } from "#app/server/http/read-form.ts";

/** The frame of the page; its lines come from the API, straight into the browser. */
export const loader = page(async (args) => {
  const { services, project, role } = await requireProject(args);
  return {
    slug: project.slug,
    name: project.name,
    canEdit: roleAllows(role, "member"),
    saved: await listSavedSearches(services.database, project.id),
  };
});

/** Saves a search or forgets one. */
export const action = page(async (args): Promise<SavedSearchAnswer> => {
  const { services, session, project } = await requireProject(args, "member");
  const form = Object.fromEntries(await readForm(args.request)) as Record<string, string>;
  if (form["intent"] === "delete") {
    await deleteSavedSearch(services.database, project.id, form["id"] ?? "");
    return { ok: true, errors: {} };
  }
  const parsed = saveSearchSchema.safeParse(form);
  if (!parsed.success) {
    const problems = parsed.error.issues;
    const name = problems.filter(({ path }) => path[0] === "name").map(({ message }) => message);
    const others = problems.filter(({ path }) => path[0] !== "name").map(({ message }) => message);
    return { ok: false, errors: { name, form: others } };
  }
  const isSaved = await saveSearch(services.database, {
    projectId: project.id,
    savedBy: session.account.id,
    ...parsed.data,
  });
  if (isSaved) return { ok: true, errors: {} };
  return { ok: false, errors: { form: [`A project keeps at most ${MAX_SAVED_SEARCHES} searches. Delete one first.`] } };
});

/** What the address says beside its path is the explorer's own business. */
export { revalidateByPath as shouldRevalidate } from "#app/components/revalidate-by-path.ts";

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `Logs - ${data?.name ?? "Project"} - Akavelog` },
];

export default function Logs() {
  const { slug, canEdit, saved } = useLoaderData<typeof loader>();
  return <Explorer key={slug} slug={slug} canEdit={canEdit} saved={saved} />;
}
