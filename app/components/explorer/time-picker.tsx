import { Calendar, ChevronDown, Undo2 } from "lucide-react";
import { lazy, Suspense, useId, useState, type FormEvent } from "react";
import { Popover } from "#app/components/explorer/popover.tsx";
import { isSameRange, type Range } from "#app/components/explorer/explorer-state.ts";
import { zoneName, type Zone } from "#app/components/zone.ts";
import { rangeLabel } from "#app/components/explorer/time-format.ts";
import { parseRangeInput } from "#app/components/explorer/time-input.ts";
import { Button, buttonClass } from "#app/components/ui/button.tsx";

const RangeCalendar = lazy(async () => {
  const { RangeCalendar: Calendar } = await import("#app/components/explorer/range-calendar.tsx");
  return { default: Calendar };
});

const PRESETS: readonly string[] = ["5m", "15m", "30m", "1h", "3h", "6h", "12h", "1d", "2d", "7d", "14d", "30d"];

export interface TimePickerProps {
  range: Range;
  zone: Zone;
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  onChange: (range: Range) => void;
  onZone: (zone: Zone) => void;
  /** Goes to the range before; null when there is none. */
  onBack: (() => void) | null;
}

/** TimePicker chooses the time that is looked at: from a list, typed, or by days. */
export function TimePicker({ range, zone, isOpen, onOpenChange, onChange, onZone, onBack }: TimePickerProps) {
  function choose(next: Range): void {
    onOpenChange(false);
    onChange(next);
  }
  return (
    <Popover
      label="Time range"
      isOpen={isOpen}
      onOpenChange={onOpenChange}
      trigger={
        <button
          type="button"
          title="Time range (t)"
          className={buttonClass({}, "min-w-0 flex-1 justify-start! sm:flex-none")}
        >
          <Calendar className="size-4 shrink-0 text-muted" aria-hidden="true" />
          <span className="sr-only">Time range: </span>
          <span className="truncate tabular-nums">{rangeLabel(range, zone)}</span>
          <ChevronDown className="ml-auto size-3.5 shrink-0 text-muted" aria-hidden="true" />
        </button>
      }
    >
      <div className="w-[min(36rem,calc(100vw-1rem))]">
        <TypedRange key={`${range.from} ${range.to}`} range={range} zone={zone} onChoose={choose} />
        <div className="flex flex-col sm:flex-row">
          <div className="grid grid-cols-3 content-start gap-1 border-border p-2 sm:w-44 sm:grid-cols-2 sm:border-r">
            {PRESETS.map((preset) => {
              const option = { from: `now-${preset}`, to: "now" };
              return (
                <button
                  key={preset}
                  type="button"
                  aria-pressed={isSameRange(option, range)}
                  aria-label={rangeLabel(option, zone)}
                  onClick={() => choose(option)}
                  className="cursor-pointer rounded px-2 py-1.5 text-left text-[0.8125rem] tabular-nums hover:bg-sunken aria-pressed:bg-accent-soft aria-pressed:font-medium aria-pressed:text-accent"
                >
                  {preset}
                </button>
              );
            })}
          </div>
          <div className="min-h-72 flex-1 border-t border-border p-3 sm:border-t-0">
            {isOpen && (
              <Suspense fallback={<p className="text-sm text-muted">Loading the calendar</p>}>
                <RangeCalendar range={range} zone={zone} onChoose={choose} />
              </Suspense>
            )}
          </div>
        </div>
        <div className="flex items-center justify-between gap-2 border-t border-border px-3 py-2">
          <ZoneChoice zone={zone} onZone={onZone} />
          <Button
            size="small"
            tone="quiet"
            disabled={onBack === null}
            onClick={() => {
              onOpenChange(false);
              onBack?.();
            }}
          >
            <Undo2 className="size-3.5" aria-hidden="true" />
            Previous range
          </Button>
        </div>
      </div>
    </Popover>
  );
}

function TypedRange({ range, zone, onChoose }: { range: Range; zone: Zone; onChoose: (range: Range) => void }) {
  const id = useId();
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<string | null>(null);

  function submit(event: FormEvent): void {
    event.preventDefault();
    const parsed = parseRangeInput(text, Date.now(), zone);
    if ("problem" in parsed) setProblem(parsed.problem);
    else onChoose(parsed);
  }

  return (
    <form onSubmit={submit} className="border-b border-border p-3">
      <label htmlFor={id} className="sr-only">
        Type a time range
      </label>
      <div className="flex gap-2">
        <input
          id={id}
          value={text}
          autoComplete="off"
          spellCheck={false}
          placeholder={`-3h, yesterday, 10:00 to 11:30 (now: ${rangeLabel(range, zone)})`}
          aria-invalid={problem !== null}
          aria-describedby={problem === null ? undefined : `${id}-problem`}
          onChange={({ currentTarget }) => {
            setText(currentTarget.value);
            setProblem(null);
          }}
          className="h-9 min-w-0 flex-1 rounded-md border border-border-strong bg-raised px-3 text-sm placeholder:text-muted aria-invalid:border-danger"
        />
        <Button type="submit" tone="primary">
          Apply
        </Button>
      </div>
      {problem !== null && (
        <p id={`${id}-problem`} role="alert" className="mt-2 text-[0.8125rem] leading-5 text-danger">
          {problem}
        </p>
      )}
    </form>
  );
}

function ZoneChoice({ zone, onZone }: { zone: Zone; onZone: (zone: Zone) => void }) {
  return (
    <div role="group" aria-label="Zone of the times" className="flex rounded-md border border-border p-0.5">
      {(["local", "utc"] as const).map((option) => (
        <button
          key={option}
          type="button"
          aria-pressed={option === zone}
          onClick={() => onZone(option)}
          className="cursor-pointer rounded px-2 py-1 text-xs text-muted aria-pressed:bg-accent-soft aria-pressed:font-medium aria-pressed:text-accent"
        >
          {option === "utc" ? "UTC" : `My zone (${zoneName("local")})`}
        </button>
      ))}
    </div>
  );
}
