import { splitConjuncts } from "#app/core/query/edit-query.ts";
import { InvalidQueryError } from "#app/core/query/invalid-query-error.ts";
import { parseQuery } from "#app/core/query/parse-query.ts";
import { printQuery } from "#app/core/query/print-query.ts";
import type { Predicate } from "#app/core/query/predicate.ts";
import { tokeniseQuery } from "#app/core/query/tokenise-query.ts";

/** Relaxation is a query that asks for a little less. */
export interface Relaxation {
  kind: "operators" | "drop" | "widen" | "only";
  /** The operators, what is left out, what a word becomes, or what alone is left. */
  text: string;
  query: string;
}

/** Each is counted when nothing was found; more would load the server for nothing. */
const MAX_RELAXATIONS = 8;

/** relaxationsOf lists what to try where a query finds nothing: a word as a part of words, and each condition left out. */
export function relaxationsOf(query: string): Relaxation[] {
  const conjuncts = splitConjuncts(query) ?? [];
  const relaxations: Relaxation[] = withOperators(query);
  conjuncts.forEach(({ predicate, text }, index) => {
    const others = conjuncts.filter((_, other) => other !== index).map((conjunct) => conjunct.text);
    const wider = widened(predicate);
    if (wider !== null)
      relaxations.push({
        kind: "widen",
        text: wider,
        query: [
          ...conjuncts.slice(0, index).map((one) => one.text),
          wider,
          ...conjuncts.slice(index + 1).map((one) => one.text),
        ].join(" "),
      });
    relaxations.push({ kind: "drop", text, query: others.join(" ") });
  });
  return someOf(relaxations);
}

/** In other query languages `or` works as `OR` does; here it is a word to look for. */
function withOperators(query: string): Relaxation[] {
  const operators = new Set<string>();
  let written = "";
  for (const { kind, start, end } of tokeniseQuery(query)) {
    const text = query.slice(start, end);
    const isMeant = kind === "word" && /^(?:and|or|not)$/i.test(text);
    if (isMeant) operators.add(text.toUpperCase());
    written += isMeant ? text.toUpperCase() : text;
  }
  if (operators.size === 0 || parseQuery(written) instanceof InvalidQueryError) return [];
  return [{ kind: "operators", text: [...operators].join(", "), query: written }];
}

/** Each once: the same word may stand at two places. */
function someOf(relaxations: readonly Relaxation[]): Relaxation[] {
  return [...new Map(relaxations.map((one) => [one.query, one])).values()].slice(0, MAX_RELAXATIONS);
}

function widened(predicate: Predicate): string | null {
  if (predicate.kind === "text" && !(predicate.openStart && predicate.openEnd))
    return printQuery({ ...predicate, openStart: true, openEnd: true });
  if (predicate.kind === "equals" && predicate.values.length === 1 && predicate.values[0] !== "")
    return printQuery({
      kind: "affix",
      field: predicate.field,
      text: predicate.values[0] ?? "",
      openStart: true,
      openEnd: true,
    });
  return null;
}

/** loneConditions lists each condition by itself, for where no single change finds anything. */
export function loneConditions(query: string): Relaxation[] {
  const conjuncts = splitConjuncts(query) ?? [];
  if (conjuncts.length < 3) return [];
  return someOf(
    conjuncts
      .flatMap(({ text, predicate }) => [text, widened(predicate) ?? ""])
      .filter((text) => text !== "")
      .map((text): Relaxation => ({ kind: "only", text, query: text })),
  );
}
