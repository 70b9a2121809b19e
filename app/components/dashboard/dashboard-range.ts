/** How far back the dashboard looks, and how many days before that it compares with. */
export const DASHBOARD_RANGES = {
  "1h": { label: "Hour", ms: 3_600_000, dayShift: 1, before: "the same hour yesterday" },
  "24h": { label: "Day", ms: 86_400_000, dayShift: 1, before: "the day before" },
  "7d": { label: "Week", ms: 7 * 86_400_000, dayShift: 7, before: "the week before" },
  "30d": { label: "30 days", ms: 30 * 86_400_000, dayShift: 30, before: "the 30 days before" },
} as const;

export type DashboardRange = keyof typeof DASHBOARD_RANGES;

/** rangeOf reads the choice from an address; a day without one. */
export function rangeOf(given: string | null): DashboardRange {
  return given !== null && Object.hasOwn(DASHBOARD_RANGES, given) ? (given as DashboardRange) : "24h";
}
