import { addCondition } from "#app/core/query/edit-query.ts";
import { fieldOfLabel, labelOfTag, printCondition } from "#app/core/query/field-label.ts";
import { normaliseLevel } from "#app/core/level.ts";
import { printQuery } from "#app/core/query/print-query.ts";
import { parseTimePoint } from "#app/core/time-range.ts";
import { trimQuery } from "#app/core/query/trim-query.ts";
import type { Zone } from "#app/components/zone.ts";

/** Range is a time range as the API takes it: `now-1h`, or RFC 3339. */
export interface Range {
  from: string;
  to: string;
}

export type Order = "desc" | "asc";

/** OpenRow is the line whose details are open; its time makes it quick to find. */
export interface OpenRow {
  id: string;
  timestamp: string;
}

/** ExplorerState is everything that a link to the explorer carries. */
export interface ExplorerState {
  query: string;
  range: Range;
  /** Labels of the fields that stand between level and message. */
  columns: readonly string[];
  isWrapped: boolean;
  order: Order;
  isLive: boolean;
  zone: Zone;
  row: OpenRow | null;
}

export const DEFAULT_RANGE: Range = { from: "now-1h", to: "now" };
export const DEFAULT_COLUMNS: readonly string[] = ["service"];

/** More than fit on any screen; an address is no place for a list without an end. */
const MAX_COLUMNS = 20;
const TAG_PREFIX = "tags.";

/**
 * parseExplorerState reads an address of the explorer. Conditions may also stand beside the query, as in the API
 * (`service=web&level=error&tags.host=n1&keyword=timeout`); they become part of it. What makes no sense is left out.
 * `usualZone` is the reader's, for an address that asks for none.
 */
export function parseExplorerState(parameters: URLSearchParams, usualZone: Zone = "local"): ExplorerState {
  return {
    query: queryOf(parameters),
    range: rangeOf(parameters),
    columns: columnsOf(parameters),
    isWrapped: parameters.get("wrap") === "1",
    order: parameters.get("order") === "asc" ? "asc" : "desc",
    isLive: parameters.get("live") === "1",
    zone: parameters.get("zone") === "utc" ? "utc" : usualZone,
    row: rowOf(parameters),
  };
}

/**
 * printExplorerState writes a state as an address's parameters; what is as usual is left out. `usualZone` is the zone of
 * whoever will read the address: one's own, or `local` in a link for others.
 */
export function printExplorerState(state: ExplorerState, usualZone: Zone = "local"): URLSearchParams {
  const parameters = new URLSearchParams();
  if (state.query !== "") parameters.set("query", state.query);
  if (!isSameRange(state.range, DEFAULT_RANGE)) {
    parameters.set("from", state.range.from);
    parameters.set("to", state.range.to);
  }
  if (state.columns.join("\n") !== DEFAULT_COLUMNS.join("\n")) {
    if (state.columns.length === 0) parameters.set("columns", "");
    for (const column of state.columns) parameters.append("columns", column);
  }
  if (state.isWrapped) parameters.set("wrap", "1");
  if (state.order === "asc") parameters.set("order", "asc");
  if (state.isLive) parameters.set("live", "1");
  if (state.zone === "utc" && usualZone !== "utc") parameters.set("zone", "utc");
  if (state.row !== null) {
    parameters.set("row", state.row.id);
    parameters.set("at", state.row.timestamp);
  }
  return parameters;
}

export function isSameRange(a: Range, b: Range): boolean {
  return a.from === b.from && a.to === b.to;
}

function queryOf(parameters: URLSearchParams): string {
  let query = trimQuery((parameters.get("query") ?? "").replace(/[\r\n]+/g, " "));
  const values = new Map<string, string[]>();
  for (const [name, value] of parameters) {
    const label = name.startsWith(TAG_PREFIX) ? labelOfTag(name.slice(TAG_PREFIX.length)) : name;
    if (label === "service" || label === "level" || name.startsWith(TAG_PREFIX))
      values.set(label, [...(values.get(label) ?? []), label === "level" ? normaliseLevel(value) : value]);
  }
  for (const [label, wanted] of values) {
    const field = fieldOfLabel(label);
    if (field.name !== "tag" || field.key !== "") query = addCondition(query, printCondition(label, wanted, false));
  }
  const keyword = parameters.get("keyword") ?? "";
  if (keyword !== "")
    query = addCondition(query, printQuery({ kind: "text", text: keyword, openStart: true, openEnd: true }));
  return query;
}

function rangeOf(parameters: URLSearchParams): Range {
  const from = parameters.get("from");
  const to = parameters.get("to");
  const range = { from: from ?? DEFAULT_RANGE.from, to: to ?? DEFAULT_RANGE.to };
  const isUnderstood = parseTimePoint(range.from, 0) !== null && parseTimePoint(range.to, 0) !== null;
  return isUnderstood ? range : DEFAULT_RANGE;
}

function columnsOf(parameters: URLSearchParams): readonly string[] {
  const given = parameters.getAll("columns");
  if (given.length === 0) return DEFAULT_COLUMNS;
  const labels = given.filter((label) => label !== "" && label !== TAG_PREFIX && label !== "message");
  return [...new Set(labels)].slice(0, MAX_COLUMNS);
}

function rowOf(parameters: URLSearchParams): OpenRow | null {
  const id = parameters.get("row") ?? "";
  return id === "" ? null : { id, timestamp: parameters.get("at") ?? "" };
}
