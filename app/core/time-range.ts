import { NS_PER_MS, parseTimestampText, partsToNs } from "#app/core/timestamp.ts";

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** parseDurationMs reads `30s`, `5m`, `2h`, `7d` (also `ms` and `w`); null when it is not a duration. */
export function parseDurationMs(text: string): number | null {
  const match = /^(\d{1,9})(ms|s|m|h|d|w)$/.exec(text.trim());
  if (match === null) return null;
  const unitMs = UNIT_MS[match[2] ?? ""];
  return unitMs === undefined ? null : Number(match[1]) * unitMs;
}

/**
 * parseTimePoint reads a bound of a time range: `now`, `now-1h`, `now+5m`, RFC 3339, or epoch milliseconds.
 * Returns ns since 1970, or null when it is none of these. Points outside 1970 to 2262 become the nearer end.
 */
export function parseTimePoint(point: string | number, nowMs: number): bigint | null {
  if (typeof point === "number") {
    return Number.isFinite(point) && Math.abs(point) < 9.2e12
      ? clampToIndex(BigInt(Math.round(point)) * NS_PER_MS)
      : null;
  }
  const text = point.trim();
  const relative = /^now(?:\s*([+-])\s*(\w+))?$/.exec(text);
  if (relative !== null) {
    if (relative[2] === undefined) return BigInt(nowMs) * NS_PER_MS;
    const durationMs = parseDurationMs(relative[2]);
    if (durationMs === null) return null;
    return clampToIndex(BigInt(nowMs + (relative[1] === "-" ? -durationMs : durationMs)) * NS_PER_MS);
  }
  if (/^-?\d{1,13}$/.test(text)) return clampToIndex(BigInt(text) * NS_PER_MS);
  const parts = parseTimestampText(text);
  return parts === null ? null : clampToIndex(partsToNs(parts));
}

/** The index keeps times as signed 64-bit integers, which end in April 2262. */
const MAX_TIMESTAMP_NS = 2n ** 63n - 1n;

function clampToIndex(timestampNs: bigint): bigint {
  return timestampNs < 0n ? 0n : timestampNs > MAX_TIMESTAMP_NS ? MAX_TIMESTAMP_NS : timestampNs;
}
