import { Bookmark, Hash, History, Tag } from "lucide-react";
import { useEffect, useRef } from "react";
import type { Suggestion } from "#app/components/explorer/suggestions.ts";
import { visibleLabel } from "#app/components/explorer/visible-text.ts";

const ICONS = { field: Tag, value: Hash, recent: History, saved: Bookmark } as const;
const KINDS = { field: "field", value: "value", recent: "recent search", saved: "saved search" } as const;

export interface SuggestionListProps {
  id: string;
  suggestions: readonly Suggestion[];
  active: number;
  onChoose: (suggestion: Suggestion) => void;
  onPoint: (index: number) => void;
}

/** SuggestionList is the list below the query. The focus stays in the query; the list only says which choice is next. */
export function SuggestionList({ id, suggestions, active, onChoose, onPoint }: SuggestionListProps) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.children[active]?.scrollIntoView({ block: "nearest" });
  }, [active]);
  return (
    <>
      <div ref={list} id={id} role="listbox" aria-label="Suggestions" className="max-h-72 overflow-y-auto p-1">
        {suggestions.map((suggestion, index) => {
          const Icon = ICONS[suggestion.kind];
          return (
            // The focus, and with it the keys, stay in the query.
            // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
            <div
              key={`${suggestion.kind} ${suggestion.label}`}
              id={`${id}-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === active}
              // A press would take the focus, and the list would close before the click.
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => onChoose(suggestion)}
              onMouseMove={() => index !== active && onPoint(index)}
              className="flex cursor-pointer items-center gap-2.5 rounded px-2 py-1 text-[0.8125rem] leading-5 aria-selected:bg-accent-soft"
            >
              <Icon className="size-3.5 shrink-0 text-muted" aria-hidden="true" />
              <span className="sr-only">{KINDS[suggestion.kind]}:</span>
              <span className={`min-w-0 truncate ${suggestion.kind === "saved" ? "font-medium" : "font-mono text-xs"}`}>
                {visibleLabel(suggestion.label)}
              </span>
              <span className="ml-auto max-w-1/2 shrink-0 truncate pl-3 text-xs text-muted tabular-nums">
                {suggestion.detail}
              </span>
            </div>
          );
        })}
      </div>
      <p className="hidden gap-4 border-t border-border px-3 py-1.5 text-xs text-muted sm:flex" aria-hidden="true">
        <span>↑↓ choose</span>
        <span>Tab complete</span>
        <span>Enter run</span>
        <span>Esc close</span>
      </p>
    </>
  );
}
