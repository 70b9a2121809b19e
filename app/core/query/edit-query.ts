import { labelOf, printCondition } from "#app/core/query/field-label.ts";
import { InvalidQueryError } from "#app/core/query/invalid-query-error.ts";
import { parseQuery } from "#app/core/query/parse-query.ts";
import type { Predicate } from "#app/core/query/predicate.ts";
import { tokeniseQuery } from "#app/core/query/tokenise-query.ts";
import { trimQuery } from "#app/core/query/trim-query.ts";

/** Conjunct is one of the conditions that must all hold, as it is written. */
export interface Conjunct {
  text: string;
  predicate: Predicate;
}

/** FieldFilter is what a query asks of one field with whole values. */
export interface FieldFilter {
  /** The only values that pass, or null when any may. */
  only: readonly string[] | null;
  excluded: readonly string[];
}

export const NO_FILTER: FieldFilter = { only: null, excluded: [] };

/** splitConjuncts cuts a query into its conditions; null when it is not understood. */
export function splitConjuncts(query: string): Conjunct[] | null {
  const whole = parseQuery(query);
  if (whole instanceof InvalidQueryError) return null;
  const texts = conjunctTexts(query);
  const conjuncts: Conjunct[] = [];
  for (const text of texts) {
    const predicate = parseQuery(text);
    // A piece that is not understood by itself would be a mistake in the cut; the query then stays in one piece.
    if (predicate instanceof InvalidQueryError) return [{ text: trimQuery(query), predicate: whole }];
    conjuncts.push({ text, predicate });
  }
  return conjuncts;
}

function conjunctTexts(query: string): string[] {
  const tokens = tokeniseQuery(query);
  if (tokens.some(({ kind, depth, start }) => kind === "operator" && depth === 0 && query.startsWith("OR", start)))
    return [trimQuery(query)];
  const texts: string[] = [];
  let current = "";
  for (const token of tokens) {
    const text = query.slice(token.start, token.end);
    const isOutside = token.depth === 0;
    if (isOutside && token.kind === "operator" && text === "AND") continue;
    if (isOutside && token.kind === "space") {
      if (/(^|\s)NOT$/.test(current)) current += " ";
      else if (current !== "") {
        texts.push(current);
        current = "";
      }
    } else current += text;
  }
  if (current.trim() !== "") texts.push(current);
  return texts;
}

/** filtersOf tells for every field, by its label, which whole values the query asks for. */
export function filtersOf(query: string): ReadonlyMap<string, FieldFilter> {
  const filters = new Map<string, FieldFilter>();
  for (const { predicate } of splitConjuncts(query) ?? []) {
    const read = readFilter(predicate);
    if (read === null) continue;
    const { only, excluded } = filters.get(read.label) ?? NO_FILTER;
    filters.set(read.label, {
      only: read.isExcluded ? only : [...(only ?? []), ...read.values],
      excluded: read.isExcluded ? [...excluded, ...read.values] : excluded,
    });
  }
  return filters;
}

function readFilter(predicate: Predicate): { label: string; values: readonly string[]; isExcluded: boolean } | null {
  const isExcluded = predicate.kind === "not";
  const inner = isExcluded ? predicate.of : predicate;
  if (inner.kind === "level") return { label: "level", values: inner.values, isExcluded };
  if (inner.kind === "equals") return { label: labelOf(inner.field), values: inner.values, isExcluded };
  return null;
}

/** withOnly asks for these values of a field alone, whatever the query asked of it with whole values before. */
export function withOnly(query: string, label: string, values: readonly string[]): string {
  const rest = withoutField(query, label);
  return values.length === 0 ? rest : addCondition(rest, printCondition(label, values, false));
}

/** withExcluded leaves a value out; where it was among the values asked for, it goes from those. */
export function withExcluded(query: string, label: string, value: string): string {
  const { only, excluded } = filtersOf(query).get(label) ?? NO_FILTER;
  if (only?.includes(value) === true && only.length > 1)
    return withOnly(
      query,
      label,
      only.filter((one) => one !== value),
    );
  if (excluded.includes(value)) return query;
  const rest = only?.includes(value) === true ? withoutField(query, label) : query;
  return addCondition(rest, printCondition(label, [value], true));
}

/** withIncluded adds a value to those that pass, or no longer excludes it. */
export function withIncluded(query: string, label: string, value: string): string {
  const { only, excluded } = filtersOf(query).get(label) ?? NO_FILTER;
  if (excluded.includes(value)) return withoutExcluded(query, label, value);
  if (only?.includes(value) === true) return query;
  return withOnly(query, label, [...(only ?? []), value]);
}

/** withoutField takes out everything that the query asks of a field with whole values. */
export function withoutField(query: string, label: string): string {
  return join((splitConjuncts(query) ?? []).filter(({ predicate }) => readFilter(predicate)?.label !== label));
}

function withoutExcluded(query: string, label: string, value: string): string {
  return join(
    (splitConjuncts(query) ?? []).flatMap((conjunct) => {
      const read = readFilter(conjunct.predicate);
      if (read?.label !== label || !read.isExcluded || !read.values.includes(value)) return [conjunct];
      const left = read.values.filter((one) => one !== value);
      return left.length === 0 ? [] : [{ ...conjunct, text: printCondition(label, left, true) }];
    }),
  );
}

/** addCondition asks for one thing more. */
export function addCondition(query: string, condition: string): string {
  const conjuncts = splitConjuncts(query);
  // What is not understood yet is not rewritten either.
  if (conjuncts === null) return trimQuery(`${trimQuery(query)} ${condition}`);
  return [join(conjuncts), condition].filter((text) => text !== "").join(" ");
}

/** join keeps the meaning of a single conjunct that is a list of alternatives, now that something may come beside it. */
function join(conjuncts: readonly Conjunct[]): string {
  return conjuncts
    .filter(({ text }) => text !== "*")
    .map(({ text, predicate }) => (predicate.kind === "any" && !isEnclosed(text) ? `(${text})` : text))
    .join(" ");
}

function isEnclosed(text: string): boolean {
  return !tokeniseQuery(text).some(
    ({ kind, depth, start }) => kind === "operator" && depth === 0 && text.startsWith("OR", start),
  );
}
