import { visibleLabel } from "#app/components/explorer/visible-text.ts";
import { zoneName, type Zone } from "#app/components/zone.ts";

export interface ListHeaderProps {
  columns: readonly string[];
  zone: Zone;
  hasDate: boolean;
}

/** ListHeader names the columns. It stays at the top while the rows scroll. */
export function ListHeader({ columns, zone, hasDate }: ListHeaderProps) {
  return (
    <div role="rowgroup" className="sticky top-0 z-10 border-b border-border bg-surface">
      <div
        role="row"
        aria-rowindex={1}
        className="flex h-6 items-center gap-3 border-l-2 border-transparent pr-3 pl-2 text-[0.6875rem] text-muted"
      >
        <span
          role="columnheader"
          className={`shrink-0 truncate font-mono text-xs ${hasDate ? "w-[18ch]" : "w-[12ch]"}`}
        >
          <span className="font-sans text-[0.6875rem]">{zoneName(zone)}</span>
        </span>
        <span role="columnheader" className="w-13 shrink-0">
          level
        </span>
        {columns.map((column) => (
          <span key={column} role="columnheader" className="hidden w-28 shrink-0 truncate sm:block xl:w-36">
            {visibleLabel(column)}
          </span>
        ))}
        <span role="columnheader" className="min-w-0 flex-1 truncate">
          message
        </span>
      </div>
    </div>
  );
}
