import { allOf, anyOf, not, type Predicate } from "#app/core/query/predicate.ts";
import { deepen, fail, isAtEnd, isSpace, peekOperator, skipSpace, type Reader } from "#app/core/query/reader.ts";

/** ReadItem reads what stands between operators: a condition, or inside `field:(…)` a value. */
export type ReadItem = (reader: Reader) => Predicate;

/** readAlternatives reads `a b AND c OR d` up to the end or a closing parenthesis; `what` names an item in messages. */
export function readAlternatives(reader: Reader, readItem: ReadItem, what: string): Predicate {
  const alternatives = [readJoined(reader, readItem, what, null)];
  while (peekOperator(reader) === "OR") {
    reader.at += 2;
    alternatives.push(readJoined(reader, readItem, what, "OR"));
  }
  return anyOf(alternatives);
}

/** readGroup reads `( … )`, the cursor being on the opening parenthesis. */
export function readGroup(reader: Reader, readItem: ReadItem, what: string): Predicate {
  const open = reader.at;
  deepen(reader);
  reader.at++;
  skipSpace(reader);
  if (reader.text[reader.at] === ")")
    fail(reader.at, `Expected ${what} between '(' and ')'; put quotes around parentheses to look for them.`);
  if (isAtEnd(reader)) failUnclosed(open);
  const inside = readAlternatives(reader, readItem, what);
  if (reader.text[reader.at] !== ")") failUnclosed(open);
  reader.at++;
  reader.depth--;
  return inside;
}

function failUnclosed(open: number): never {
  fail(open, `Expected a closing ')' for the '(' at ${open}.`);
}

function readJoined(reader: Reader, readItem: ReadItem, what: string, after: string | null): Predicate {
  const conditions = [readNegated(reader, readItem, what, after)];
  for (;;) {
    skipSpace(reader);
    if (isAtEnd(reader) || reader.text[reader.at] === ")") break;
    const operator = peekOperator(reader);
    if (operator === "OR") break;
    if (operator === "AND") reader.at += 3;
    conditions.push(readNegated(reader, readItem, what, operator === "AND" ? "AND" : null));
  }
  return allOf(conditions);
}

function readNegated(reader: Reader, readItem: ReadItem, what: string, after: string | null): Predicate {
  skipSpace(reader);
  const character = reader.text[reader.at];
  if (character === undefined || character === ")") {
    const place = after === null ? `before ${character === undefined ? "the end" : "')'"}` : `after '${after}'`;
    fail(reader.at, `Expected ${what} ${place}.`);
  }
  const operator = peekOperator(reader);
  if (operator === "NOT") return readNot(reader, 3, readItem, what);
  if (operator !== null) {
    const place = after === null ? `before '${operator}'` : `between '${after}' and '${operator}'`;
    fail(reader.at, `Expected ${what} ${place}; put quotes around '${operator}' to look for the word.`);
  }
  if (character === "-") {
    const next = reader.text[reader.at + 1];
    if (next === undefined || isSpace(next) || next === "-" || next === ")")
      fail(reader.at, `Expected ${what} right after '-'; put quotes around text that starts with '-'.`);
    return readNot(reader, 1, readItem, what);
  }
  return character === "(" ? readGroup(reader, readItem, what) : readItem(reader);
}

function readNot(reader: Reader, length: number, readItem: ReadItem, what: string): Predicate {
  deepen(reader);
  reader.at += length;
  const negated = not(readNegated(reader, readItem, what, length === 1 ? "-" : "NOT"));
  reader.depth--;
  return negated;
}
