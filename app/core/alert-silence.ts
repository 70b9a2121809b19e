/** The silences that the web app offers; the API takes any time. */
export const SILENCES = [
  { length: "1h", label: "1 hour", ms: 3_600_000 },
  { length: "4h", label: "4 hours", ms: 14_400_000 },
  { length: "1d", label: "1 day", ms: 86_400_000 },
  { length: "7d", label: "7 days", ms: 604_800_000 },
] as const;

/** silenceUntil is the end of a silence that begins now; null for none. */
export function silenceUntil(length: string, nowMs: number): string | null {
  const silence = SILENCES.find((one) => one.length === length);
  return silence === undefined ? null : new Date(nowMs + silence.ms).toISOString();
}
