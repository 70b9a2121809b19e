import { memo, useRef, useState, type PointerEvent } from "react";
import type { Histogram } from "#app/components/explorer/api-client.ts";
import { lookOf } from "#app/components/explorer/level-mark.tsx";
import type { Level } from "#app/core/level.ts";

/** LEVEL_STACK is the order of a bar from the bottom up: the most severe stand where they can be compared. */
export const LEVEL_STACK: readonly Level[] = ["fatal", "error", "warn", "info", "debug", "trace", "unknown"];

export interface HistogramBarsProps {
  buckets: Histogram["buckets"];
  pointed: number | null;
  isStale: boolean;
  onPoint: (index: number | null) => void;
  /** Until `false` the bars must stay the same; whoever shows bars that never change needs not know. */
  onDrag?: (isDragging: boolean) => void;
  onSelect: (first: number, last: number) => void;
}

/** HistogramBars are the bars themselves; dragging over them chooses a time. */
export function HistogramBars({ buckets, pointed, isStale, onPoint, onDrag, onSelect }: HistogramBarsProps) {
  const svg = useRef<SVGSVGElement>(null);
  const [dragFrom, setDragFrom] = useState<number | null>(null);
  const count = Math.max(1, buckets.length);

  function bucketAt(event: PointerEvent): number {
    const box = svg.current?.getBoundingClientRect();
    if (box === undefined || box.width === 0) return 0;
    return Math.min(count - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * count)));
  }

  function onPointerUp(event: PointerEvent): void {
    if (dragFrom === null) return;
    endDrag();
    onPoint(null);
    onSelect(dragFrom, bucketAt(event));
  }

  function endDrag(): void {
    setDragFrom(null);
    onDrag?.(false);
  }

  const marked =
    pointed === null
      ? null
      : { from: Math.min(dragFrom ?? pointed, pointed), to: Math.max(dragFrom ?? pointed, pointed) };
  return (
    <svg
      ref={svg}
      aria-hidden="true"
      viewBox={`0 0 ${count} 100`}
      preserveAspectRatio="none"
      className={`block size-full cursor-crosshair touch-pan-y overflow-visible ${isStale ? "stale" : ""}`}
      onPointerDown={(event) => {
        if (event.button !== 0 || buckets.length === 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        setDragFrom(bucketAt(event));
        onDrag?.(true);
      }}
      onPointerMove={(event) => buckets.length > 0 && onPoint(bucketAt(event))}
      onPointerUp={onPointerUp}
      onPointerCancel={endDrag}
      onPointerLeave={() => dragFrom === null && onPoint(null)}
    >
      <rect width={count} height="100" className="fill-transparent" />
      {marked !== null && (
        <rect
          x={marked.from}
          width={marked.to - marked.from + 1}
          height="100"
          className={dragFrom === null ? "fill-sunken" : "fill-accent-soft"}
        />
      )}
      <Bars buckets={buckets} />
      <line x1="0" x2={count} y1="100" y2="100" className="stroke-border" vectorEffect="non-scaling-stroke" />
    </svg>
  );
}

/** Part of a bucket's width that stays free, so that bars can be told apart. */
const GAP = 0.16;
/** A bar of one line among thousands still has to be seen. */
const MIN_HEIGHT = 3;

const Bars = memo(function Bars({ buckets }: Pick<HistogramBarsProps, "buckets">) {
  const most = Math.max(1, ...buckets.map(linesOf));
  return buckets.map(({ start, counts }, index) => {
    let bottom = 100;
    return (
      <g key={start}>
        {LEVEL_STACK.map((level) => {
          const lines = counts[level] ?? 0;
          if (lines === 0) return null;
          const height = Math.max(MIN_HEIGHT, (lines / most) * 100);
          bottom -= height;
          return (
            <rect
              key={level}
              x={index + GAP / 2}
              width={1 - GAP}
              y={Math.max(0, bottom)}
              height={height}
              className={`${lookOf(level).fill} ${isQuiet(level) ? "opacity-55" : ""}`}
            />
          );
        })}
      </g>
    );
  });
});

/** linesOf is how many lines a bar stands for. */
export function linesOf({ counts }: Histogram["buckets"][number]): number {
  return LEVEL_STACK.reduce((sum, level) => sum + (counts[level] ?? 0), 0);
}

function isQuiet(level: Level): boolean {
  return level !== "warn" && level !== "error" && level !== "fatal";
}
