export interface SparkBarsProps {
  values: readonly number[];
  className?: string;
}

const BAR = 4;
const GAP = 1;
const HEIGHT = 24;

/** SparkBars hints at a course; the figures beside it say what it was. */
export function SparkBars({ values, className = "" }: SparkBarsProps) {
  const highest = Math.max(...values, 1);
  const width = values.length * (BAR + GAP) - GAP;
  return (
    <svg viewBox={`0 0 ${width} ${HEIGHT}`} preserveAspectRatio="none" className={className} aria-hidden="true">
      {values.map((value, index) => {
        const height = value === 0 ? 1 : Math.max(2, (value / highest) * HEIGHT);
        return (
          <rect
            // The place is all that tells bars apart.
            // oxlint-disable-next-line react/no-array-index-key
            key={index}
            x={index * (BAR + GAP)}
            y={HEIGHT - height}
            width={BAR}
            height={height}
            className={value === 0 ? "fill-border" : "fill-accent"}
          />
        );
      })}
    </svg>
  );
}
