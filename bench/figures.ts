/** ratio is a figure as a multiple of one of the calibrations. */
export function ratio(value: number, unit: number, name: string): string {
  return `${(value / unit).toFixed(2)} ${name}`;
}

export function mebibytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** percentile of figures in ascending order; `share` from 0 to 1. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
