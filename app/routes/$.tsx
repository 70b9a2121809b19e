import type { MetaFunction } from "@remix-run/react";
import { data } from "@remix-run/server-runtime";
import { PageShell } from "#app/components/page-shell.tsx";
import { ProblemText } from "#app/components/problem-box.tsx";

/** Answers every address that no other route has. API clients get a problem document from entry.server.tsx instead. */
export function loader() {
  return data(null, { status: 404 });
}

export function action() {
  return data(null, { status: 404 });
}

export const meta: MetaFunction = () => [{ title: "Page not found - Akavelog" }];

export default function NotFound() {
  return (
    <PageShell>
      <ProblemText
        status={404}
        title="Page not found"
        detail="There is nothing at this address. It may have been typed wrong, or what it led to is gone."
      />
    </PageShell>
  );
}
