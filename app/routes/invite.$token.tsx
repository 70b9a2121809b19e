import { parseWithZod } from "@conform-to/zod/v4";
import { Form, useActionData, useLoaderData, type MetaFunction } from "@remix-run/react";
import { redirect } from "@remix-run/server-runtime";
import { signUpSchema } from "#app/core/account.ts";
import { AccountCard } from "#app/components/account/account-card.tsx";
import { AccountForm } from "#app/components/account/account-form.tsx";
import { Button, ButtonLink } from "#app/components/ui/button.tsx";
import { hashPassword } from "#app/server/auth/password.ts";
import { hashSecretToken } from "#app/server/auth/secret-token.ts";
import { acceptInvitation, findInvitation, signUpInvited } from "#app/server/catalog/invitations.ts";
import { page, pageProblem, type PageArgs } from "#app/server/http/page.ts";
import { readForm } from "#app/server/http/read-form.ts";
import { actorOf, assertOwnPage, readSession, startSession } from "#app/server/http/session.ts";

export const loader = page(async (args) => {
  const { services, invitation } = await openInvitation(args);
  const session = await readSession(services, args.request);
  const { projectName, role } = invitation;
  return { projectName, role, email: session?.account.email ?? null, path: new URL(args.request.url).pathname };
});

export const action = page(async (args) => {
  const { request, context } = args;
  const { services, tokenSha256, invitation } = await openInvitation(args);
  assertOwnPage(services, request);
  const session = await readSession(services, request);
  if (session !== null) {
    if (
      !(await acceptInvitation(services.database, tokenSha256, session.account.id, actorOf(session.account, context)))
    )
      throw goneProblem();
    throw redirect(`/p/${invitation.projectSlug}`);
  }
  const submission = parseWithZod(await readForm(request), { schema: signUpSchema });
  if (submission.status !== "success") return submission.reply();
  const { email, password } = submission.value;
  const passwordHash = await hashPassword(password);
  const account = await signUpInvited(services.database, tokenSha256, { email, passwordHash }, context.clientAddress);
  if (account === "gone") throw goneProblem();
  if (account === "taken") {
    return submission.reply({
      fieldErrors: { email: ["This address has an account: sign in, then open the link again."] },
    });
  }
  throw redirect(`/p/${invitation.projectSlug}`, {
    headers: await startSession(services, { request, context }, account),
  });
});

async function openInvitation({ context, params }: PageArgs) {
  const services = context.runtime.services();
  const tokenSha256 = hashSecretToken(params["token"] ?? "");
  const invitation = await findInvitation(services.database, tokenSha256);
  if (invitation === null) throw goneProblem();
  return { services, tokenSha256, invitation };
}

function goneProblem() {
  return pageProblem(404, "This invitation does not work", "It was used, withdrawn or is too old. Ask for a new link.");
}

export const meta: MetaFunction = () => [{ title: "Invitation - Akavelog" }];

export default function Invite() {
  const { projectName, role, email, path } = useLoaderData<typeof loader>();
  const lastResult = useActionData<typeof action>();
  return (
    <AccountCard
      title={`Join ${projectName}`}
      description={`You are invited to the logs of ${projectName} as ${role}.`}
    >
      {email === null ? (
        <>
          <AccountForm password="new" submitLabel="Create account and join" lastResult={lastResult} />
          <p className="mt-4 text-center text-sm text-muted">Have an account already?</p>
          <ButtonLink to={`/login?next=${encodeURIComponent(path)}`} className="mt-2 w-full">
            Sign in
          </ButtonLink>
        </>
      ) : (
        <Form method="post">
          <Button type="submit" tone="primary" className="w-full">
            Join as {email}
          </Button>
        </Form>
      )}
    </AccountCard>
  );
}

export { ProblemPage as ErrorBoundary } from "#app/components/problem-box.tsx";
