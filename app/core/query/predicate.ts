import { LEVELS, type Level } from "#app/core/level.ts";

/**
 * Predicate is what a query asks of one entry. It compiles to a matcher over canonical lines, and to SQL for objects
 * that an engine scans; both must agree on every entry. Every kind is true or false, never unknown: a tag that is not
 * there fulfils no condition, and `not` of that is true. docs/query.md says in words what each kind means.
 */
export type Predicate =
  /** All of them; none given is always true. */
  | { kind: "all"; of: Predicate[] }
  /** At least one of them. */
  | { kind: "any"; of: Predicate[] }
  | { kind: "not"; of: Predicate }
  | { kind: "level"; values: Level[] }
  /** The whole value is one of these, in exact case. */
  | { kind: "equals"; field: Field; values: string[] }
  | { kind: "present"; key: string }
  /**
   * The message contains this text, whatever the case. An end that is not open needs a word border there, if the text
   * ends in a letter, a digit or `_`.
   */
  | { kind: "text"; text: string; openStart: boolean; openEnd: boolean }
  /** The value starts with this text (open end), ends with it (open start) or contains it (both), in exact case. */
  | { kind: "affix"; field: Field; text: string; openStart: boolean; openEnd: boolean }
  /** The RE2 pattern matches somewhere in the value. */
  | { kind: "regex"; field: TextField; pattern: string; ignoreCase: boolean }
  /** The value is a JSON number literal within the bounds; null is open. */
  | { kind: "number"; field: TextField; lower: NumberBound | null; upper: NumberBound | null };

export type Field = { name: "service" } | { name: "tag"; key: string };
export type TextField = Field | { name: "message" };

/** NumberBound keeps the digits as they were written, since no number type holds them all. */
export interface NumberBound {
  literal: string;
  isInclusive: boolean;
}

export const EVERYTHING: Predicate = { kind: "all", of: [] };

/** isEverything tells that every entry matches. */
export function isEverything(predicate: Predicate): boolean {
  return predicate.kind === "all" && predicate.of.length === 0;
}

/** allOf joins conditions that must all hold, in the form in which each query has only one tree. */
export function allOf(conditions: Predicate[]): Predicate {
  const of = conditions.flatMap((condition) => (condition.kind === "all" ? condition.of : [condition]));
  return of.length === 1 ? (of[0] as Predicate) : { kind: "all", of };
}

/** anyOf joins alternatives (at least one); values of the same field become one condition. */
export function anyOf(conditions: Predicate[]): Predicate {
  const of: Predicate[] = [];
  const places = new Map<string, number>();
  for (const condition of conditions.flatMap((one) => (one.kind === "any" ? one.of : [one]))) {
    const key = mergeKey(condition);
    const place = key === null ? undefined : places.get(key);
    if (place !== undefined) {
      of[place] = mergeValues(of[place] as Predicate, condition);
      continue;
    }
    if (key !== null) places.set(key, of.length);
    of.push(condition);
  }
  return of.length === 1 ? (of[0] as Predicate) : { kind: "any", of };
}

export function not(condition: Predicate): Predicate {
  return condition.kind === "not" ? condition.of : { kind: "not", of: condition };
}

/** levelIn is true for these levels, kept in the order of severity. */
export function levelIn(values: readonly Level[]): Predicate {
  return { kind: "level", values: LEVELS.filter((level) => values.includes(level)) };
}

function mergeKey(condition: Predicate): string | null {
  if (condition.kind === "level") return "level";
  if (condition.kind !== "equals") return null;
  return condition.field.name === "tag" ? `tag ${condition.field.key}` : "service";
}

function mergeValues(a: Predicate, b: Predicate): Predicate {
  if (a.kind === "level" && b.kind === "level") return levelIn([...a.values, ...b.values]);
  if (a.kind === "equals" && b.kind === "equals") return { ...a, values: [...new Set([...a.values, ...b.values])] };
  return a;
}
