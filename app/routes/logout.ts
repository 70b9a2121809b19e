import { redirect } from "@remix-run/server-runtime";
import { page } from "#app/server/http/page.ts";
import { dropSession } from "#app/server/http/session.ts";

/** A link must not sign anyone out, so an address that is only opened leads home. */
export const loader = page(async () => redirect("/"));

export const action = page(async (args) => {
  return redirect("/login", { headers: await dropSession(args.context.runtime.services(), args) });
});
