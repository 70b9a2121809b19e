import { memo } from "react";
import { valueOf, type Entry } from "#app/components/explorer/entry.ts";
import type { Zone } from "#app/components/zone.ts";
import { LevelShape, lookOf } from "#app/components/explorer/level-mark.tsx";
import { LogText } from "#app/components/explorer/log-text.tsx";
import { formatRowTime } from "#app/components/explorer/time-format.ts";
import type { PositiveText } from "#app/core/query/positive-texts.ts";

/** Drawn of one line in the list; the details have the rest. */
const ONE_LINE_LENGTH = 600;
const WRAPPED_LENGTH = 4_000;
const COLUMN_LENGTH = 120;

export interface RowLook {
  columns: readonly string[];
  isWrapped: boolean;
  zone: Zone;
  hasDate: boolean;
  wanted: readonly PositiveText[];
}

export interface LogRowProps {
  /** Makes ids of rows unique where two lists are shown. */
  idPrefix: string;
  entry: Entry;
  index: number;
  look: RowLook;
  /** The row the keyboard is at. */
  isActive: boolean;
  isOpen: boolean;
  /** Where it stands in a list that draws only some of its rows; null in one that draws all. */
  startPx: number | null;
  /** Told the element, where heights differ. */
  measure: ((element: HTMLElement | null) => void) | null;
}

const NOTHING_WANTED: readonly PositiveText[] = [];

/** LogRow is one line of the list, always of the same height unless lines are wrapped. */
export const LogRow = memo(function LogRow(props: LogRowProps) {
  const { idPrefix, entry, index, look, isActive, isOpen, startPx, measure } = props;
  const { columns, isWrapped, zone, hasDate, wanted } = look;
  const level = lookOf(entry.level);
  const isLoud = entry.level === "error" || entry.level === "fatal";
  return (
    <div
      id={rowId(idPrefix, index)}
      role="row"
      ref={measure}
      style={startPx === null ? undefined : { transform: `translateY(${startPx}px)` }}
      aria-rowindex={index + 2}
      aria-selected={isOpen}
      data-index={index}
      className={`${startPx === null ? "" : "absolute inset-x-0 top-0 contain-content"} flex cursor-pointer gap-3 border-l-2 pr-3 pl-2 font-mono text-xs leading-6 ${
        isOpen ? "border-accent bg-accent-soft" : isLoud ? "border-transparent bg-danger-soft/35" : "border-transparent"
      } ${isActive ? "outline-1 -outline-offset-1 outline-accent" : "hover:bg-sunken"} ${isWrapped ? "items-start" : "h-6"}`}
    >
      <span role="gridcell" className="shrink-0 text-muted tabular-nums">
        {formatRowTime(entry.timestamp, zone, hasDate)}
      </span>
      <span role="gridcell" className={`flex w-13 shrink-0 items-center gap-1.5 ${level.text}`}>
        <LevelShape level={entry.level} />
        {level.short}
        {entry.level === "unknown" && <span className="sr-only">unknown level</span>}
      </span>
      {columns.map((column) => (
        <span key={column} role="gridcell" className="hidden w-28 shrink-0 truncate text-muted sm:block xl:w-36">
          <LogText text={valueOf(entry, column) ?? ""} wanted={NOTHING_WANTED} maxLength={COLUMN_LENGTH} isOneLine />
        </span>
      ))}
      <span
        role="gridcell"
        // Where the line is of a language that is written from the right, its beginning must be what is seen of it.
        dir="auto"
        className={`min-w-0 flex-1 ${isWrapped ? "wrap-anywhere whitespace-pre-wrap" : "overflow-hidden text-ellipsis whitespace-pre"}`}
      >
        <LogText
          text={entry.message}
          wanted={wanted}
          maxLength={isWrapped ? WRAPPED_LENGTH : ONE_LINE_LENGTH}
          isOneLine={!isWrapped}
        />
      </span>
    </div>
  );
});

/** rowId is the element's id, which the list names as the row that the keyboard is at. */
export function rowId(idPrefix: string, index: number): string {
  return `${idPrefix}-row-${index}`;
}
