import { CircleAlert, CircleStop, RotateCw } from "lucide-react";
import type { Search } from "#app/components/explorer/use-search.ts";
import { Button } from "#app/components/ui/button.tsx";
import { formatBytes, formatCount, formatDuration, formatLines } from "#app/components/format.ts";

export interface StatusLineProps extends Search {
  /** Rows that are shown: those that were found, and those that were followed since. */
  shown: number;
  isLive: boolean;
}

/** StatusLine says how far the search is, whether anything is missing, and why. */
export function StatusLine({ view, isStale, hasMore, stop, resume, shown, isLive }: StatusLineProps) {
  const { count, phase, progress, end, failure, firstRowMs } = view;
  if (phase === "running")
    return (
      <div className="flex min-w-0 items-center gap-2">
        <p className="truncate text-muted tabular-nums" role="status">
          {isStale || count === 0 ? "Searching" : `${formatLines(count)} so far`}
          {progress !== null &&
            `: ${formatCount(progress.batchesDone)} of ${formatCount(progress.batchesTotal)} batches, ${formatBytes(progress.bytesScanned)} read`}
        </p>
        <Button size="small" className="h-6! px-2! text-xs!" onClick={stop}>
          <CircleStop className="size-3.5" aria-hidden="true" />
          Stop
        </Button>
      </div>
    );
  // Where the rows would be stands why, and the way to ask again.
  if (failure !== null && shown === 0)
    return (
      <p className="truncate text-muted" role="status">
        0 lines: not searched
      </p>
    );
  const partial = partialReason(view);
  if (partial !== null)
    return (
      <div className="flex min-w-0 items-center gap-2">
        <p className="flex min-w-0 items-center gap-1.5 text-level-warn" role="status">
          <CircleAlert className="size-3.5 shrink-0" aria-hidden="true" />
          <span className="truncate">
            <strong className="font-semibold">Partial:</strong> {formatLines(shown)}. {partial}
          </span>
        </p>
        {(phase === "stopped" || phase === "failed") && (
          <Button size="small" className="h-6! px-2! text-xs!" onClick={resume}>
            <RotateCw className="size-3.5" aria-hidden="true" />
            {failure === null ? "Go on" : "Retry"}
          </Button>
        )}
      </div>
    );
  return (
    // A number that grows with every line that comes would be read out without an end.
    <p className="truncate text-muted tabular-nums" role={isLive ? undefined : "status"}>
      <span className="text-ink">{formatLines(shown)}</span>
      {hasMore ? ", more below" : shown > 0 && ", all there are"}
      <span className="hidden @min-[26rem]:inline">
        {firstRowMs !== null && `; the first after ${formatDuration(firstRowMs)}`}
        {end !== null && `; ${end.batches.scanned} of ${end.batches.total} batches read`}
      </span>
    </p>
  );
}

function partialReason({ phase, end, failure }: Search["view"]): string | null {
  if (failure !== null) return failure.detail;
  if (phase === "stopped") return "You stopped the search.";
  if (end === null || end.complete) return null;
  if (end.reason === "timeout") return "Time ran out before everything was looked at.";
  return "Part of the store could not be reached; what could be is shown.";
}
