import { Link } from "@remix-run/react";
import { useEffect, useState, type ReactNode } from "react";
import { fetchJson, type ApiFailure, type Histogram } from "#app/components/explorer/api-client.ts";
import { rangeLabel } from "#app/components/explorer/time-format.ts";
import { isSameRange, type Range, type Zone } from "#app/components/explorer/explorer-state.ts";
import { loneConditions, relaxationsOf, type Relaxation } from "#app/components/explorer/relaxations.ts";
import { visibleLabel } from "#app/components/explorer/visible-text.ts";
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

const WIDER: readonly Range[] = [
  { from: "now-1d", to: "now" },
  { from: "now-7d", to: "now" },
  { from: "now-30d", to: "now" },
];
/** All time that lines can have. */
const EVER: Range = { from: "1970-01-01T00:00:00Z", to: "now+1d" };

const DETAILS: Readonly<Record<Relaxation["kind"], string>> = {
  widen: "Any part of a word",
  drop: "Without",
  only: "Only",
};

/** Whoever sends a first line looks here whether it came. */
const LOOK_AGAIN_MS = 2_000;

interface Hint {
  text: string;
  detail: string;
  count: number;
  query: string;
  range: Range;
}

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
                <span className="ml-auto shrink-0 text-accent tabular-nums">
                  {hint.count.toLocaleString("en")} {hint.count === 1 ? "line" : "lines"}
                </span>
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

async function countLines(slug: string, { from, to }: Range, query: string, signal: AbortSignal): Promise<number> {
  const body = { from, to, buckets: 1, ...(query === "" ? {} : { query }) };
  return (await fetchJson<Histogram>("/histogram", slug, body, signal)).total;
}

/** useHints counts what each change would find, and offers those that find something, the smallest change first. */
function useHints({ slug, query, range, zone }: Pick<NoLinesProps, "slug" | "query" | "range" | "zone">) {
  const [state, setState] = useState<{ hints: Hint[]; isEmpty: boolean; isLooking: boolean }>({
    hints: [],
    isEmpty: false,
    isLooking: true,
  });
  const { from, to } = range;

  useEffect(() => {
    const abort = new AbortController();
    void look().catch(() => {
      // Hints are an offer; without them the page still says that nothing matches.
      if (!abort.signal.aborted) setState((before) => ({ ...before, isLooking: false }));
    });
    return () => abort.abort();

    async function look(): Promise<void> {
      if ((await count(EVER, "")) === 0) {
        setState({ hints: [], isEmpty: true, isLooking: false });
        return;
      }
      if (!(await tryEach(relaxationsOf(query)))) await tryEach(loneConditions(query));
      for (const wider of WIDER) {
        const found = await count(wider, query);
        if (found === 0) continue;
        add({ text: rangeLabel(wider, zone), detail: "More time", count: found, query, range: wider });
        break;
      }
      setState((before) => ({ ...before, isLooking: false }));
    }

    async function tryEach(relaxations: readonly Relaxation[]): Promise<boolean> {
      let hasFound = false;
      for (const { kind, text, query: other } of relaxations) {
        const found = await count({ from, to }, other);
        if (found === 0) continue;
        hasFound = true;
        add({ text: visibleLabel(text), detail: DETAILS[kind], count: found, query: other, range: { from, to } });
      }
      return hasFound;
    }

    function count(wanted: Range, asked: string): Promise<number> {
      return countLines(slug, wanted, asked, abort.signal);
    }

    function add(hint: Hint): void {
      setState((before) => ({ ...before, hints: [...before.hints, hint] }));
    }
  }, [slug, query, from, to, zone]);

  return state;
}
