import { Link, useRevalidator } from "@remix-run/react";
import { Button, buttonClass } from "#app/components/ui/button.tsx";
import { useProblem } from "#app/components/use-problem.ts";

/** ProblemBox says in a page's place what went wrong, and offers what may help. */
export function ProblemBox() {
  const { status, title, detail } = useProblem();
  const { revalidate, state } = useRevalidator();
  return (
    <div className="mx-auto w-full max-w-2xl px-5 py-12">
      <title>{`${title} - Akavelog`}</title>
      <p className="font-mono text-sm text-muted">{status}</p>
      <h1 className="mt-2 text-2xl font-semibold tracking-tight">{title}</h1>
      <p className="mt-3 leading-7 text-muted">{detail}</p>
      <div className="mt-6 flex gap-2">
        {status >= 500 && (
          <Button tone="primary" onClick={revalidate} disabled={state === "loading"}>
            Try again
          </Button>
        )}
        <Link to="/" className={buttonClass({})}>
          All projects
        </Link>
      </div>
    </div>
  );
}
