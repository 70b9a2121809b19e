import { useEffect } from "react";
import { rangeLabel } from "#app/components/explorer/time-format.ts";
import { isSameRange, type Range } from "#app/components/explorer/explorer-state.ts";
import type { Zone } from "#app/components/zone.ts";
import { countLines, EVER, useHints } from "#app/components/explorer/use-hints.ts";
import { Centered } from "#app/components/explorer/search-failed.tsx";
import { formatLines } from "#app/components/format.ts";
import { ButtonLink } from "#app/components/ui/button.tsx";

export interface NoLinesProps {
  slug: string;
  query: string;
  range: Range;
  zone: Zone;
  onQuery: (query: string) => void;
  onRange: (range: Range) => void;
  /** The first line of the project came. */
  onArrival: () => void;
}

/** Whoever sends a first line looks here whether it came. */
const LOOK_AGAIN_MS = 2_000;

/**
 * NoLines stands where the rows would be, and offers the change that would find some. Another question needs another
 * `key`, since what was counted is for one.
 */
export function NoLines({ slug, query, range, zone, onQuery, onRange, onArrival }: NoLinesProps) {
  const { hints, isEmpty, isLooking } = useHints({ slug, query, range, zone });
  if (isEmpty) return <FirstRun slug={slug} onArrival={onArrival} />;
  return (
    <Centered title={query === "" ? "No lines in this time" : "Nothing matches"}>
      <p>{rangeLabel(range, zone)}</p>
      {isLooking && hints.length === 0 && <p className="mt-3">Looking for what would find something</p>}
      {!isLooking && hints.length === 0 && (
        <p className="mt-3">Neither less of the query nor more time finds a line.</p>
      )}
      {hints.length > 0 && (
        <ul aria-label="What would find lines" className="mx-auto mt-4 w-full max-w-md space-y-1.5 text-left">
          {hints.map((hint) => (
            <li key={`${hint.query} ${hint.range.from}`}>
              <button
                type="button"
                onClick={() => (isSameRange(hint.range, range) ? onQuery(hint.query) : onRange(hint.range))}
                className="flex w-full cursor-pointer items-center gap-3 rounded-md border border-border bg-raised px-3 py-2 text-[0.8125rem] hover:border-border-strong hover:bg-sunken"
              >
                <span className="text-muted">{hint.detail}</span>
                <span className="min-w-0 truncate font-mono text-xs text-ink">{hint.text}</span>
                <span className="ml-auto shrink-0 text-accent tabular-nums">{formatLines(hint.count)}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </Centered>
  );
}

/** FirstRun greets a project that has no line at all. */
function FirstRun({ slug, onArrival }: Pick<NoLinesProps, "slug" | "onArrival">) {
  useEffect(() => {
    const abort = new AbortController();
    const timer = setInterval(() => {
      countLines(slug, EVER, "", abort.signal).then(
        (count) => count > 0 && onArrival(),
        () => {
          // The next look may be answered.
        },
      );
    }, LOOK_AGAIN_MS);
    return () => {
      clearInterval(timer);
      abort.abort();
    };
  }, [slug, onArrival]);
  return (
    <Centered title="No lines have arrived yet">
      <p>
        Send the first one with curl, OpenTelemetry, Fluent Bit, Vector, Docker or journald. It shows up here at once.
      </p>
      <ButtonLink to={`/p/${slug}/settings/shippers`} tone="primary" className="mt-4">
        Send your first line
      </ButtonLink>
    </Centered>
  );
}
