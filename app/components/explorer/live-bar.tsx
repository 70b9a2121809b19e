import { Pause, Play } from "lucide-react";
import type { Tail } from "#app/components/explorer/use-tail.ts";
import { Button } from "#app/components/ui/button.tsx";
import { formatLines } from "#app/components/format.ts";

/** LiveBar says how the live follow is doing, and what it misses. */
export function LiveBar({ view, pause, resume }: Tail) {
  const { status, isPaused, waiting, linesPerSecond, dropped, missed, cuts } = view;
  const losses = [
    dropped > 0 ? `${formatLines(dropped)} came faster than this browser reads` : "",
    missed > 0 ? `${formatLines(missed)} came while paused and were not kept` : "",
    cuts > 0 ? `lines of the time in which the connection was cut${cuts === 1 ? "" : `, ${cuts} times`}` : "",
  ].filter(Boolean);
  return (
    <div className="flex min-h-9 shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-b border-border bg-accent-soft px-3 py-1 text-xs sm:px-4">
      <span className="flex items-center gap-2 font-medium text-accent" role="status">
        <span
          aria-hidden="true"
          className={`size-2 rounded-full bg-accent ${status === "following" && !isPaused ? "motion-safe:animate-pulse" : "opacity-50"}`}
        />
        {statusText(status, isPaused)}
      </span>
      <span className="text-ink tabular-nums">{linesPerSecond.toFixed(1)} lines a second</span>
      {losses.length > 0 && (
        <span className="text-level-warn">Not in this list: {losses.join("; ")}. The search finds them.</span>
      )}
      <Button size="small" className="ml-auto h-7!" onClick={isPaused ? resume : pause}>
        {isPaused ? (
          <Play className="size-3.5" aria-hidden="true" />
        ) : (
          <Pause className="size-3.5" aria-hidden="true" />
        )}
        {isPaused ? (waiting > 0 ? `Show ${formatLines(waiting)}` : "Resume") : "Pause"}
      </Button>
    </div>
  );
}

function statusText(status: Tail["view"]["status"], isPaused: boolean): string {
  if (status === "refused") return "Live: refused by the server";
  if (status === "lost") return "Live: connecting again";
  if (status === "connecting") return "Live: connecting";
  return isPaused ? "Live, paused" : "Live";
}
