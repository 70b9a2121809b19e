import { LEVELS, normaliseLevel, type Level } from "#app/core/level.ts";
import { parseDecimal } from "#app/core/query/decimal.ts";
import type { QueryField } from "#app/core/query/field-name.ts";
import { EVERYTHING, levelIn, not, type NumberBound, type Predicate } from "#app/core/query/predicate.ts";
import { checkNeedle, countSearch, fail, isSpace, skipSpace, type Reader } from "#app/core/query/reader.ts";
import { expectEnd } from "#app/core/query/texts.ts";

/** `unknown` is the last of LEVELS and in no order. */
const HIGHEST_RANK = LEVELS.length - 2;

/** readComparison reads `>=500`, `<5`, `>=warn`, the cursor being on the operator. */
export function readComparison(reader: Reader, field: QueryField): Predicate {
  const start = reader.at;
  const isAbove = reader.text[start] === ">";
  const isInclusive = reader.text[start + 1] === "=";
  reader.at += isInclusive ? 2 : 1;
  const place = `right after '${reader.text.slice(start, reader.at)}'`;
  if (field.name === "level") {
    const rank = readEnd(reader, place, rankOf);
    expectEnd(reader);
    const beside = isInclusive ? rank : isAbove ? rank + 1 : rank - 1;
    return isAbove ? levelsBetween(beside, HIGHEST_RANK) : levelsBetween(0, beside);
  }
  const bound = readEnd(reader, place, (literal, at, where) => boundOf(literal, at, isInclusive, where));
  expectEnd(reader);
  countSearch(reader, start);
  return { kind: "number", field, lower: isAbove ? bound : null, upper: isAbove ? null : bound };
}

/** readRange reads `[100 TO 200]`, the cursor being on the bracket. */
export function readRange(reader: Reader, field: QueryField): Predicate {
  const start = reader.at;
  if (field.name === "level") {
    const { lower, upper } = readRangeEnds(reader, rankOf);
    return levelsBetween(lower ?? 0, upper ?? HIGHEST_RANK);
  }
  const { lower, upper } = readRangeEnds(reader, (literal, at, where) => boundOf(literal, at, true, where));
  countSearch(reader, start);
  return { kind: "number", field, lower, upper };
}

/** levelOf reads a level. An unknown spelling would mean `unknown`, which nobody who misspells a level asks for. */
export function levelOf(spelling: string, position: number): Level {
  const level = normaliseLevel(spelling);
  if (level === "unknown" && !/^\s*unknown\s*$/i.test(spelling))
    fail(position, `Expected a level: ${LEVELS.join(", ")}, or another spelling of one such as 'warning'.`);
  return level;
}

/** EndOf makes a bound of the text at `position`; `place` says in messages where that is. */
type EndOf<T> = (literal: string, position: number, place: string) => T;

function readRangeEnds<T>(reader: Reader, endOf: EndOf<T>): { lower: T | null; upper: T | null } {
  const start = reader.at++;
  const lower = readRangeEnd(reader, "after '['", endOf);
  skipSpace(reader);
  if (!/^TO(\s|\*|$)/.test(reader.text.slice(reader.at, reader.at + 3)))
    fail(reader.at, "Expected 'TO' between the ends of the range, as in [100 TO 200].");
  reader.at += 2;
  const upper = readRangeEnd(reader, "after 'TO'", endOf);
  skipSpace(reader);
  if (reader.text[reader.at] !== "]") fail(reader.at, `Expected a closing ']' for the '[' at ${start}.`);
  reader.at++;
  expectEnd(reader);
  return { lower, upper };
}

function readRangeEnd<T>(reader: Reader, place: string, endOf: EndOf<T>): T | null {
  skipSpace(reader);
  if (reader.text[reader.at] !== "*") return readEnd(reader, `${place}, or '*' for an open end`, endOf);
  reader.at++;
  return null;
}

function readEnd<T>(reader: Reader, place: string, endOf: EndOf<T>): T {
  const start = reader.at;
  while (reader.at < reader.text.length && !isEndOfLiteral(reader.text[reader.at])) reader.at++;
  return endOf(reader.text.slice(start, reader.at), start, place);
}

function isEndOfLiteral(character: string | undefined): boolean {
  return isSpace(character) || '()"]'.includes(character ?? "");
}

function rankOf(spelling: string, position: number, place: string): number {
  const rank = LEVELS.indexOf(spelling === "" ? "unknown" : levelOf(spelling, position));
  if (rank > HIGHEST_RANK)
    fail(position, `Expected a level ${place}: ${LEVELS.slice(0, -1).join(", ")}; 'unknown' is in no order.`);
  return rank;
}

function boundOf(literal: string, position: number, isInclusive: boolean, place: string): NumberBound {
  if (parseDecimal(literal) === null)
    fail(position, `Expected a number ${place}, such as 500, -2.5 or 1e9; texts have no order.`);
  checkNeedle(literal, position);
  return { literal, isInclusive };
}

function levelsBetween(first: number, last: number): Predicate {
  const levels = LEVELS.slice(first, last + 1);
  return levels.length === 0 ? not(EVERYTHING) : levelIn(levels);
}
