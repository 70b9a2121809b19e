import { readAlternatives } from "#app/core/query/expression.ts";
import { readFieldName } from "#app/core/query/field-name.ts";
import { readFieldValue, textCondition } from "#app/core/query/field-value.ts";
import { InvalidQueryError } from "#app/core/query/invalid-query-error.ts";
import { EVERYTHING, type Predicate } from "#app/core/query/predicate.ts";
import { fail, isAtEnd, MAX_QUERY_BYTES, skipSpace, utf8Length, type Reader } from "#app/core/query/reader.ts";
import { readBare, readPhrase } from "#app/core/query/texts.ts";

/** parseQuery reads a query of the language in docs/query.md. An empty one asks for everything. */
export function parseQuery(text: string): Predicate | InvalidQueryError {
  // What is no text at all becomes U+FFFD, as it does in entries when they come in; no offset changes.
  const reader: Reader = { text: text.toWellFormed(), at: 0, depth: 0, searches: 0, regexInstructions: 0 };
  try {
    return readQuery(reader);
  } catch (error) {
    if (error instanceof InvalidQueryError) return error;
    throw error;
  }
}

function readQuery(reader: Reader): Predicate {
  const bytes = utf8Length(reader.text);
  if (bytes > MAX_QUERY_BYTES) fail(0, `Expected a query of at most ${MAX_QUERY_BYTES} bytes; this one has ${bytes}.`);
  skipSpace(reader);
  if (isAtEnd(reader)) return EVERYTHING;
  const predicate = readAlternatives(reader, readCondition, "a condition");
  if (!isAtEnd(reader))
    fail(reader.at, "Expected no ')' here: no '(' is open; put quotes around parentheses to look for them.");
  return predicate;
}

function readCondition(reader: Reader): Predicate {
  const start = reader.at;
  if (reader.text[start] === '"') {
    const text = readPhrase(reader);
    return textCondition(reader, { text, openStart: false, openEnd: false, isStar: false }, start);
  }
  const field = readFieldName(reader);
  if (field !== null) return readFieldValue(reader, field);
  return textCondition(reader, readBare(reader, "a word"), start);
}
