import { redirect } from "@remix-run/server-runtime";
import { localPath } from "#app/core/local-path.ts";
import { oidcCookie } from "#app/server/auth/session-cookie.ts";
import type { OidcRound } from "#app/server/auth/oidc-client.ts";
import { signUpIdentified } from "#app/server/catalog/users.ts";
import { page, pageProblem } from "#app/server/http/page.ts";
import { isHttps, publicOrigin } from "#app/server/http/public-origin.ts";
import { startSession } from "#app/server/http/session.ts";

/** The identity provider sends the browser back to here. */
export const loader = page(async ({ request, context }) => {
  const services = context.runtime.services();
  const { oidc, env, sessionSecret, database } = services;
  if (oidc === null) throw pageProblem(404, "Page not found", "No identity provider is configured.");
  const cookie = oidcCookie({ secret: sessionSecret, isHttps: isHttps(env, request) });
  const round = (await cookie.parse(request.headers.get("cookie"))) as (OidcRound & { next: string }) | null;
  if (round === null)
    throw pageProblem(400, "Sign-in expired", "It took too long, or began in another browser. Try again.");
  const { pathname, search } = new URL(request.url);
  const identity = await oidc.finish(new URL(pathname + search, publicOrigin(env, request)), round);
  const account = await signUpIdentified(database, identity);
  const headers = new Headers(await startSession(services, { request, context }, account));
  headers.append("set-cookie", await cookie.serialize("", { maxAge: 0 }));
  return redirect(localPath(round.next), { headers });
});

/** Never shown: the loader leads on, or its refusal is shown below. */
export default function Nothing() {
  return null;
}

export { ProblemPage as ErrorBoundary } from "#app/components/problem-box.tsx";
