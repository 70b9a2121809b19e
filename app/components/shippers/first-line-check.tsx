import { useEffect, useState } from "react";
import { StatusBadge, type StatusTone } from "#app/components/status-badge.tsx";
import { ButtonLink } from "#app/components/ui/button.tsx";

const ASK_EVERY_MS = 2_000;

type FirstLine = "waiting" | "arrived" | "unreachable";

const WORDS: Record<FirstLine, readonly [tone: StatusTone, text: string]> = {
  waiting: ["waiting", "Waiting for the first line"],
  arrived: ["good", "Lines arrive"],
  unreachable: ["bad", "The server does not answer; asking again"],
};

/** A line of long ago counts as well: it is there. */
const WHOLE_TIME = { from: 0, limit: 1 };

/** FirstLineCheck asks again and again until the project has a line. */
export function FirstLineCheck({ projectSlug }: { projectSlug: string }) {
  const [state, setState] = useState<FirstLine>("waiting");
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

  const [tone, text] = WORDS[state];
  return (
    <div className="flex min-h-9 flex-wrap items-center gap-3">
      {/* The same element throughout: a live region that comes with its text is not read out. */}
      <StatusBadge tone={tone}>{text}</StatusBadge>
      {state === "arrived" && (
        <ButtonLink to={`/p/${projectSlug}/logs`} tone="primary">
          Look at the logs
        </ButtonLink>
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
