import { useEffect, useState } from "react";

/** useTick grows by one every so often; null stops it. */
export function useTick(intervalMs: number | null): number {
  const [tick, setTick] = useState(0);
  useEffect(() => {
    if (intervalMs === null) return;
    const timer = setInterval(() => setTick((count) => count + 1), intervalMs);
    return () => clearInterval(timer);
  }, [intervalMs]);
  return tick;
}
