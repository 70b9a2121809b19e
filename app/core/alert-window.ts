/** AlertWindow is a time `[fromMs, toMs)` whose end is a multiple of the interval. */
export interface AlertWindow {
  fromMs: number;
  toMs: number;
}

/** lastWindowEnd is the latest multiple of the interval that is not after `ms`. */
export function lastWindowEnd(ms: number, intervalMs: number): number {
  return Math.floor(ms / intervalMs) * intervalMs;
}

/**
 * dueWindows lists the windows that end after `evaluatedToMs` and at the latest at `untilMs`, oldest first and at most
 * `most` of them. More than `mostBack` windows back nothing is made up any more.
 */
export function dueWindows(
  { evaluatedToMs, windowMs }: { evaluatedToMs: number; windowMs: number },
  bounds: { untilMs: number; intervalMs: number; most: number; mostBack: number },
): AlertWindow[] {
  const { untilMs, intervalMs, most, mostBack } = bounds;
  const lastMs = lastWindowEnd(untilMs, intervalMs);
  const firstMs = Math.max(lastWindowEnd(evaluatedToMs, intervalMs) + intervalMs, lastMs - (mostBack - 1) * intervalMs);
  const windows: AlertWindow[] = [];
  for (let toMs = firstMs; toMs <= lastMs && windows.length < most; toMs += intervalMs) {
    windows.push({ fromMs: Math.max(0, toMs - windowMs), toMs });
  }
  return windows;
}
