import { useLocation } from "@remix-run/react";
import type { ReactNode } from "react";
import type { ApiFailure } from "#app/components/explorer/api-client.ts";
import { Button, ButtonLink } from "#app/components/ui/button.tsx";

/** SearchFailed stands where the rows would be when there is none because the question was not answered. */
export function SearchFailed({ failure, onRetry }: { failure: ApiFailure; onRetry: () => void }) {
  const { pathname, search } = useLocation();
  return (
    <Centered title={failure.title} isAlert>
      <p>{failure.detail}</p>
      {failure.requestId !== null && failure.status >= 500 && (
        <p className="mt-1 font-mono text-xs">Request {failure.requestId}</p>
      )}
      <div className="mt-4 flex justify-center gap-2">
        {failure.status === 401 ? (
          <ButtonLink to={`/login?next=${encodeURIComponent(pathname + search)}`} reloadDocument tone="primary">
            Sign in again
          </ButtonLink>
        ) : (
          <Button tone="primary" onClick={onRetry}>
            Retry
          </Button>
        )}
      </div>
    </Centered>
  );
}

/** NotSearched stands where the rows would be when what was looked through had none, and that was not all. */
export function NotSearched({ title, action, onAction }: { title: string; action: string; onAction: () => void }) {
  return (
    <Centered title={title}>
      <p>The line above says how far the search came.</p>
      <Button tone="primary" className="mt-4" onClick={onAction}>
        {action}
      </Button>
    </Centered>
  );
}

/** Centered is what stands where the rows would be. */
export function Centered({
  title,
  isAlert = false,
  children,
}: {
  title: string;
  isAlert?: boolean;
  children: ReactNode;
}) {
  return (
    <div role={isAlert ? "alert" : undefined} className="px-4 py-12 text-center sm:py-16">
      <h2 className="text-base font-semibold">{title}</h2>
      <div className="mx-auto mt-1.5 max-w-prose text-sm leading-6 text-muted">{children}</div>
    </div>
  );
}
