import { useNavigate } from "@remix-run/react";
import { useState } from "react";
import type { Histogram } from "#app/components/explorer/api-client.ts";
import { LevelShape } from "#app/components/explorer/level-mark.tsx";
import { durationInWords } from "#app/components/explorer/time-format.ts";
import { formatCount, formatLines } from "#app/components/format.ts";
import { HistogramBars, LEVEL_STACK, linesOf } from "#app/components/explorer/histogram-bars.tsx";
import { TimeAxis } from "#app/components/explorer/time-axis.tsx";
import { useTimeText, useZone } from "#app/components/zone.ts";

/** VolumeChart shows lines by level over time; a bar or a stretch of them leads to its logs. Its figures are a table as well. */
export function VolumeChart({ histogram, slug }: { histogram: Histogram; slug: string }) {
  const timeText = useTimeText();
  const zone = useZone();
  const { buckets } = histogram;
  const navigate = useNavigate();
  const [pointed, setPointed] = useState<number | null>(null);
  const levels = LEVEL_STACK.filter((level) => buckets.some(({ counts }) => (counts[level] ?? 0) > 0));
  const shown = pointed === null ? undefined : buckets[pointed];

  function openLogs(first: number, last: number) {
    const from = buckets[Math.min(first, last)]?.start;
    const to = buckets[Math.max(first, last) + 1]?.start ?? histogram.to;
    if (from !== undefined) navigate(`/p/${slug}/logs?${new URLSearchParams({ from, to }).toString()}`);
  }

  return (
    <div>
      <p className="flex min-h-6 flex-wrap items-center gap-x-4 gap-y-1 text-xs text-muted">
        {levels.map((level) => (
          <span key={level} className="flex items-center gap-1.5 whitespace-nowrap">
            <LevelShape level={level} />
            {level}
            {shown !== undefined && (
              <span className="text-ink tabular-nums">{formatCount(shown.counts[level] ?? 0)}</span>
            )}
          </span>
        ))}
        <span className="ml-auto whitespace-nowrap tabular-nums">
          {shown === undefined
            ? `a bar is ${durationInWords(histogram.interval)}, the highest ${formatLines(Math.max(0, ...buckets.map(linesOf)))}`
            : `${formatLines(linesOf(shown))} from ${timeText(shown.start)}`}
        </span>
      </p>
      <div className="mt-2 h-40">
        <HistogramBars buckets={buckets} pointed={pointed} isStale={false} onPoint={setPointed} onSelect={openLogs} />
      </div>
      <TimeAxis starts={buckets.map(({ start }) => Date.parse(start))} zone={zone} />
      <details className="mt-3 text-sm">
        <summary className="w-fit cursor-pointer text-muted hover:text-ink">Figures as a table</summary>
        {/* What scrolls has to take the focus, so that the arrow keys move it. */}
        <div
          className="mt-3 max-h-80 overflow-auto rounded-lg border border-border"
          // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
          tabIndex={0}
          role="region"
          aria-label="Lines over time"
        >
          <table className="w-full text-right text-xs tabular-nums">
            <thead className="sticky top-0 bg-sunken text-muted">
              <tr>
                <th className="px-3 py-1.5 text-left font-medium">From</th>
                {levels.map((level) => (
                  <th key={level} className="px-3 py-1.5 font-medium">
                    {level}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody className="divide-y divide-border">
              {buckets.map(({ start, counts }) => (
                <tr key={start}>
                  <td className="px-3 py-1 text-left whitespace-nowrap">{timeText(start)}</td>
                  {levels.map((level) => (
                    <td key={level} className="px-3 py-1">
                      {formatCount(counts[level] ?? 0)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </div>
  );
}
