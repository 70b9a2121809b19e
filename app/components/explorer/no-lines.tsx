import { Link } from "@remix-run/react";
import { useEffect, type ReactNode } from "react";
import type { ApiFailure } from "#app/components/explorer/api-client.ts";
import { rangeLabel } from "#app/components/explorer/time-format.ts";
import { isSameRange, type Range } from "#app/components/explorer/explorer-state.ts";
import type { Zone } from "#app/components/zone.ts";
import { countLines, EVER, useHints } from "#app/components/explorer/use-hints.ts";
import { formatLines } from "#app/components/format.ts";
import { Button, ButtonLink } from "#app/components/ui/button.tsx";

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
      <p>
        {rangeLabel(range, zone)}
        {query === "" ? "" : ", this query"}.
      </p>
      {isLooking && hints.length === 0 && <p className="mt-3">Looking for what would find something</p>}
      {!isLooking && hints.length === 0 && (
        <p className="mt-3">Neither less of the query nor more time finds a line.</p>
      )}
      {hints.length > 0 && (
        <ul className="mx-auto mt-4 w-full max-w-md space-y-1.5 text-left">
          {hints.map((hint) => (
            <li key={hint.text}>
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

/** SearchFailed stands where the rows would be when there is none because the question was not answered. */
export function SearchFailed({ failure, onRetry }: { failure: ApiFailure; onRetry: () => void }) {
  return (
    <Centered title={failure.title} isAlert>
      <p>{failure.detail}</p>
      {failure.requestId !== null && failure.status >= 500 && (
        <p className="mt-1 font-mono text-xs">Request {failure.requestId}</p>
      )}
      <div className="mt-4 flex justify-center gap-2">
        {failure.status === 401 ? (
          <Link to="/login" reloadDocument className="text-accent underline underline-offset-4">
            Sign in again
          </Link>
        ) : (
          <Button tone="primary" onClick={onRetry}>
            Retry
          </Button>
        )}
      </div>
    </Centered>
  );
}

function Centered({ title, isAlert = false, children }: { title: string; isAlert?: boolean; children: ReactNode }) {
  return (
    <div role={isAlert ? "alert" : undefined} className="px-4 py-12 text-center sm:py-16">
      <h2 className="text-base font-semibold">{title}</h2>
      <div className="mx-auto mt-1.5 max-w-prose text-sm leading-6 text-muted">{children}</div>
    </div>
  );
}
