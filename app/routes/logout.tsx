import { redirect } from "@remix-run/server-runtime";
import { page } from "#app/server/http/page.ts";
import { dropSession } from "#app/server/http/session.ts";

/** A link must not sign anyone out, so an address that is only opened leads home. */
export const loader = page(async () => redirect("/"));

export const action = page(async (args) => {
  return redirect("/login", { headers: await dropSession(args.context.runtime.services(), args) });
});

/** Never shown: both lead on, or the refusal of another site's form is shown below. */
export default function Nothing() {
  return null;
}

export { ProblemPage as ErrorBoundary } from "#app/components/problem-box.tsx";
