import { InvalidQueryError } from "#app/core/query/invalid-query-error.ts";
import { readFieldName } from "#app/core/query/field-name.ts";
import { isSpace, peekOperator, type Reader } from "#app/core/query/reader.ts";

export type QueryTokenKind =
  | "space"
  | "operator"
  | "not"
  | "parenthesis"
  /** A name and its colon. */
  | "field"
  | "value"
  | "phrase"
  | "regex"
  /** `>=500` and `[100 TO 200]`. */
  | "bounds"
  | "word";

/** QueryToken is a piece of a query's text, as an editor colours and completes it. */
export interface QueryToken {
  kind: QueryTokenKind;
  start: number;
  end: number;
  /** The field that a value belongs to, as it is written. */
  field: string | null;
  /** Parentheses that are open around it; an opening one counts itself, a closing one does not. */
  depth: number;
}

/**
 * tokeniseQuery cuts any text into tokens without a gap, also one that is still being written and that parseQuery
 * refuses. Where the query is sound, its borders are those that parseQuery sees.
 */
export function tokeniseQuery(text: string): QueryToken[] {
  const tokens: QueryToken[] = [];
  /** For each open parenthesis the field whose values stand in it. */
  const open: (string | null)[] = [];
  let at = 0;
  /** Set right behind a field's colon. */
  let pending: string | null = null;

  function push(kind: QueryTokenKind, end: number, field: string | null): void {
    tokens.push({ kind, start: at, end, field, depth: open.length });
    at = end;
  }

  while (at < text.length) {
    const character = text[at] as string;
    const field: string | null = pending ?? open.at(-1) ?? null;
    const isRightBehindColon = pending !== null;
    pending = null;
    if (isSpace(character)) push("space", endOfSpace(text, at), null);
    else if (character === "(") {
      open.push(field);
      push("parenthesis", at + 1, field);
    } else if (character === ")") {
      open.pop();
      push("parenthesis", at + 1, null);
    } else if (character === '"') push(field === null ? "phrase" : "value", endOfPhrase(text, at), field);
    else if (field !== null && character === "/") push("regex", endOfRegex(text, at), field);
    else if (field !== null && character === "[") push("bounds", endOfRange(text, at), field);
    else if (field !== null && "<>".includes(character)) push("bounds", endOfBare(text, at), field);
    else if (isRightBehindColon) push("value", endOfBare(text, at), field);
    else {
      const operator = operatorAt(text, at);
      if (operator > 0) push("operator", at + operator, null);
      else if (character === "-" && !isSpace(text[at + 1] ?? " ")) push("not", at + 1, null);
      else if (field !== null) push("value", endOfBare(text, at), field);
      else {
        const end = endOfFieldName(text, at);
        if (end === null) push("word", endOfBare(text, at), null);
        else {
          pending = text.slice(at, end - 1);
          push("field", end, pending);
        }
      }
    }
  }
  return tokens;
}

function readerAt(text: string, at: number): Reader {
  return { text, at, depth: 0, searches: 0, regexInstructions: 0 };
}

function operatorAt(text: string, at: number): number {
  return peekOperator(readerAt(text, at))?.length ?? 0;
}

function endOfFieldName(text: string, at: number): number | null {
  const reader = readerAt(text, at);
  try {
    return readFieldName(reader) === null ? null : reader.at;
  } catch (error) {
    // `tags.:` has no name yet; it is a word until it has one.
    if (error instanceof InvalidQueryError) return null;
    throw error;
  }
}

function endOfSpace(text: string, at: number): number {
  let end = at;
  while (isSpace(text[end])) end++;
  return end;
}

function endOfPhrase(text: string, at: number): number {
  for (let end = at + 1; end < text.length; end++) {
    if (text[end] === "\\") end++;
    else if (text[end] === '"') return end + 1;
  }
  return text.length;
}

function endOfRegex(text: string, at: number): number {
  for (let end = at + 1; end < text.length; end++) {
    if (text[end] === "\\") end++;
    else if (text[end] === "/") return text[end + 1] === "i" ? end + 2 : end + 1;
  }
  return text.length;
}

function endOfRange(text: string, at: number): number {
  const close = text.indexOf("]", at);
  return close === -1 ? text.length : close + 1;
}

function endOfBare(text: string, at: number): number {
  let end = at;
  while (end < text.length && !isSpace(text[end]) && !'()"'.includes(text[end] as string)) {
    end += text[end] === "\\" ? 2 : 1;
  }
  // At least one character, or a loop over a stray one would never end.
  return Math.min(text.length, Math.max(end, at + 1));
}
