import { forwardRef, type KeyboardEvent, type ReactNode } from "react";
import { tokeniseQuery, type QueryTokenKind } from "#app/core/query/tokenise-query.ts";

const LOOKS: Readonly<Record<QueryTokenKind, string>> = {
  space: "",
  operator: "text-level-fatal",
  not: "text-level-fatal",
  parenthesis: "text-muted",
  field: "text-accent",
  value: "text-ink",
  phrase: "text-level-info",
  regex: "text-level-warn",
  bounds: "text-level-warn",
  word: "text-level-info",
};

export interface QueryInputProps {
  value: string;
  /** Where the query stops making sense, while that is shown. */
  errorAt: number | null;
  listId: string;
  isListOpen: boolean;
  activeOptionId: string | undefined;
  errorId: string;
  onChange: (value: string, cursor: number) => void;
  onCursor: (cursor: number) => void;
  onKeyDown: (event: KeyboardEvent<HTMLTextAreaElement>) => void;
  /** Somebody comes to write. */
  onOpen: () => void;
  onBlur: () => void;
}

/** Both layers must break lines alike, or the colours would not be behind the letters. */
const TEXT =
  "col-start-1 row-start-1 px-3 py-1.5 font-mono text-[0.8125rem] leading-6 whitespace-pre-wrap wrap-anywhere";

/** QueryInput is a text area whose letters are drawn, in colour, by the layer in front of it. It grows with its text. */
export const QueryInput = forwardRef<HTMLTextAreaElement, QueryInputProps>(function QueryInput(props, ref) {
  const { value, errorAt, listId, isListOpen, activeOptionId, errorId, onChange, onCursor, onKeyDown, onOpen, onBlur } =
    props;
  return (
    <div className="grid max-h-40 min-w-0 flex-1 overflow-y-auto">
      <textarea
        ref={ref}
        rows={1}
        value={value}
        aria-label="Query"
        aria-autocomplete="list"
        aria-haspopup="listbox"
        aria-controls={isListOpen ? listId : undefined}
        aria-activedescendant={activeOptionId}
        aria-invalid={errorAt !== null}
        aria-describedby={errorAt === null ? undefined : errorId}
        placeholder={'Search, for example: level:error "timed out" -env:staging'}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        autoCorrect="off"
        enterKeyHint="search"
        className={`${TEXT} resize-none overflow-hidden bg-transparent text-ink caret-ink [-webkit-text-fill-color:transparent] placeholder:[-webkit-text-fill-color:currentcolor] outline-none placeholder:truncate placeholder:text-muted`}
        onChange={({ currentTarget }) => onChange(oneLine(currentTarget.value), currentTarget.selectionStart)}
        onSelect={({ currentTarget }) => onCursor(currentTarget.selectionStart)}
        onKeyDown={onKeyDown}
        onFocus={onOpen}
        onClick={onOpen}
        onBlur={onBlur}
      />
      <div aria-hidden="true" className={`${TEXT} pointer-events-none text-ink`}>
        {drawn(value, errorAt)}
        {/* A line that ends in a space would otherwise be one letter too short. */}
        {"\u200b"}
      </div>
    </div>
  );
});

/** A query is one line; what is pasted with several becomes one, without moving the cursor. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]/g, " ");
}

function drawn(value: string, errorAt: number | null): ReactNode[] {
  const pieces: ReactNode[] = [];
  for (const { kind, start, end } of tokeniseQuery(value)) {
    const isWrong = errorAt !== null && errorAt >= start && errorAt < end;
    // From the wrong place on; what stands before it in the same token is right.
    const from = isWrong ? errorAt : end;
    if (from > start)
      pieces.push(
        <span key={start} className={LOOKS[kind]}>
          {value.slice(start, from)}
        </span>,
      );
    if (isWrong)
      pieces.push(
        <span key={`${start}-wrong`} data-error-at={errorAt} className={`${LOOKS[kind]} ${WRONG}`}>
          {value.slice(from, end)}
        </span>,
      );
  }
  if (errorAt !== null && errorAt >= value.length)
    pieces.push(
      <span key="end" data-error-at={errorAt} className={WRONG}>
        {"\u00a0"}
      </span>,
    );
  return pieces;
}

const WRONG = "bg-danger-soft underline decoration-danger decoration-wavy underline-offset-4";
