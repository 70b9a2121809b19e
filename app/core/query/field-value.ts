import { LEVELS } from "#app/core/level.ts";
import { readGroup } from "#app/core/query/expression.ts";
import { levelOf, readComparison, readRange } from "#app/core/query/field-bounds.ts";
import { printFieldName, type QueryField } from "#app/core/query/field-name.ts";
import { EVERYTHING, levelIn, type Predicate } from "#app/core/query/predicate.ts";
import { checkNeedle, countSearch, fail, isSpace, type Reader } from "#app/core/query/reader.ts";
import { readRegex } from "#app/core/query/regex-literal.ts";
import { readBare, readPhrase, type Bare } from "#app/core/query/texts.ts";

/** readFieldValue reads what stands behind `name:`, or one of the values in `name:(…)`. */
export function readFieldValue(reader: Reader, field: QueryField): Predicate {
  const start = reader.at;
  const character = reader.text[start];
  if (character === undefined || isSpace(character) || character === ")") {
    const name = printFieldName(field);
    fail(start, `Expected a value right after '${name}:'; to look for the text '${name}:' put quotes around it.`);
  }
  switch (character) {
    case '"':
      return wholeValue(reader, field, readPhrase(reader), start);
    case "(":
      return readGroup(reader, (inside) => readFieldValue(inside, field), "a value");
    case "/":
      return readRegex(reader, field);
    case "[":
      return readRange(reader, field);
    case "<":
    case ">":
      return readComparison(reader, field);
    case "{":
      return fail(start, "Expected '[' to begin a range: both ends belong to it. Use > and < to leave them out.");
    case "=":
      return fail(start, "Expected a value without '='; put quotes around one that starts with it.");
    default:
      return bareValue(reader, field, readBare(reader, "a value"), start);
  }
}

/** textCondition makes the condition of a phrase or word that is looked for in the message. */
export function textCondition(reader: Reader, bare: Bare, position: number): Predicate {
  const { text, openStart, openEnd, isStar } = bare;
  if (isStar) return EVERYTHING;
  if (text === "") fail(position, "Expected text between the quotes.");
  checkNeedle(text, position);
  countSearch(reader, position);
  return { kind: "text", text, openStart, openEnd };
}

function wholeValue(reader: Reader, field: QueryField, text: string, position: number): Predicate {
  switch (field.name) {
    case "message":
      return textCondition(reader, { text, openStart: false, openEnd: false, isStar: false }, position);
    case "level":
      return levelIn([levelOf(text, position)]);
    case "service":
    case "tag":
      return { kind: "equals", field, values: [text] };
  }
}

function bareValue(reader: Reader, field: QueryField, bare: Bare, position: number): Predicate {
  const { text, openStart, openEnd, isStar } = bare;
  if (field.name === "message") return textCondition(reader, bare, position);
  if (isStar) {
    // A service and a level are always there, if only as `unknown`.
    if (field.name === "level") return levelIn(LEVELS);
    return field.name === "tag" ? { kind: "present", key: field.key } : EVERYTHING;
  }
  if (!openStart && !openEnd) return wholeValue(reader, field, text, position);
  if (field.name === "level") fail(position, `Expected a whole level instead of a pattern: ${LEVELS.join(", ")}.`);
  checkNeedle(text, position);
  countSearch(reader, position);
  return { kind: "affix", field, text, openStart, openEnd };
}
