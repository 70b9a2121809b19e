import { redirect } from "@remix-run/server-runtime";
import { localPath } from "#app/core/local-path.ts";
import { oidcCookie } from "#app/server/auth/session-cookie.ts";
import { page, pageProblem } from "#app/server/http/page.ts";
import { isHttps, publicOrigin } from "#app/server/http/public-origin.ts";

/** Leads to the identity provider. */
export const loader = page(async ({ request, context }) => {
  const { oidc, env, sessionSecret } = context.runtime.services();
  if (oidc === null) throw pageProblem(404, "Page not found", "No identity provider is configured.");
  const { url, round } = await oidc.begin(`${publicOrigin(env, request)}/login/oidc/callback`);
  const next = localPath(new URL(request.url).searchParams.get("next"));
  const cookie = oidcCookie({ secret: sessionSecret, isHttps: isHttps(env, request) });
  return redirect(url.href, { headers: { "set-cookie": await cookie.serialize({ ...round, next }) } });
});

/** Never shown: the loader leads on, or its refusal is shown below. */
export default function Nothing() {
  return null;
}

export { ProblemPage as ErrorBoundary } from "#app/components/problem-box.tsx";
