import { useMemo, useState } from "react";
import type { Facet, Facets } from "#app/components/explorer/api-client.ts";
import { hasText, SearchField } from "#app/components/explorer/search-field.tsx";
import { FacetSection } from "#app/components/explorer/facet-section.tsx";
import type { Range } from "#app/components/explorer/explorer-state.ts";
import type { Fetched } from "#app/components/explorer/use-fetched.ts";
import {
  filtersOf,
  NO_FILTER,
  withExcluded,
  withIncluded,
  withOnly,
  withoutField,
} from "#app/core/query/edit-query.ts";
import { Button } from "#app/components/ui/button.tsx";

export interface FacetPanelProps {
  slug: string;
  query: string;
  range: Range;
  facets: Fetched<Facets>;
  /** Fields that occur in the rows; those that are no facet yet can be opened. */
  seenLabels: readonly string[];
  runId: number;
  onQuery: (query: string) => void;
}

/** So many are seen at a glance. */
const FEW_FIELDS = 12;

/** FacetPanel lists the values of fields with their counts; each can be asked for or left out. */
export function FacetPanel({ slug, query, range, facets, seenLabels, runId, onQuery }: FacetPanelProps) {
  const filters = useMemo(() => filtersOf(query), [query]);
  const [wanted, setWanted] = useState("");
  const counted = facets.data?.fields ?? [];
  const others = seenLabels.filter((label) => !counted.some(({ name }) => name === label));
  const isSearchable = counted.length + others.length > FEW_FIELDS;
  const isWanted = (label: string) => !isSearchable || hasText(label, wanted);
  const shared = { slug, range, query, runId, onQuery };
  return (
    <div className={`min-h-0 flex-1 overflow-y-auto overscroll-contain px-2 py-1 ${facets.isLoading ? "stale" : ""}`}>
      {facets.failure !== null && (
        <div className="m-1 rounded-md bg-sunken p-2.5 text-xs leading-5 text-muted">
          <p>The values could not be counted: {facets.failure.detail}</p>
          <Button size="small" className="mt-2" onClick={facets.reload}>
            Retry
          </Button>
        </div>
      )}
      {facets.data === null && facets.failure === null && <Placeholder />}
      {isSearchable && <SearchField label="Search fields" value={wanted} onChange={setWanted} className="mx-1 my-1" />}
      {counted
        .filter(({ name }) => isWanted(name))
        .map((facet) => (
          <Section key={facet.name} {...shared} facet={facet} label={facet.name} filters={filters} isOpenAtFirst />
        ))}
      {facets.data !== null &&
        others
          .filter(isWanted)
          .map((label) => (
            <Section key={label} {...shared} facet={null} label={label} filters={filters} isOpenAtFirst={false} />
          ))}
    </div>
  );
}

interface SectionProps extends Pick<FacetPanelProps, "slug" | "range" | "query" | "runId" | "onQuery"> {
  label: string;
  facet: Facet | null;
  filters: ReturnType<typeof filtersOf>;
  isOpenAtFirst: boolean;
}

/** While a field is filtered, its other values are counted without that filter, or none could be added. */
function Section({ label, facet, filters, query, isOpenAtFirst, onQuery, ...shared }: SectionProps) {
  const [isOpen, setOpen] = useState(isOpenAtFirst);
  const filter = filters.get(label) ?? NO_FILTER;
  const isFiltered = filter.only !== null || filter.excluded.length > 0;
  return (
    <FacetSection
      {...shared}
      label={label}
      facet={isFiltered ? null : facet}
      countedQuery={isFiltered ? withoutField(query, label) : query}
      filter={filter}
      isOpen={isOpen}
      onToggle={() => setOpen(!isOpen)}
      onOnly={(value) => onQuery(withOnly(query, label, [value]))}
      onInclude={(value) => onQuery(withIncluded(query, label, value))}
      onExclude={(value) => onQuery(withExcluded(query, label, value))}
      onClear={() => onQuery(withoutField(query, label))}
    />
  );
}

function Placeholder() {
  return (
    <div aria-hidden="true" className="space-y-5 p-2 motion-safe:animate-pulse">
      {[4, 5, 3].map((count, section) => (
        <div key={section} className="space-y-2">
          <div className="h-3 w-16 rounded bg-border" />
          {Array.from({ length: count }, (_, index) => (
            <div key={index} className="h-4 rounded bg-sunken" />
          ))}
        </div>
      ))}
    </div>
  );
}
