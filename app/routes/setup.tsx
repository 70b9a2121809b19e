import { parseWithZod } from "@conform-to/zod/v4";
import { useActionData, type MetaFunction } from "@remix-run/react";
import { redirect } from "@remix-run/server-runtime";
import { signUpSchema } from "#app/core/account.ts";
import { AccountCard } from "#app/components/account/account-card.tsx";
import { AccountForm } from "#app/components/account/account-form.tsx";
import { hashPassword } from "#app/server/auth/password.ts";
import { createFirstUser, hasUsers } from "#app/server/catalog/users.ts";
import { page } from "#app/server/http/page.ts";
import { readForm } from "#app/server/http/read-form.ts";
import { assertOwnPage, startSession } from "#app/server/http/session.ts";

/** The first visit makes the first account; afterwards this page is gone. */
export const loader = page(async ({ context }) => {
  const { database } = context.runtime.services();
  if (await hasUsers(database)) throw redirect("/login");
  return null;
});

export const action = page(async ({ request, context }) => {
  const services = context.runtime.services();
  assertOwnPage(services, request);
  const submission = parseWithZod(await readForm(request), { schema: signUpSchema });
  if (submission.status !== "success") return submission.reply();
  const { email, password } = submission.value;
  const account = await createFirstUser(services.database, { email, passwordHash: await hashPassword(password) });
  if (account === null) throw redirect("/login");
  throw redirect("/", { headers: await startSession(services, { request, context }, account) });
});

export const meta: MetaFunction = () => [{ title: "Set up - Akavelog" }];

export default function Setup() {
  const lastResult = useActionData<typeof action>();
  return (
    <AccountCard
      title="Welcome to Akavelog"
      description="Make the first account. It administers this installation: it makes projects and lets other people in."
    >
      <AccountForm password="new" submitLabel="Create account" lastResult={lastResult} />
    </AccountCard>
  );
}
