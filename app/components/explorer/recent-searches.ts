/** RecentSearch is a query that was asked in this browser. */
export interface RecentSearch {
  query: string;
  atMs: number;
}

const MAX_RECENT = 100;

function keyOf(slug: string): string {
  return `akavelog:recent:${slug}`;
}

/** readRecent lists this browser's queries of a project, the last one first. */
export function readRecent(slug: string): RecentSearch[] {
  try {
    const kept: unknown = JSON.parse(window.localStorage.getItem(keyOf(slug)) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isRecent).slice(0, MAX_RECENT) : [];
  } catch {
    // A browser that keeps nothing, or something that was not written here: there are none then.
    return [];
  }
}

/** addRecent puts a query in front; one that is there already moves. */
export function addRecent(slug: string, query: string, atMs: number): void {
  if (query === "") return;
  const others = readRecent(slug).filter((one) => one.query !== query);
  try {
    window.localStorage.setItem(keyOf(slug), JSON.stringify([{ query, atMs }, ...others].slice(0, MAX_RECENT)));
  } catch {
    // Storage is full or switched off; the search itself works without.
  }
}

function isRecent(value: unknown): value is RecentSearch {
  return (
    typeof value === "object" &&
    value !== null &&
    "query" in value &&
    typeof value.query === "string" &&
    "atMs" in value &&
    typeof value.atMs === "number"
  );
}

/** ageOf says how long ago in a word. */
export function ageOf(atMs: number, nowMs: number): string {
  const minutes = Math.max(0, Math.floor((nowMs - atMs) / 60_000));
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ago`;
  return `${Math.floor(minutes / 1440)} d ago`;
}
