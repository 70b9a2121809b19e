import { Link } from "@remix-run/react";
import type { ReactNode } from "react";
import { PageShell } from "#app/components/page-shell.tsx";

export interface ErrorPageProps {
  status: number;
  title: string;
  children: ReactNode;
}

/** ErrorPage says what went wrong and leads back. */
export function ErrorPage({ status, title, children }: ErrorPageProps) {
  return (
    <PageShell>
      <p className="font-mono text-sm text-muted">{status}</p>
      <h1 className="mt-2 text-2xl font-semibold tracking-tight">{title}</h1>
      <p className="mt-3 max-w-prose leading-7 text-muted">{children}</p>
      <p className="mt-8">
        <Link to="/" className="rounded text-accent underline underline-offset-4 hover:no-underline">
          Back to the start
        </Link>
      </p>
    </PageShell>
  );
}
