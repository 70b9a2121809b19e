import { InvalidQueryError } from "#app/core/query/invalid-query-error.ts";

export const MAX_QUERY_BYTES = 16 * 1024;
/** Parentheses and NOTs within each other. */
export const MAX_DEPTH = 64;
/** A longer needle finds nothing that a shorter one would not, and makes the search's prefilters quadratic. */
export const MAX_NEEDLE_BYTES = 256;
/** Conditions that look into texts; each costs time on every line. Whole values are not among them: they are cheap. */
export const MAX_SEARCHES = 256;

/** Reader is the text of a query and how far it was read. */
export interface Reader {
  readonly text: string;
  at: number;
  depth: number;
  searches: number;
  regexInstructions: number;
}

/** fail ends the parse; parseQuery returns what is thrown here. */
export function fail(position: number, message: string): never {
  throw new InvalidQueryError(position, message);
}

export function isAtEnd(reader: Reader): boolean {
  return reader.at >= reader.text.length;
}

export function isSpace(character: string | undefined): boolean {
  return character !== undefined && /\s/.test(character);
}

export function skipSpace(reader: Reader): void {
  while (isSpace(reader.text[reader.at])) reader.at++;
}

export const OPERATORS = ["AND", "OR", "NOT"] as const;
export type Operator = (typeof OPERATORS)[number];

/** peekOperator is the operator that stands here by itself; `ORDER` and `OR:x` are none. */
export function peekOperator(reader: Reader): Operator | null {
  for (const operator of OPERATORS) {
    if (!reader.text.startsWith(operator, reader.at)) continue;
    const next = reader.text[reader.at + operator.length];
    if (next === undefined || isSpace(next) || '()"'.includes(next)) return operator;
  }
  return null;
}

export function deepen(reader: Reader): void {
  if (++reader.depth > MAX_DEPTH)
    fail(reader.at, `Expected at most ${MAX_DEPTH} parentheses and NOTs within each other; write the query flatter.`);
}

export function countSearch(reader: Reader, position: number): void {
  if (++reader.searches > MAX_SEARCHES)
    fail(
      position,
      `Expected at most ${MAX_SEARCHES} words, patterns and numbers in one query; ask in several queries.`,
    );
}

export function checkNeedle(text: string, position: number): void {
  if (utf8Length(text) > MAX_NEEDLE_BYTES)
    fail(position, `Expected at most ${MAX_NEEDLE_BYTES} bytes to look for; shorten it.`);
}

export function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}
