import { useCallback, useSyncExternalStore } from "react";

/** Zone is what the reader wants times in: that of the device, or UTC. */
export type Zone = "local" | "utc";

const COOKIE = /(?:^|;\s*)zone=utc(?:;|$)/;
const YEAR_S = 31_536_000;

const listeners = new Set<() => void>();

/** keepZone makes a choice that every page follows, now and on the next visit. */
export function keepZone(zone: Zone): void {
  document.cookie = `zone=${zone}; path=/; max-age=${zone === "local" ? 0 : YEAR_S}; samesite=lax`;
  for (const listener of listeners) listener();
}

/** useZone is the reader's choice. The server does not know the device's zone, so a page that it made begins in UTC. */
export function useZone(): Zone {
  return useSyncExternalStore(subscribe, keptZone, () => "utc");
}

/** useTimeText gives a function that writes an RFC 3339 time in the reader's zone: 2026-11-25 10:30 UTC+01:00. */
export function useTimeText(): (rfc3339: string) => string {
  const zone = useZone();
  return useCallback((rfc3339) => timeText(rfc3339, zone), [zone]);
}

/** timeText writes a time to the minute, with its zone. */
export function timeText(rfc3339: string, zone: Zone): string {
  const timeMs = Date.parse(rfc3339);
  const offsetMs = zone === "utc" ? 0 : -new Date(timeMs).getTimezoneOffset() * 60_000;
  const wall = new Date(timeMs + offsetMs).toISOString();
  return `${wall.slice(0, 10)} ${wall.slice(11, 16)} ${zoneName(zone, timeMs)}`;
}

/** zoneName is `UTC`, or the reader's offset at that time (now, where none is given) as `UTC+02:00`. */
export function zoneName(zone: Zone, timeMs = Date.now()): string {
  const minutes = zone === "utc" ? 0 : -new Date(timeMs).getTimezoneOffset();
  if (minutes === 0) return "UTC";
  const size = Math.abs(minutes);
  return `UTC${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** keptZone is the choice that this browser keeps. */
export function keptZone(): Zone {
  return COOKIE.test(document.cookie) ? "utc" : "local";
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
