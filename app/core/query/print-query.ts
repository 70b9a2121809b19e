import { LEVELS } from "#app/core/level.ts";
import { printFieldName } from "#app/core/query/field-name.ts";
import type { NumberBound, Predicate } from "#app/core/query/predicate.ts";
import { OPERATORS } from "#app/core/query/reader.ts";
import { isWordPoint } from "#app/core/query/word-character.ts";

/**
 * printQuery writes a predicate in the query language, in one form of the many that mean the same: parseQuery of it is
 * the same predicate, as long as that came from parseQuery or is made by allOf, anyOf, not and levelIn.
 */
export function printQuery(predicate: Predicate): string {
  switch (predicate.kind) {
    case "all":
      return predicate.of.length === 0 ? "*" : predicate.of.map(printOperand).join(" ");
    case "any":
      return predicate.of.map((one) => (one.kind === "any" ? printOperand(one) : printQuery(one))).join(" OR ");
    case "not":
      return `-${printOperand(predicate.of)}`;
    case "level":
      return `level:${predicate.values.length === LEVELS.length ? "*" : printList(predicate.values)}`;
    case "equals":
      return `${printFieldName(predicate.field)}:${printList(predicate.values.map(printWhole))}`;
    case "present":
      return `${printFieldName({ name: "tag", key: predicate.key })}:*`;
    case "text":
      return printText(predicate.text, predicate.openStart, predicate.openEnd);
    case "affix":
      return `${printFieldName(predicate.field)}:${printText(predicate.text, predicate.openStart, predicate.openEnd)}`;
    case "regex":
      return `${printFieldName(predicate.field)}:${printRegex(predicate.pattern, predicate.ignoreCase)}`;
    case "number":
      return `${printFieldName(predicate.field)}:${printBounds(predicate.lower, predicate.upper)}`;
  }
}

/** What stands beside others or behind `-`: several conditions get parentheses. */
function printOperand(predicate: Predicate): string {
  const isSeveral = predicate.kind === "any" || (predicate.kind === "all" && predicate.of.length > 0);
  return isSeveral ? `(${printQuery(predicate)})` : printQuery(predicate);
}

function printList(values: readonly string[]): string {
  return values.length === 1 ? (values[0] ?? "") : `(${values.join(" OR ")})`;
}

function printText(text: string, openStart: boolean, openEnd: boolean): string {
  return openStart || openEnd ? `${openStart ? "*" : ""}${escape(text)}${openEnd ? "*" : ""}` : printWhole(text);
}

/** Simple texts stand as they are, all others in quotes. */
function printWhole(text: string): string {
  const isOperator = (OPERATORS as readonly string[]).includes(text);
  return isSimple(text) && !isOperator ? text : `"${text.replace(/["\\]/g, "\\$&")}"`;
}

function isSimple(text: string): boolean {
  const characters = Array.from(text);
  return (
    characters.length > 0 &&
    characters.every((character, i) => isWord(character) || (i > 0 && ".-".includes(character)))
  );
}

function escape(text: string): string {
  return Array.from(text, (character) => (isWord(character) || character === "." ? character : `\\${character}`)).join(
    "",
  );
}

function isWord(character: string): boolean {
  return isWordPoint(character.codePointAt(0) as number);
}

function printRegex(pattern: string, ignoreCase: boolean): string {
  return `/${pattern.replace(/\\[\s\S]|\//g, (piece) => (piece === "/" ? "\\/" : piece))}/${ignoreCase ? "i" : ""}`;
}

function printBounds(lower: NumberBound | null, upper: NumberBound | null): string {
  if (upper === null && lower !== null) return `>${lower.isInclusive ? "=" : ""}${lower.literal}`;
  if (lower === null && upper !== null) return `<${upper.isInclusive ? "=" : ""}${upper.literal}`;
  return `[${lower?.literal ?? "*"} TO ${upper?.literal ?? "*"}]`;
}
