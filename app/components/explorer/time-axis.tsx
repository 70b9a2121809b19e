import { axisTicks } from "#app/components/explorer/axis-ticks.ts";
import type { Zone } from "#app/components/zone.ts";

/** How many labels there is room for. */
const AXIS_LABELS = 6;
/** Beyond this share of the width a label would hang over the side; it ends there instead. */
const LAST_START = 0.9;

/** TimeAxis names the times below the bars that begin at `starts`. It is drawn, since the server's pages allow no inline styles. */
export function TimeAxis({ starts, zone }: { starts: readonly number[]; zone: Zone }) {
  return (
    <svg aria-hidden="true" className="block h-4 w-full fill-muted text-[0.6875rem] tabular-nums">
      {axisTicks(starts, zone, AXIS_LABELS).map(({ index, label }) => {
        const share = index / starts.length;
        const isLast = share > LAST_START;
        return (
          <text key={index} x={`${(isLast ? 1 : share) * 100}%`} y="12" textAnchor={isLast ? "end" : "start"}>
            {label}
          </text>
        );
      })}
    </svg>
  );
}
