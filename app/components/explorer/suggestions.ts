import type { Facet } from "#app/components/explorer/api-client.ts";
import { ageOf, type RecentSearch } from "#app/components/explorer/recent-searches.ts";
import type { SavedSearch } from "#app/core/saved-search.ts";
import { completionPlace } from "#app/core/query/completion-place.ts";
import { fieldOfLabel, printLabel } from "#app/core/query/field-label.ts";
import { LEVELS } from "#app/core/level.ts";
import { printQuery } from "#app/core/query/print-query.ts";
import { formatCount } from "#app/components/format.ts";

/** Suggestion is one choice of the list below the query. */
export interface Suggestion {
  kind: "field" | "value" | "recent" | "saved";
  label: string;
  /** Stands at the right: a count, an age, what the field is. */
  detail: string;
  /** The query with it in place, and where the cursor is then. */
  query: string;
  cursor: number;
  /** It is a whole search and runs at once. */
  isWhole: boolean;
  saved?: SavedSearch;
}

export interface SuggestionSources {
  labels: readonly string[];
  /** Values of the field that is being written; null while they are not known. */
  values: Facet | null;
  recent: readonly RecentSearch[];
  saved: readonly SavedSearch[];
  nowMs: number;
}

const MAX_FIELDS = 8;
const MAX_VALUES = 50;
const MAX_WHOLE = 6;

/** suggest lists what may be written at the cursor. */
export function suggest(query: string, cursor: number, sources: SuggestionSources): Suggestion[] {
  const place = completionPlace(query, cursor);
  if (place.kind === "nothing") return [];
  if (place.kind === "value") return suggestValues(query, place, sources.values);
  const wanted = place.prefix.toLowerCase();
  const fields = ranked(sources.labels, wanted)
    .slice(0, MAX_FIELDS)
    .map((label): Suggestion => {
      const text = `${printLabel(label)}:`;
      return {
        kind: "field",
        label,
        detail: label === "service" || label === "level" ? "field" : "tag",
        ...replaced(query, place.start, place.end, text),
        isWhole: false,
      };
    });
  return [...suggestWhole(query, sources), ...fields];
}

function suggestValues(
  query: string,
  place: { field: string; prefix: string; start: number; end: number },
  facet: Facet | null,
): Suggestion[] {
  const field = labelOfWritten(place.field);
  const counts = new Map((facet?.values ?? []).map(({ value, count }) => [value, count]));
  const values =
    field === "level" ? LEVELS.filter((level) => level !== "unknown" || counts.has(level)) : [...counts.keys()];
  const sorted = field === "level" ? [...values].sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0)) : values;
  return ranked(sorted, place.prefix.toLowerCase())
    .slice(0, MAX_VALUES)
    .map((value): Suggestion => {
      const count = counts.get(value);
      return {
        kind: "value",
        label: value === "" ? '""' : value,
        detail: count === undefined ? "" : formatCount(count),
        ...replaced(query, place.start, place.end, `${printValue(field, value)} `),
        isWhole: false,
      };
    });
}

/** Whole searches are offered while little is written, and are found by any part of them. */
function suggestWhole(query: string, { recent, saved, nowMs }: SuggestionSources): Suggestion[] {
  const wanted = query.trim().toLowerCase();
  const fromSaved = saved
    .filter((one) => one.name.toLowerCase().includes(wanted) || one.search.toLowerCase().includes(wanted))
    .slice(0, MAX_WHOLE)
    .map((one): Suggestion => {
      const text = new URLSearchParams(one.search).get("query") ?? "";
      return {
        kind: "saved",
        label: one.name,
        detail: text,
        query: text,
        cursor: text.length,
        isWhole: true,
        saved: one,
      };
    });
  const fromRecent = recent
    .filter((one) => one.query !== query.trim() && one.query.toLowerCase().includes(wanted))
    .slice(0, MAX_WHOLE)
    .map((one): Suggestion => ({
      kind: "recent",
      label: one.query,
      detail: ageOf(one.atMs, nowMs),
      query: one.query,
      cursor: one.query.length,
      isWhole: true,
    }));
  return [...fromSaved, ...fromRecent];
}

/** Those that begin so come first. */
function ranked(texts: readonly string[], wanted: string): string[] {
  const starting = texts.filter((text) => text.toLowerCase().startsWith(wanted));
  const containing = texts.filter((text) => !starting.includes(text) && text.toLowerCase().includes(wanted));
  return [...starting, ...containing];
}

function replaced(query: string, start: number, end: number, text: string): { query: string; cursor: number } {
  const rest = query.slice(end);
  const piece = text.endsWith(" ") && rest.startsWith(" ") ? text.slice(0, -1) : text;
  return { query: query.slice(0, start) + piece + rest, cursor: start + text.length };
}

function printValue(label: string, value: string): string {
  const field = fieldOfLabel(label);
  if (field.name === "level") return value;
  return printQuery({ kind: "equals", field: { name: "service" }, values: [value] }).slice("service:".length);
}

/** labelOfWritten reads a field's name as it is written in a query, with its backslashes. */
export function labelOfWritten(name: string): string {
  return name.replace(/\\([\s\S])/g, "$1");
}
