import { CircleMinus, CirclePlus, Columns3, Copy } from "lucide-react";
import { useState } from "react";
import { tagLabels, valueOf, type Entry } from "#app/components/explorer/entry.ts";
import { hasText, SearchField } from "#app/components/explorer/search-field.tsx";
import { LogText } from "#app/components/explorer/log-text.tsx";
import { visibleLabel } from "#app/components/explorer/visible-text.ts";
import type { PositiveText } from "#app/core/query/positive-texts.ts";

export interface FieldActions {
  onFilter: (label: string, value: string) => void;
  onExclude: (label: string, value: string) => void;
  onToggleColumn: (label: string) => void;
  onCopy: (what: string, text: string) => void;
}

export interface DetailFieldsProps extends FieldActions {
  entry: Entry;
  columns: readonly string[];
}

const NOTHING_WANTED: readonly PositiveText[] = [];
const VALUE_LENGTH = 2_000;
/** So many are seen at a glance. */
const FEW_FIELDS = 15;

/** DetailFields lists every field of a line; each value can be asked for, left out, made a column or copied. */
export function DetailFields({ entry, columns, ...actions }: DetailFieldsProps) {
  const [wanted, setWanted] = useState("");
  const all = ["service", "level", ...tagLabels(entry)];
  const isSearchable = all.length > FEW_FIELDS;
  const labels = isSearchable ? all.filter((label) => hasText(`${label} ${valueOf(entry, label) ?? ""}`, wanted)) : all;
  return (
    <section aria-label="Fields" className="border-b border-border px-2 py-2">
      {isSearchable && (
        <SearchField
          label="Search fields and values"
          value={wanted}
          onChange={setWanted}
          className="mx-2 mt-0.5 mb-1.5"
        />
      )}
      <ul>
        {labels.map((label) => (
          <Field
            key={label}
            {...actions}
            label={label}
            value={valueOf(entry, label) ?? ""}
            note={label === "level" && entry.levelOriginal !== undefined ? `sent as ${entry.levelOriginal}` : null}
            isColumn={columns.includes(label)}
          />
        ))}
      </ul>
    </section>
  );
}

interface FieldProps extends FieldActions {
  label: string;
  value: string;
  note: string | null;
  isColumn: boolean;
}

function Field({ label, value, note, isColumn, onFilter, onExclude, onToggleColumn, onCopy }: FieldProps) {
  const name = visibleLabel(label);
  return (
    <li className="group relative flex gap-2 rounded px-2 py-0.5 hover:bg-sunken pointer-coarse:py-1">
      <div className="min-w-0 flex-1 sm:flex sm:gap-3">
        <div className="shrink-0 truncate text-xs leading-5 text-muted sm:w-32" title={name}>
          {name}
        </div>
        <div className="max-h-40 min-w-0 flex-1 overflow-y-auto font-mono text-xs leading-5 wrap-anywhere whitespace-pre-wrap">
          {value === "" ? (
            <span className="text-muted">(empty)</span>
          ) : (
            <LogText text={value} wanted={NOTHING_WANTED} maxLength={VALUE_LENGTH} isOneLine={false} />
          )}
          {note !== null && <span className="ml-2 font-sans text-muted">{visibleLabel(note)}</span>}
        </div>
      </div>
      <div className="absolute top-0 right-1 flex rounded bg-sunken opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 pointer-coarse:static pointer-coarse:shrink-0 pointer-coarse:bg-transparent pointer-coarse:opacity-100">
        <Action
          label={`Only ${name} ${visibleLabel(value)}`}
          hint="Only this"
          Icon={CirclePlus}
          onClick={() => onFilter(label, value)}
        />
        <Action
          label={`Exclude ${name} ${visibleLabel(value)}`}
          hint="Exclude"
          Icon={CircleMinus}
          onClick={() => onExclude(label, value)}
        />
        {label !== "level" && (
          <Action
            label={isColumn ? `Remove column ${name}` : `Add column ${name}`}
            hint={isColumn ? "Remove column" : "Add as column"}
            isPressed={isColumn}
            Icon={Columns3}
            onClick={() => onToggleColumn(label)}
          />
        )}
        <Action
          label={`Copy ${name}`}
          hint="Copy value"
          Icon={Copy}
          onClick={() => onCopy(`The value of ${name}`, value)}
        />
      </div>
    </li>
  );
}

interface ActionProps {
  label: string;
  hint: string;
  Icon: typeof Copy;
  isPressed?: boolean;
  onClick: () => void;
}

function Action({ label, hint, Icon, isPressed, onClick }: ActionProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={hint}
      aria-pressed={isPressed}
      onClick={onClick}
      className="grid size-6 cursor-pointer place-items-center rounded text-muted hover:bg-raised hover:text-ink aria-pressed:text-accent pointer-coarse:size-8"
    >
      <Icon className="size-3.5" aria-hidden="true" />
    </button>
  );
}
