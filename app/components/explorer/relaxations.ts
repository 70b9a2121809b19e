import { splitConjuncts } from "#app/core/query/edit-query.ts";
import { printQuery } from "#app/core/query/print-query.ts";
import type { Predicate } from "#app/core/query/predicate.ts";

/** Relaxation is a query that asks for a little less. */
export interface Relaxation {
  kind: "drop" | "widen" | "only";
  /** What is left out, what a word becomes, or what alone is left. */
  text: string;
  query: string;
}

/** Each is counted when nothing was found; more would load the server for nothing. */
const MAX_RELAXATIONS = 8;

/** relaxationsOf lists what to try where a query finds nothing: a word as a part of words, and each condition left out. */
export function relaxationsOf(query: string): Relaxation[] {
  const conjuncts = splitConjuncts(query) ?? [];
  const relaxations: Relaxation[] = [];
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
  return relaxations.slice(0, MAX_RELAXATIONS);
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
  return conjuncts
    .flatMap(({ text, predicate }) => [text, widened(predicate) ?? ""])
    .filter((text) => text !== "")
    .map((text): Relaxation => ({ kind: "only", text, query: text }))
    .slice(0, MAX_RELAXATIONS);
}
