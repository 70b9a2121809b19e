import { Link } from "@remix-run/react";
import { useEffect, useState } from "react";
import { StatusBadge } from "#app/components/status-badge.tsx";

const ASK_EVERY_MS = 2_000;

/** A line of long ago counts as well: it is there. */
const WHOLE_TIME = { from: 0, limit: 1 };

/** FirstLineCheck asks again and again until the project has a line. */
export function FirstLineCheck({ projectSlug }: { projectSlug: string }) {
  const [state, setState] = useState<"waiting" | "arrived" | "unreachable">("waiting");
  useEffect(() => {
    if (state === "arrived") return;
    const stopping = new AbortController();
    const ask = () =>
      void hasLine(projectSlug, stopping.signal).then(
        (isThere) => setState(isThere ? "arrived" : "waiting"),
        () => stopping.signal.aborted || setState("unreachable"),
      );
    ask();
    const timer = setInterval(ask, ASK_EVERY_MS);
    return () => {
      clearInterval(timer);
      stopping.abort();
    };
  }, [projectSlug, state]);

  return (
    <div className="flex flex-wrap items-center gap-3">
      {state === "arrived" && <StatusBadge tone="good">Lines arrive</StatusBadge>}
      {state === "waiting" && <StatusBadge tone="waiting">Waiting for the first line</StatusBadge>}
      {state === "unreachable" && <StatusBadge tone="bad">The server does not answer; asking again</StatusBadge>}
      {state === "arrived" && (
        <Link to={`/p/${projectSlug}/logs`} className="text-sm font-medium text-accent underline underline-offset-4">
          Look at the logs
        </Link>
      )}
    </div>
  );
}

async function hasLine(projectSlug: string, signal: AbortSignal): Promise<boolean> {
  const answer = await fetch(`/query?project=${encodeURIComponent(projectSlug)}`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(WHOLE_TIME),
    signal,
  });
  if (!answer.ok) throw new Error(`cannot look for a line: ${answer.status}`);
  const { entries } = (await answer.json()) as { entries: unknown[] };
  return entries.length > 0;
}
