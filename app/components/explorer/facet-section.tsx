import { ChevronRight, CirclePlus, CircleMinus } from "lucide-react";
import { useId, useState } from "react";
import type { Facet, Facets } from "#app/components/explorer/api-client.ts";
import type { Range } from "#app/components/explorer/explorer-state.ts";
import { LevelShape } from "#app/components/explorer/level-mark.tsx";
import { hasText, SearchField } from "#app/components/explorer/search-field.tsx";
import { useFetched } from "#app/components/explorer/use-fetched.ts";
import { useSoughtValues } from "#app/components/explorer/use-sought-values.ts";
import { visibleLabel } from "#app/components/explorer/visible-text.ts";
import type { FieldFilter } from "#app/core/query/edit-query.ts";
import { formatCount } from "#app/components/format.ts";
import { IconButton } from "#app/components/ui/icon-button.tsx";

export interface FacetSectionProps {
  slug: string;
  range: Range;
  runId: number;
  label: string;
  /** Counted together with the others; null where the field is counted by itself. */
  facet: Facet | null;
  countedQuery: string;
  filter: FieldFilter;
  isOpen: boolean;
  onToggle: () => void;
  onOnly: (value: string) => void;
  onInclude: (value: string) => void;
  onExclude: (value: string) => void;
  onClear: () => void;
}

const FEW = 6;
const MANY = 200;

/** FacetSection is one field with its values. */
export function FacetSection(props: FacetSectionProps) {
  const { slug, range, runId, label, facet, countedQuery, filter, isOpen, onToggle, onClear } = props;
  const listId = useId();
  const [wanted, setWanted] = useState("");
  const [isLong, setLong] = useState(false);
  const needsOwn = isOpen && (facet === null || isLong);
  const body = needsOwn
    ? {
        from: range.from,
        to: range.to,
        ...(countedQuery === "" ? {} : { query: countedQuery }),
        fields: [label],
        top: isLong ? MANY : FEW + 4,
      }
    : null;
  const own = useFetched<Facets>("/facets", slug, body, true, runId);
  const shown = (needsOwn ? own.data?.fields[0] : undefined) ?? facet;
  const isPart = (shown?.distinct ?? 0) > (shown?.values.length ?? 0);
  const sought = useSoughtValues({
    ...{ slug, range, runId, label },
    query: countedQuery,
    text: isLong && isPart ? wanted.trim() : "",
  });
  const values = mergedValues(sought.facet ?? shown, filter).filter(({ value }) => hasText(value, wanted));
  const visible = isLong ? values : values.slice(0, FEW);
  const hasFilter = filter.only !== null || filter.excluded.length > 0;
  const isSearchable = isLong && (shown?.values.length ?? 0) > FEW;

  return (
    <section className="border-b border-border py-1 last:border-0">
      <div className="flex items-center">
        <h2 className="min-w-0 flex-1">
          <button
            type="button"
            aria-expanded={isOpen}
            aria-controls={listId}
            onClick={onToggle}
            className="flex w-full cursor-pointer items-center gap-1 rounded px-1 py-1 text-left text-xs font-semibold hover:bg-sunken"
          >
            <ChevronRight
              className={`size-3.5 shrink-0 text-muted transition-transform ${isOpen ? "rotate-90" : ""}`}
              aria-hidden="true"
            />
            <span className="truncate">{visibleLabel(label)}</span>
            {shown !== null && shown !== undefined && (
              <span className="ml-auto pl-2 font-normal text-muted tabular-nums">
                {shown.exact ? "" : "≥ "}
                {formatCount(shown.distinct)}
              </span>
            )}
          </button>
        </h2>
        {hasFilter && (
          <button
            type="button"
            onClick={onClear}
            aria-label={`Clear the filter of ${label}`}
            className="cursor-pointer rounded px-1.5 py-0.5 text-xs font-medium text-accent hover:bg-sunken"
          >
            Clear
          </button>
        )}
      </div>
      <div id={listId} hidden={!isOpen}>
        {isSearchable && (
          <SearchField
            label={`Search in ${label}`}
            placeholder="Search values"
            value={wanted}
            onChange={setWanted}
            className="mx-1 mb-1"
          />
        )}
        <ul>
          {visible.map(({ value, count }) => (
            <FacetValue key={value} {...props} value={value} count={count} />
          ))}
        </ul>
        {visible.length === 0 && isOpen && (
          <p className="px-2 py-1 text-xs text-muted">
            {(own.isLoading && needsOwn) || sought.isLoading ? "Counting" : "No values"}
          </p>
        )}
        {(shown?.distinct ?? 0) > FEW && (
          <button
            type="button"
            onClick={() => {
              setLong(!isLong);
              setWanted("");
            }}
            className="cursor-pointer rounded px-2 py-0.5 text-xs text-muted hover:bg-sunken hover:text-ink"
          >
            {isLong ? "Fewer" : moreLabel(shown)}
            <span className="sr-only"> values of {label}</span>
          </button>
        )}
      </div>
    </section>
  );
}

/** All of them where they are counted, and not more than are listed. */
function moreLabel(facet: Facet | null | undefined): string {
  return facet?.exact === true && facet.distinct <= MANY ? `All ${formatCount(facet.distinct)}` : "More";
}

type FacetValueProps = Pick<
  FacetSectionProps,
  "label" | "filter" | "onOnly" | "onInclude" | "onExclude" | "onClear"
> & {
  value: string;
  count: number | null;
};

function FacetValue({ label, filter, value, count, onOnly, onInclude, onExclude, onClear }: FacetValueProps) {
  const isExcluded = filter.excluded.includes(value);
  const isOnly = filter.only?.includes(value) === true;
  const isLeftOut = isExcluded || (filter.only !== null && !isOnly);
  const name = value === "" ? "(empty)" : visibleLabel(value);
  const isAlone = isOnly && filter.only?.length === 1;
  return (
    <li
      className={`group relative flex items-center rounded text-xs hover:bg-sunken ${isOnly ? "bg-accent-soft" : ""}`}
    >
      <button
        type="button"
        aria-pressed={isOnly}
        title={isAlone ? "Any value again" : `Only ${name}`}
        onClick={() => (isAlone ? onClear() : onOnly(value))}
        className="flex min-w-0 flex-1 cursor-pointer items-center gap-1.5 rounded py-1 pr-1.5 pl-2 text-left"
      >
        {label === "level" && <LevelShape level={value} />}
        <span className={`truncate ${isExcluded ? "line-through" : ""} ${isLeftOut ? "text-muted" : ""}`}>{name}</span>
        <span className="ml-auto pl-2 text-muted tabular-nums group-focus-within:invisible group-hover:invisible pointer-coarse:visible!">
          {count === null ? "" : formatCount(count)}
        </span>
      </button>
      <span className="absolute right-0.5 flex bg-sunken opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 pointer-coarse:static pointer-coarse:bg-transparent pointer-coarse:opacity-100">
        {filter.only !== null && !isOnly && (
          <IconButton size="small" label={`Also ${name}`} onClick={() => onInclude(value)} Icon={CirclePlus} />
        )}
        {isExcluded ? (
          <IconButton size="small" label={`Include ${name} again`} onClick={() => onInclude(value)} Icon={CirclePlus} />
        ) : (
          <IconButton size="small" label={`Exclude ${name}`} onClick={() => onExclude(value)} Icon={CircleMinus} />
        )}
      </span>
    </li>
  );
}

/** What is filtered stays in the part of the list that is always shown, also where nothing has it any more. */
function mergedValues(facet: Facet | null | undefined, filter: FieldFilter): { value: string; count: number | null }[] {
  const values: { value: string; count: number | null }[] = [...(facet?.values ?? [])];
  for (const value of [...(filter.only ?? []), ...filter.excluded])
    if (!values.some((one) => one.value === value))
      values.splice(Math.min(values.length, FEW - 1), 0, { value, count: null });
  return values;
}
