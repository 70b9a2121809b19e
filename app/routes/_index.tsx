import { useLoaderData, useRevalidator, type MetaFunction } from "@remix-run/react";
import type { LoaderFunctionArgs } from "@remix-run/server-runtime";
import { useEffect } from "react";
import { FirstSteps } from "#app/components/first-steps.tsx";
import { PageShell } from "#app/components/page-shell.tsx";
import { StatusBadge } from "#app/components/status-badge.tsx";
import { operatorTokenInShell } from "#app/server/auth/operator-token.ts";

/** A server that starts is asked again after this long. */
const RECHECK_MS = 2_000;

export function loader({ request, context }: LoaderFunctionArgs) {
  const { runtime } = context;
  return {
    isReady: runtime.ready().ok,
    origin: runtime.env.publicUrl ?? new URL(request.url).origin,
    operatorToken: operatorTokenInShell(runtime.env),
  };
}

export const meta: MetaFunction = () => [
  { title: "Akavelog" },
  { name: "description", content: "A self-hosted log platform over your own bucket." },
];

export default function Index() {
  const { isReady, origin, operatorToken } = useLoaderData<typeof loader>();
  useRecheck(!isReady);
  return (
    <PageShell
      aside={
        isReady ? (
          <StatusBadge tone="good">Ready for logs</StatusBadge>
        ) : (
          <StatusBadge tone="waiting">Starting</StatusBadge>
        )
      }
    >
      <h1 className="text-3xl font-semibold tracking-tight text-balance sm:text-4xl">Send your first line</h1>
      <p className="mt-3 max-w-prose text-base leading-7 text-muted sm:text-lg">
        Akavelog takes logs over HTTP, has them safe on disk before it says yes, and keeps them in a bucket that is
        yours.
      </p>
      <FirstSteps origin={origin} operatorToken={operatorToken} />
    </PageShell>
  );
}

/** useRecheck loads the page's data again and again while something is still to come. */
function useRecheck(isWaiting: boolean): void {
  const { revalidate } = useRevalidator();
  useEffect(() => {
    if (!isWaiting) return;
    const timer = setInterval(revalidate, RECHECK_MS);
    return () => clearInterval(timer);
  }, [isWaiting, revalidate]);
}
