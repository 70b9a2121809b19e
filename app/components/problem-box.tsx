import { useRevalidator } from "@remix-run/react";
import { PageShell } from "#app/components/page-shell.tsx";
import { Button, ButtonLink } from "#app/components/ui/button.tsx";
import { useProblem, type Problem } from "#app/components/use-problem.ts";

/** ProblemBox says in a page's place what went wrong; the frame around it stays. */
export function ProblemBox() {
  return (
    <div className="mx-auto w-full max-w-3xl px-5 py-9 sm:py-12">
      <ProblemText {...useProblem()} />
    </div>
  );
}

/** ProblemPage says what went wrong where no frame could be made. */
export function ProblemPage() {
  return (
    <PageShell>
      <ProblemText {...useProblem()} />
    </PageShell>
  );
}

/** ProblemText says what went wrong and offers what may help. */
export function ProblemText({ status, title, detail }: Problem) {
  const { revalidate, state } = useRevalidator();
  return (
    <>
      <title>{`${title} - Akavelog`}</title>
      <p className="font-mono text-sm text-muted">{status}</p>
      <h1 className="mt-2 text-2xl font-semibold tracking-tight">{title}</h1>
      <p className="mt-3 max-w-prose leading-7 text-muted">{detail}</p>
      <div className="mt-6 flex gap-2">
        {status >= 500 && (
          <Button tone="primary" onClick={revalidate} disabled={state === "loading"}>
            Try again
          </Button>
        )}
        <ButtonLink to="/">Back to the start</ButtonLink>
      </div>
    </>
  );
}
