import { Search, X } from "lucide-react";
import { useEffect, useId, useMemo, useState, type KeyboardEvent, type RefObject } from "react";
import type { ApiFailure } from "#app/components/explorer/api-client.ts";
import type { Range } from "#app/components/explorer/explorer-state.ts";
import { QueryInput } from "#app/components/explorer/query-input.tsx";
import { addRecent, readRecent, type RecentSearch } from "#app/components/explorer/recent-searches.ts";
import { SuggestionList } from "#app/components/explorer/suggestion-list.tsx";
import { labelOfWritten, suggest, type Suggestion } from "#app/components/explorer/suggestions.ts";
import { useFieldValues } from "#app/components/explorer/use-field-values.ts";
import { completionPlace } from "#app/core/query/completion-place.ts";
import { InvalidQueryError } from "#app/core/query/invalid-query-error.ts";
import { parseQuery } from "#app/core/query/parse-query.ts";
import type { SavedSearch } from "#app/core/saved-search.ts";
import { trimQuery } from "#app/core/query/trim-query.ts";

export interface QueryBarProps {
  slug: string;
  /** The query that is asked; what is being written may differ. */
  query: string;
  range: Range;
  labels: readonly string[];
  saved: readonly SavedSearch[];
  /** What the server said against the query, where it is not what we would have said. */
  refusal: ApiFailure | null;
  inputRef: RefObject<HTMLTextAreaElement>;
  onRun: (query: string) => void;
  onOpenSaved: (saved: SavedSearch) => void;
  onLeave: () => void;
}

/** Mistakes are told when writing pauses so long, or at once on Enter. */
const PATIENCE_MS = 900;

/** QueryBar is where a query is written: colours, what may come next, and what is wrong with it. */
export function QueryBar(props: QueryBarProps) {
  const { slug, query, range, labels, saved, refusal, inputRef, onRun, onOpenSaved, onLeave } = props;
  const listId = useId();
  const [asked, setAsked] = useState(query);
  const [draft, setDraft] = useState(query);
  const [cursor, setCursor] = useState(query.length);
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const [recent, setRecent] = useState<RecentSearch[]>([]);
  const [isErrorDue, setErrorDue] = useState(query !== "");
  const [nowMs, setNowMs] = useState(0);

  if (asked !== query) {
    // Something else changed what is asked: the facets, a link, going back.
    setAsked(query);
    setDraft(query);
    setErrorDue(query !== "");
  }

  useEffect(() => {
    if (draft === query) return;
    const timer = setTimeout(() => setErrorDue(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [draft, query]);

  const error = problemOf(draft) ?? (draft === query ? refusalOf(refusal) : null);
  const place = completionPlace(draft, cursor);
  const values = useFieldValues(
    slug,
    range,
    isOpen && place.kind === "value" ? labelOfWritten(place.field) : null,
    place.prefix,
  );
  const suggestions = useMemo(
    () => (isOpen ? suggest(draft, cursor, { labels, values, recent, saved, nowMs }) : []),
    [isOpen, draft, cursor, labels, values, recent, saved, nowMs],
  );
  const isListOpen = isOpen && suggestions.length > 0;
  // What the list would put right is half written rather than wrong.
  const isHalfWritten =
    isListOpen &&
    place.kind === "value" &&
    error !== null &&
    error.position >= place.start &&
    error.position <= place.end;
  const shownError = isErrorDue && !isHalfWritten ? error : null;
  const chosen = isListOpen ? suggestions[active] : undefined;

  function run(text: string): void {
    const trimmed = trimQuery(text);
    setOpen(false);
    setErrorDue(true);
    if (problemOf(trimmed) !== null) return;
    addRecent(slug, trimmed, Date.now());
    setDraft(trimmed);
    onRun(trimmed);
  }

  function change(text: string, at: number): void {
    setDraft(text);
    setCursor(at);
    setActive(-1);
    setOpen(true);
    setErrorDue(false);
  }

  function accept(suggestion: Suggestion): void {
    if (suggestion.saved !== undefined) {
      setOpen(false);
      onOpenSaved(suggestion.saved);
      return;
    }
    change(suggestion.query, suggestion.cursor);
    if (suggestion.isWhole) run(suggestion.query);
    else
      requestAnimationFrame(() => {
        inputRef.current?.focus();
        inputRef.current?.setSelectionRange(suggestion.cursor, suggestion.cursor);
      });
  }

  function onKeyDown(event: KeyboardEvent<HTMLTextAreaElement>): void {
    if (event.nativeEvent.isComposing) return;
    const last = suggestions.length - 1;
    if (event.key === "ArrowDown" && isListOpen) setActive(active >= last ? -1 : active + 1);
    else if (event.key === "ArrowUp" && isListOpen) setActive(active < 0 ? last : active - 1);
    else if (event.key === "ArrowDown" || (event.key === " " && event.ctrlKey)) setOpen(true);
    else if (event.key === "Enter") {
      if (chosen === undefined) run(draft);
      else accept(chosen);
    } else if (event.key === "Tab" && !event.shiftKey && isListOpen && place.prefix !== "") {
      const first = chosen ?? suggestions.find(({ isWhole }) => !isWhole);
      if (first === undefined) return;
      accept(first);
    } else if (event.key === "Escape") {
      if (isListOpen) setOpen(false);
      else onLeave();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <div
      className="relative min-w-0 flex-1"
      onBlur={({ currentTarget, relatedTarget }) => {
        if (!(relatedTarget instanceof Node) || !currentTarget.contains(relatedTarget)) setOpen(false);
      }}
    >
      <div
        className={`flex items-start rounded-md border bg-raised focus-within:outline-2 focus-within:-outline-offset-1 focus-within:outline-accent ${shownError === null ? "border-border-strong" : "border-danger"}`}
      >
        <Search className="mt-2.5 ml-3 size-4 shrink-0 text-muted" aria-hidden="true" />
        <QueryInput
          ref={inputRef}
          value={draft}
          errorAt={shownError?.position ?? null}
          listId={listId}
          isListOpen={isListOpen}
          activeOptionId={chosen === undefined ? undefined : `${listId}-${active}`}
          errorId={`${listId}-error`}
          onChange={change}
          onCursor={setCursor}
          onKeyDown={onKeyDown}
          onOpen={() => {
            setRecent(readRecent(slug));
            setNowMs(Date.now());
            setOpen(true);
          }}
          onBlur={() => setActive(-1)}
        />
        {draft !== "" && (
          <button
            type="button"
            aria-label="Clear the query"
            onClick={() => {
              run("");
              inputRef.current?.focus();
            }}
            className="m-1 grid size-7 shrink-0 cursor-pointer place-items-center rounded text-muted hover:bg-sunken hover:text-ink"
          >
            <X className="size-4" aria-hidden="true" />
          </button>
        )}
      </div>
      {(shownError !== null || isListOpen) && (
        <div className="absolute inset-x-0 top-full z-30 mt-1 overflow-hidden rounded-lg border border-border bg-raised shadow-lg">
          {shownError !== null && (
            <p
              id={`${listId}-error`}
              role="alert"
              className="border-b border-border bg-danger-soft px-3 py-2 text-[0.8125rem] leading-5 text-danger last:border-0"
            >
              {shownError.message}
            </p>
          )}
          {isListOpen && (
            <SuggestionList
              id={listId}
              suggestions={suggestions}
              active={active}
              onChoose={accept}
              onPoint={setActive}
            />
          )}
        </div>
      )}
    </div>
  );
}

interface QueryProblem {
  position: number;
  message: string;
}

function problemOf(query: string): QueryProblem | null {
  const parsed = parseQuery(query);
  return parsed instanceof InvalidQueryError ? { position: parsed.position, message: parsed.message } : null;
}

function refusalOf(refusal: ApiFailure | null): QueryProblem | null {
  return refusal === null || refusal.position === null ? null : { position: refusal.position, message: refusal.detail };
}
