import { parseWithZod } from "@conform-to/zod/v4";
import { useLoaderData, type MetaFunction } from "@remix-run/react";
import { data, redirect } from "@remix-run/server-runtime";
import { changePasswordSchema } from "#app/core/account.ts";
import { PasswordSettings } from "#app/components/account/password-settings.tsx";
import { SessionSettings } from "#app/components/account/session-settings.tsx";
import { AppShell } from "#app/components/app-shell.tsx";
import { PageBody } from "#app/components/ui/page-body.tsx";
import { hashPassword, isPassword } from "#app/server/auth/password.ts";
import { listProjectsOf } from "#app/server/catalog/memberships.ts";
import { countSessions, endAllSessions } from "#app/server/catalog/sessions.ts";
import { findCredentials, setPassword } from "#app/server/catalog/users.ts";
import { page, pageProblem, requireSession } from "#app/server/http/page.ts";
import { actorOf } from "#app/server/http/session.ts";
import { formText, readForm } from "#app/server/http/read-form.ts";

export const loader = page(async (args) => {
  const { services, session } = await requireSession(args);
  const projects = await listProjectsOf(services.database, session.account);
  return {
    account: session.account,
    sessions: await countSessions(services.database, session.account.id),
    projects: projects.map(({ project: { name, slug } }) => ({ name, slug })),
  };
});

export const action = page(async (args) => {
  const { services, session } = await requireSession(args);
  const { database } = services;
  const form = await readForm(args.request);
  const intent = formText(form, "intent");
  switch (intent) {
    case "password": {
      const submission = parseWithZod(form, { schema: changePasswordSchema });
      if (submission.status !== "success") {
        return data({ intent, isSaved: false, result: submission.reply() }, { status: 422 });
      }
      const { email } = session.account;
      const { current, password } = submission.value;
      const { clientAddress } = args.context;
      const waitMs = services.signIns.waitMs(email, clientAddress);
      const isThrottled = waitMs > 0;
      services.signIns.countTry(email, clientAddress);
      const credentials = await findCredentials(database, email);
      if (isThrottled || !(await isPassword(current, credentials?.passwordHash ?? null))) {
        const reason = isThrottled
          ? "Too many tries. Try again in a few minutes."
          : "This is not your current password.";
        const result = submission.reply({ fieldErrors: { current: [reason] } });
        if (!isThrottled) return data({ intent, isSaved: false, result }, { status: 422 });
        const headers = { "retry-after": String(Math.ceil(waitMs / 1_000)) };
        return data({ intent, isSaved: false, result }, { status: 429, headers });
      }
      services.signIns.forgive(email);
      const passwordHash = await hashPassword(password);
      await setPassword(
        database,
        { email, passwordHash, keepSession: session.tokenSha256 },
        actorOf(session.account, args.context),
      );
      return data({ intent, isSaved: true, result: submission.reply({ resetForm: true }) });
    }
    case "sign-out-everywhere":
      await endAllSessions(database, session.account.id, actorOf(session.account, args.context));
      throw redirect("/login");
    default:
      throw pageProblem(400, "Not understood", "The form asked for nothing that is known here.");
  }
});

export const meta: MetaFunction = () => [{ title: "Password and sessions - Akavelog" }];

export default function AccountPage() {
  const { account, projects, sessions } = useLoaderData<typeof loader>();
  return (
    <AppShell account={account} projects={projects}>
      <PageBody title="Password and sessions" description={account.email}>
        <PasswordSettings email={account.email} />
        <SessionSettings sessions={sessions} />
      </PageBody>
    </AppShell>
  );
}

export { ProblemPage as ErrorBoundary } from "#app/components/problem-box.tsx";
