import { parseWithZod } from "@conform-to/zod/v4";
import { useActionData, useLoaderData, type MetaFunction } from "@remix-run/react";
import { data, redirect } from "@remix-run/server-runtime";
import { signInSchema } from "#app/core/account.ts";
import { localPath } from "#app/core/local-path.ts";
import { AccountCard } from "#app/components/account/account-card.tsx";
import { AccountForm } from "#app/components/account/account-form.tsx";
import { ButtonLink } from "#app/components/ui/button.tsx";
import { createAuthenticator } from "#app/server/auth/authenticator.ts";
import { noteRefusal } from "#app/server/catalog/audit-log.ts";
import { hasUsers } from "#app/server/catalog/users.ts";
import { page } from "#app/server/http/page.ts";
import { readForm } from "#app/server/http/read-form.ts";
import { assertOwnPage, readSession, startSession } from "#app/server/http/session.ts";

export const loader = page(async ({ request, context }) => {
  const services = context.runtime.services();
  if ((await readSession(services, request)) !== null) throw redirect(nextOf(request));
  if (services.oidc === null && !(await hasUsers(services.database))) throw redirect("/setup");
  return { oidcPath: services.oidc === null ? null : `/login/oidc?next=${encodeURIComponent(nextOf(request))}` };
});

export const action = page(async ({ request, context }) => {
  const services = context.runtime.services();
  assertOwnPage(services, request);
  const submission = parseWithZod(await readForm(request), { schema: signInSchema });
  if (submission.status !== "success") return data(submission.reply());
  const { clientAddress } = context;
  const { database, signIns } = services;
  // The strategy reads its fields from the body, where the address now is in lower case.
  const credentials = new Request(request.url, { method: "POST", body: new URLSearchParams(submission.value) });
  const outcome = await createAuthenticator({ database, signIns, clientAddress }).authenticate("form", credentials);
  if ("account" in outcome) {
    throw redirect(nextOf(request), { headers: await startSession(services, { request, context }, outcome.account) });
  }
  if (outcome.refused === "wrong") {
    await noteRefusal(database, submission.value.email, clientAddress);
    return data(submission.reply({ formErrors: ["The e-mail address or the password is wrong."] }), { status: 403 });
  }
  const minutes = Math.ceil(outcome.waitMs / 60_000);
  return data(
    submission.reply({
      formErrors: [`Too many tries. Try again in ${minutes === 1 ? "a minute" : `${minutes} minutes`}.`],
    }),
    { status: 429, headers: { "retry-after": String(Math.ceil(outcome.waitMs / 1_000)) } },
  );
});

function nextOf(request: Request): string {
  return localPath(new URL(request.url).searchParams.get("next"));
}

export const meta: MetaFunction = () => [{ title: "Sign in - Akavelog" }];

export default function Login() {
  const { oidcPath } = useLoaderData<typeof loader>();
  const lastResult = useActionData<typeof action>();
  return (
    <AccountCard title="Sign in">
      {oidcPath !== null && (
        <div className="mb-5 border-b border-border pb-5">
          {/* A document of its own: the way leads to another host. */}
          <ButtonLink to={oidcPath} reloadDocument className="w-full">
            Sign in with single sign-on
          </ButtonLink>
        </div>
      )}
      <AccountForm password="known" submitLabel="Sign in" lastResult={lastResult} />
    </AccountCard>
  );
}
