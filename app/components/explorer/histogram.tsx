import { ZoomOut } from "lucide-react";
import { useState, type KeyboardEvent } from "react";
import type { Facet, Histogram as Counted } from "#app/components/explorer/api-client.ts";
import type { Range } from "#app/components/explorer/explorer-state.ts";
import type { Zone } from "#app/components/zone.ts";
import { HistogramBars, LEVEL_STACK, linesOf } from "#app/components/explorer/histogram-bars.tsx";
import { LevelShape } from "#app/components/explorer/level-mark.tsx";
import { TimeAxis } from "#app/components/explorer/time-axis.tsx";
import { durationInWords, durationOfInterval, formatMoment } from "#app/components/explorer/time-format.ts";
import type { Fetched } from "#app/components/explorer/use-fetched.ts";
import { formatCompact, formatCount } from "#app/components/format.ts";
import { LEVELS, type Level } from "#app/core/level.ts";
import { Button } from "#app/components/ui/button.tsx";

export interface HistogramProps {
  counted: Fetched<Counted>;
  /** The lines of each level in the asked time, where they are known; the bars at both ends reach beyond it. */
  levels: Facet | null;
  zone: Zone;
  onZoom: (range: Range) => void;
  onZoomOut: () => void;
  onLevel: (level: Level) => void;
}

const HEIGHT = "h-16 sm:h-18";

/** Histogram shows how many lines there are over time. Its figures can be read as text as well. */
export function Histogram({ counted, levels, zone, onZoom, onZoomOut, onLevel }: HistogramProps) {
  const { failure, isLoading, reload } = counted;
  /** Counts that arrive while somebody drags over the bars wait: a bar must not become another under the hand. */
  const [held, setHeld] = useState<Counted | null>(null);
  const data = held ?? counted.data;
  const buckets = data?.buckets ?? [];
  const [lastPointed, setPointed] = useState<number | null>(null);
  const pointed = lastPointed !== null && lastPointed < buckets.length ? lastPointed : null;
  const intervalMs = durationOfInterval(data?.interval ?? "1m");

  function zoomTo(first: number, last: number): void {
    const start = buckets[Math.min(first, last)];
    const end = buckets[Math.max(first, last)];
    if (start === undefined || end === undefined) return;
    onZoom({ from: start.start, to: new Date(Date.parse(end.start) + intervalMs).toISOString() });
  }

  function onKeyDown(event: KeyboardEvent): void {
    const last = buckets.length - 1;
    if (event.key === "ArrowLeft") setPointed(Math.max(0, (pointed ?? last + 1) - 1));
    else if (event.key === "ArrowRight") setPointed(Math.min(last, (pointed ?? -1) + 1));
    else if (event.key === "Enter" && pointed !== null) zoomTo(pointed, pointed);
    else if (event.key === "-") onZoomOut();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <section aria-label="Lines over time" className="shrink-0 border-b border-border px-3 pt-2 pb-1 sm:px-4">
      <div className="flex h-6 items-center gap-x-4 text-xs">
        <Totals counted={data} levels={levels} isLoading={isLoading} onLevel={onLevel} />
        <Button
          size="small"
          tone="quiet"
          className="ml-auto h-6! px-1.5!"
          onClick={onZoomOut}
          title="Three times the time"
        >
          <ZoomOut className="size-3.5" aria-hidden="true" />
          <span className="sr-only sm:not-sr-only">Zoom out</span>
        </Button>
      </div>
      {failure === null ? (
        <div
          role="slider"
          tabIndex={0}
          aria-label="Lines over time, bar by bar. Left and right arrows move, Enter zooms into a bar, minus zooms out."
          aria-valuemin={0}
          aria-valuemax={Math.max(0, buckets.length - 1)}
          aria-valuenow={pointed ?? 0}
          aria-valuetext={data === null ? "not counted yet" : bucketText(data, pointed ?? 0, zone)}
          onKeyDown={onKeyDown}
          onBlur={() => setPointed(null)}
          className={`relative rounded ${HEIGHT}`}
        >
          <HistogramBars
            buckets={buckets}
            pointed={pointed}
            isStale={isLoading}
            onPoint={setPointed}
            onDrag={(isDragging) => setHeld(isDragging ? data : null)}
            onSelect={zoomTo}
          />
          {pointed !== null && data !== null && (
            <BucketTip counted={data} index={pointed} zone={zone} count={buckets.length} />
          )}
        </div>
      ) : (
        <div className={`flex items-center justify-center gap-3 rounded bg-sunken px-2 text-xs text-muted ${HEIGHT}`}>
          <span>The counts could not be read: {failure.detail}</span>
          <Button size="small" onClick={reload}>
            Retry
          </Button>
        </div>
      )}
      <TimeAxis starts={buckets.map(({ start }) => Date.parse(start))} zone={zone} />
    </section>
  );
}

function Totals({
  counted,
  levels,
  isLoading,
  onLevel,
}: {
  counted: Counted | null;
  levels: Facet | null;
  isLoading: boolean;
  onLevel: (level: Level) => void;
}) {
  if (counted === null) return <span className="text-muted">{isLoading ? "Counting" : "No counts"}</span>;
  const totals = levels === null ? sumsOfBars(counted) : countsOf(levels);
  return (
    <div className={`flex min-w-0 items-center gap-x-1 overflow-hidden ${isLoading ? "stale" : ""}`}>
      <span className="mr-2 whitespace-nowrap">
        <strong className="font-semibold tabular-nums">{formatCount(counted.total)}</strong>{" "}
        <span className="text-muted">
          {counted.total === 1 ? "line" : "lines"}
          <span className="hidden lg:inline">, a bar is {durationInWords(counted.interval)}</span>
          {counted.complete ? "" : ", not all was counted"}
        </span>
      </span>
      {LEVEL_STACK.filter((level) => (totals.get(level) ?? 0) > 0).map((level) => (
        <button
          key={level}
          type="button"
          onClick={() => onLevel(level)}
          title={`Only ${level}`}
          className={`cursor-pointer items-center gap-1.5 rounded px-1.5 py-0.5 whitespace-nowrap text-muted hover:bg-sunken hover:text-ink ${
            isLoud(level) ? "flex" : "hidden sm:flex"
          }`}
        >
          <LevelShape level={level} />
          <span className="hidden sm:inline">{level}</span>
          <span className="tabular-nums">{shortCount(totals.get(level) ?? 0)}</span>
        </button>
      ))}
    </div>
  );
}

function BucketTip({ counted, index, zone, count }: { counted: Counted; index: number; zone: Zone; count: number }) {
  const bucket = counted.buckets[index];
  if (bucket === undefined) return null;
  const isRight = index > count / 2;
  return (
    <div
      aria-hidden="true"
      className={`pointer-events-none absolute top-full z-20 mt-1 rounded-md border border-border bg-raised px-2.5 py-1.5 text-xs shadow-lg ${isRight ? "-translate-x-full" : ""}`}
      style={{ left: `${((index + 0.5) / count) * 100}%` }}
    >
      <p className="flex gap-4 whitespace-nowrap tabular-nums">
        {formatMoment(Date.parse(bucket.start), zone)}
        <strong className="ml-auto font-semibold">{formatCount(linesOf(bucket))}</strong>
      </p>
      {LEVEL_STACK.filter((level) => (bucket.counts[level] ?? 0) > 0).map((level) => (
        <p key={level} className="flex items-center gap-1.5 text-muted">
          <LevelShape level={level} />
          {level}
          <span className="ml-auto pl-4 text-ink tabular-nums">{formatCount(bucket.counts[level] ?? 0)}</span>
        </p>
      ))}
      {Object.keys(bucket.counts).length === 0 && <p className="text-muted">nothing</p>}
    </div>
  );
}

function countsOf({ values }: Facet): Map<string, number> {
  return new Map(values.map(({ value, count }) => [value, count]));
}

function sumsOfBars({ buckets }: Counted): Map<string, number> {
  const totals = new Map<string, number>();
  for (const { counts } of buckets)
    for (const level of LEVELS) totals.set(level, (totals.get(level) ?? 0) + (counts[level] ?? 0));
  return totals;
}

function bucketText({ buckets }: Counted, index: number, zone: Zone): string {
  const bucket = buckets[index];
  if (bucket === undefined) return "";
  const counts = LEVEL_STACK.flatMap((level) =>
    (bucket.counts[level] ?? 0) > 0 ? [`${bucket.counts[level]} ${level}`] : [],
  );
  return `${formatMoment(Date.parse(bucket.start), zone)}: ${counts.length === 0 ? "nothing" : counts.join(", ")}`;
}

/** On a phone there is room for these. */
function isLoud(level: Level): boolean {
  return level === "fatal" || level === "error" || level === "warn";
}

function shortCount(count: number): string {
  return count < 10_000 ? formatCount(count) : formatCompact(count);
}
