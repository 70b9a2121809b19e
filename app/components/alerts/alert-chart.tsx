import { formatCount } from "#app/components/format.ts";
import type { AlertCondition } from "#app/core/alert-rule.ts";
import { useTimeText } from "#app/components/zone.ts";

/** ChartSeries is one group's matches; null where no window was evaluated. */
export interface ChartSeries {
  group: string | null;
  values: readonly (number | null)[];
}

export interface AlertChartProps {
  /** The windows end at `from + (i + 1) * stepMs`. */
  from: string;
  stepMs: number;
  series: readonly ChartSeries[];
  condition: AlertCondition;
  /** What the chart shows, for those who do not see it. */
  label: string;
}

const WIDTH = 1_000;
const HEIGHT = 200;
const MAX_LINES = 5;
/** A table of every window of a day would be read by nobody. */
const TABLE_ROWS = 48;
const STROKES = [
  "stroke-accent",
  "stroke-level-info",
  "stroke-level-warn",
  "stroke-level-fatal",
  "stroke-level-debug",
] as const;
const FILLS = ["fill-accent", "fill-level-info", "fill-level-warn", "fill-level-fatal", "fill-level-debug"] as const;

/** AlertChart draws the matches of each window, and the threshold; the figures stand below as a table. */
export function AlertChart({ from, stepMs, series, condition, label }: AlertChartProps) {
  const timeText = useTimeText();
  const shown = series.slice(0, MAX_LINES);
  const windows = shown[0]?.values.length ?? 0;
  const highest = Math.max(condition.value, 1, ...shown.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const top = roundAbove(highest);
  const endOf = (i: number) => new Date(Date.parse(from) + (i + 1) * stepMs).toISOString();
  const thresholdY = HEIGHT - (condition.value / top) * HEIGHT;
  return (
    <figure>
      <figcaption className="flex flex-wrap items-center gap-x-4 gap-y-1 text-xs text-muted">
        {shown.map(({ group }, i) => (
          <span key={group ?? ""} className="flex min-w-0 items-center gap-1.5">
            <svg viewBox="0 0 8 8" className="size-2 shrink-0" aria-hidden="true">
              <rect width="8" height="8" rx="2" className={FILLS[i]} />
            </svg>
            <span className="max-w-48 truncate">{group ?? "matches"}</span>
          </span>
        ))}
        {series.length > shown.length && <span>and {series.length - shown.length} more in the table</span>}
        <span className="ml-auto flex items-center gap-1.5 tabular-nums">
          <svg viewBox="0 0 16 2" className="h-0.5 w-4" aria-hidden="true">
            <path d="M0 1H16" strokeDasharray="4 3" strokeWidth="2" className="stroke-danger" />
          </svg>
          threshold {condition.op} {formatCount(condition.value)}
        </span>
      </figcaption>
      <div className="mt-2 flex gap-2">
        <p aria-hidden="true" className="flex h-40 flex-col justify-between text-right text-xs text-muted tabular-nums">
          <span>{formatCount(top)}</span>
          <span>0</span>
        </p>
        <svg
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={label}
          className="h-40 w-full min-w-0 rounded bg-sunken"
        >
          {shown.map(({ group, values }, i) => (
            <g key={group ?? ""} fill="none" strokeLinejoin="round" strokeLinecap="round" className={STROKES[i]}>
              <path d={lineOf(values, top)} strokeWidth="1.5" vectorEffect="non-scaling-stroke" />
              <path d={dotsOf(values, top)} strokeWidth="5" vectorEffect="non-scaling-stroke" />
            </g>
          ))}
          <path
            d={`M0 ${thresholdY}H${WIDTH}`}
            fill="none"
            strokeWidth="1.5"
            strokeDasharray="6 4"
            vectorEffect="non-scaling-stroke"
            className="stroke-danger"
          />
        </svg>
      </div>
      <p aria-hidden="true" className="mt-1 flex justify-between text-xs text-muted tabular-nums">
        <span>{timeText(from)}</span>
        <span className="text-right">{timeText(endOf(windows - 1))}</span>
      </p>
      <details className="mt-3 text-sm">
        <summary className="w-fit cursor-pointer text-muted hover:text-ink">Figures as a table</summary>
        <FigureTable series={series} endOf={endOf} label={label} />
      </details>
    </figure>
  );
}

/** A figure that an axis can end in, with some room above the highest. */
function roundAbove(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 3, 4, 5, 6, 8, 10].find((one) => one * unit > value * 1.02) ?? 20;
  return factor * unit;
}

/** Each window is a point; a gap in what was evaluated is a gap in the line. */
function lineOf(values: readonly (number | null)[], top: number): string {
  let path = "";
  let isDrawing = false;
  for (const [i, value] of values.entries()) {
    if (value !== null) path += `${isDrawing ? "L" : "M"}${placeOf(i, value, values.length, top)}`;
    isDrawing = value !== null;
  }
  return path;
}

/** A window without neighbours makes no line: it is a dot, which is a line of no length with round ends. */
function dotsOf(values: readonly (number | null)[], top: number): string {
  const isGap = (i: number) => (values[i] ?? null) === null;
  return values
    .map((value, i) =>
      value !== null && isGap(i - 1) && isGap(i + 1) ? `M${placeOf(i, value, values.length, top)}h0` : "",
    )
    .join("");
}

function placeOf(i: number, value: number, windows: number, top: number): string {
  const dx = windows > 1 ? WIDTH / (windows - 1) : 0;
  return `${(i * dx).toFixed(1)} ${(HEIGHT - (value / top) * HEIGHT).toFixed(1)}`;
}

interface FigureTableProps {
  series: readonly ChartSeries[];
  endOf: (i: number) => string;
  label: string;
}

/** Of several windows in a row it has the one with the most. */
function FigureTable({ series, endOf, label }: FigureTableProps) {
  const timeText = useTimeText();
  const windows = series[0]?.values.length ?? 0;
  const perRow = Math.max(1, Math.ceil(windows / TABLE_ROWS));
  const rows = Array.from({ length: Math.ceil(windows / perRow) }, (_, row) => ({
    end: endOf(Math.min(windows, (row + 1) * perRow) - 1),
    values: series.map(({ values }) => highestOf(values.slice(row * perRow, (row + 1) * perRow))),
  }));
  return (
    <div
      className="mt-3 max-h-80 overflow-auto rounded-lg border border-border"
      // What scrolls has to take the focus, so that the arrow keys move it.
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      role="region"
      aria-label={label}
    >
      <table className="w-full text-right text-xs tabular-nums">
        <thead className="sticky top-0 bg-sunken text-muted">
          <tr>
            <th className="px-3 py-1.5 text-left font-medium">Until</th>
            {series.map(({ group }) => (
              <th key={group ?? ""} className="max-w-48 truncate px-3 py-1.5 font-medium">
                {group ?? "most matches of a window"}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-border">
          {rows.map(({ end, values }) => (
            <tr key={end}>
              <td className="px-3 py-1 text-left whitespace-nowrap">{timeText(end)}</td>
              {values.map((value, i) => (
                <td key={series[i]?.group ?? ""} className="px-3 py-1">
                  {value === null ? "–" : formatCount(value)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function highestOf(values: readonly (number | null)[]): number | null {
  const given = values.filter((value) => value !== null);
  return given.length === 0 ? null : Math.max(...given);
}
