import { useState } from "react";
import { DayPicker, type DateRange } from "react-day-picker";
import type { Range } from "#app/components/explorer/explorer-state.ts";
import type { Zone } from "#app/components/zone.ts";
import { calendarTime, timeOfCalendar } from "#app/components/explorer/time-format.ts";
import { Button } from "#app/components/ui/button.tsx";

export interface RangeCalendarProps {
  range: Range;
  zone: Zone;
  onChoose: (range: Range) => void;
}

const CLOCK = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/;

/** RangeCalendar chooses the first and the last day, and the time on each. It is loaded when it is first opened. */
export function RangeCalendar({ range, zone, onChoose }: RangeCalendarProps) {
  const [days, setDays] = useState<DateRange | undefined>(() => daysOf(range, zone));
  const [start, setStart] = useState(() => clockOf(range.from, zone) ?? "00:00");
  const [end, setEnd] = useState(() => clockOf(range.to, zone) ?? "23:59:59");
  const from = momentOf(days?.from, start, zone, 0);
  // The last second is looked at as a whole.
  const to = momentOf(days?.to ?? days?.from, end, zone, CLOCK.exec(end)?.[3] === undefined ? 60_000 : 1_000);
  const isSound = from !== null && to !== null && from < to;

  return (
    <div className="space-y-3">
      <DayPicker
        mode="range"
        weekStartsOn={1}
        fixedWeeks
        {...(days?.from === undefined ? {} : { defaultMonth: days.from })}
        selected={days}
        onSelect={setDays}
        disabled={{ after: today(zone) }}
        classNames={{
          months: "relative",
          month_caption: "flex h-8 items-center px-2 text-sm font-medium",
          nav: "absolute top-0 right-0 flex gap-1",
          button_previous: NAVIGATION,
          button_next: NAVIGATION,
          chevron: "size-4 fill-current",
          month_grid: "w-full border-collapse",
          weekday: "h-7 text-xs font-normal text-muted",
          day: "p-0 text-center text-[0.8125rem] tabular-nums",
          day_button:
            "h-7 w-full cursor-pointer rounded hover:bg-sunken disabled:cursor-not-allowed disabled:hover:bg-transparent",
          selected: "bg-accent-soft",
          range_start: "rounded-l bg-accent! text-accent-ink! [&>button]:hover:bg-accent",
          range_end: "rounded-r bg-accent! text-accent-ink! [&>button]:hover:bg-accent",
          today: "font-bold",
          outside: "text-muted opacity-60",
          disabled: "text-muted opacity-60",
        }}
      />
      <div className="flex flex-wrap items-end gap-2">
        <ClockField label="From" value={start} onChange={setStart} />
        <ClockField label="To" value={end} onChange={setEnd} />
        <Button
          tone="primary"
          size="small"
          disabled={!isSound}
          className="ml-auto"
          onClick={() => {
            if (isSound) onChoose({ from: new Date(from).toISOString(), to: new Date(to).toISOString() });
          }}
        >
          Use these days
        </Button>
      </div>
    </div>
  );
}

const NAVIGATION =
  "grid size-8 cursor-pointer place-items-center rounded text-muted hover:bg-sunken hover:text-ink aria-disabled:cursor-not-allowed aria-disabled:opacity-50";

function ClockField({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  return (
    <label className="text-xs text-muted">
      {label}
      <input
        value={value}
        inputMode="numeric"
        autoComplete="off"
        aria-invalid={!CLOCK.test(value)}
        onChange={({ currentTarget }) => onChange(currentTarget.value)}
        className="mt-1 block h-8 w-22 rounded-md border border-border-strong bg-raised px-2 text-sm text-ink tabular-nums aria-invalid:border-danger"
      />
    </label>
  );
}

function today(zone: Zone): Date {
  return dayAsDate(Date.now(), zone);
}

/** The calendar knows only the browser's zone, so a day of any zone is handed to it as that date at noon. */
function dayAsDate(timeMs: number, zone: Zone): Date {
  const { year, month, day } = calendarTime(timeMs, zone);
  return new Date(year, month - 1, day, 12);
}

function daysOf({ from, to }: Range, zone: Zone): DateRange | undefined {
  const fromMs = Date.parse(from);
  if (Number.isNaN(fromMs)) return undefined;
  const toMs = Date.parse(to);
  return { from: dayAsDate(fromMs, zone), to: dayAsDate(Number.isNaN(toMs) ? Date.now() : toMs - 1, zone) };
}

function clockOf(point: string, zone: Zone): string | null {
  const timeMs = Date.parse(point);
  if (Number.isNaN(timeMs)) return null;
  const { hour, minute, second } = calendarTime(timeMs, zone);
  return [hour, minute, second].map((part) => String(part).padStart(2, "0")).join(":");
}

function momentOf(day: Date | undefined, clock: string, zone: Zone, addMs: number): number | null {
  const match = CLOCK.exec(clock.trim());
  if (day === undefined || match === null) return null;
  const [hour, minute, second] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
  if (hour > 23 || minute > 59 || second > 59) return null;
  const date = { year: day.getFullYear(), month: day.getMonth() + 1, day: day.getDate() };
  return timeOfCalendar({ ...date, hour, minute, second, millisecond: 0 }, zone) + addMs;
}
