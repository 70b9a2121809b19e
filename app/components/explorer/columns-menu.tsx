import { ArrowLeft, ArrowRight, Columns3, X } from "lucide-react";
import { useState } from "react";
import { DEFAULT_COLUMNS } from "#app/components/explorer/explorer-state.ts";
import { Popover } from "#app/components/explorer/popover.tsx";
import type { UpdateExplorer } from "#app/components/explorer/use-explorer-state.ts";
import { hasText, SearchField } from "#app/components/explorer/search-field.tsx";
import { visibleLabel } from "#app/components/explorer/visible-text.ts";
import { buttonClass } from "#app/components/ui/button.tsx";
import { IconButton } from "#app/components/ui/icon-button.tsx";

export interface ColumnsMenuProps {
  labels: readonly string[];
  columns: readonly string[];
  update: UpdateExplorer;
}

/** ColumnsMenu chooses which fields are columns, and in which order. */
export function ColumnsMenu({ labels, columns, update }: ColumnsMenuProps) {
  const [wanted, setWanted] = useState("");
  const others = labels.filter((label) => label !== "level" && !columns.includes(label) && hasText(label, wanted));

  function change(next: readonly string[]): void {
    update({ columns: next }, { replace: true });
  }

  function move(index: number, step: 1 | -1): void {
    const next = [...columns];
    const [moved] = next.splice(index, 1);
    if (moved !== undefined) next.splice(index + step, 0, moved);
    change(next);
  }

  return (
    <Popover
      label="Columns"
      className="w-72"
      trigger={
        <button
          type="button"
          title="Columns"
          className={buttonClass({ tone: "quiet", size: "small" }, "h-7! min-w-7 px-1.5!")}
        >
          <Columns3 className="size-3.5" aria-hidden="true" />
          <span className="sr-only">Columns</span>
        </button>
      }
    >
      <div className="border-b border-border p-1.5">
        <p className="flex items-center justify-between px-1.5 py-1 text-xs text-muted">
          Between level and message
          <button
            type="button"
            onClick={() => change(DEFAULT_COLUMNS)}
            className="cursor-pointer rounded px-1 text-accent hover:bg-sunken"
          >
            Reset
          </button>
        </p>
        {columns.length === 0 && <p className="px-1.5 py-1 text-[0.8125rem]">None</p>}
        {columns.map((label, index) => {
          const name = visibleLabel(label);
          return (
            <div key={label} className="flex items-center rounded px-1.5 text-[0.8125rem] hover:bg-sunken">
              <span className="min-w-0 flex-1 truncate">{name}</span>
              <IconButton
                size="medium"
                label={`Move ${name} left`}
                disabled={index === 0}
                onClick={() => move(index, -1)}
                Icon={ArrowLeft}
              />
              <IconButton
                size="medium"
                label={`Move ${name} right`}
                disabled={index === columns.length - 1}
                onClick={() => move(index, 1)}
                Icon={ArrowRight}
              />
              <IconButton
                size="medium"
                label={`Remove column ${name}`}
                onClick={() => change(columns.filter((one) => one !== label))}
                Icon={X}
              />
            </div>
          );
        })}
      </div>
      <div className="p-1.5">
        <SearchField label="Search fields" value={wanted} onChange={setWanted} className="mb-1" />
        <div className="max-h-56 overflow-y-auto">
          {others.map((label) => (
            <button
              key={label}
              type="button"
              onClick={() => change([...columns, label])}
              className="block w-full cursor-pointer truncate rounded px-1.5 py-1 text-left text-[0.8125rem] hover:bg-sunken"
            >
              {visibleLabel(label)}
            </button>
          ))}
          {others.length === 0 && <p className="px-1.5 py-1 text-[0.8125rem] text-muted">No other fields</p>}
        </div>
      </div>
    </Popover>
  );
}
