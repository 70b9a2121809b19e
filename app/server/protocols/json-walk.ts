import {
  readString,
  readValue,
  skipWhitespace,
  type JsonCursor,
  type JsonValue,
} from "#app/server/protocols/json/json-reader.ts";
import { BodyError } from "#app/server/protocols/read-body.ts";

/*
 * Some wire formats wrap their records in arrays of objects of arrays. These functions walk through the wrapping and leave
 * the records to `readValue`, which keeps an array as its text. What is not well-formed throws BodyError: with the wrapping
 * broken nobody can tell where the next record begins.
 */

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/** walkObject calls `onMember` with the cursor at each member's value; it must leave the cursor behind that value. */
export function walkObject(cursor: JsonCursor, onMember: (key: string) => void): void {
  skipWhitespace(cursor);
  expectByte(cursor, OPEN_BRACE, "an object");
  skipWhitespace(cursor);
  if (cursor.bytes[cursor.at] === CLOSE_BRACE) {
    cursor.at++;
    return;
  }
  for (;;) {
    skipWhitespace(cursor);
    if (cursor.bytes[cursor.at] !== QUOTE) throw malformed(cursor, "expected a key in double quotes");
    const key = readString(cursor);
    if (key === null) throw malformed(cursor, cursor.problem);
    skipWhitespace(cursor);
    expectByte(cursor, COLON, "':'");
    skipWhitespace(cursor);
    onMember(key);
    skipWhitespace(cursor);
    if (cursor.bytes[cursor.at] === CLOSE_BRACE) {
      cursor.at++;
      return;
    }
    expectByte(cursor, COMMA, "',' or '}'");
  }
}

/** walkArray calls `onElement` with the cursor at each element; it must leave the cursor behind it. `null` is no elements. */
export function walkArray(cursor: JsonCursor, onElement: (index: number) => void): void {
  skipWhitespace(cursor);
  if (cursor.bytes[cursor.at] !== OPEN_BRACKET) {
    const value = takeValue(cursor);
    if (value.kind !== "null") throw malformed(cursor, "expected an array");
    return;
  }
  cursor.at++;
  skipWhitespace(cursor);
  if (cursor.bytes[cursor.at] === CLOSE_BRACKET) {
    cursor.at++;
    return;
  }
  for (let index = 0; ; index++) {
    skipWhitespace(cursor);
    onElement(index);
    skipWhitespace(cursor);
    if (cursor.bytes[cursor.at] === CLOSE_BRACKET) {
      cursor.at++;
      return;
    }
    expectByte(cursor, COMMA, "',' or ']'");
  }
}

/** takeValue reads the value at the cursor whole. Check `cursor.tooDeep` and `cursor.members` afterwards. */
export function takeValue(cursor: JsonCursor): JsonValue {
  skipWhitespace(cursor);
  cursor.tooDeep = false;
  cursor.members = 0;
  const value = readValue(cursor, 1);
  if (value === null) throw malformed(cursor, cursor.problem);
  return value;
}

/** expectEnd throws when something stands behind the value. */
export function expectEnd(cursor: JsonCursor): void {
  skipWhitespace(cursor);
  if (cursor.at < cursor.bytes.length) throw malformed(cursor, "expected the end of the body");
}

function expectByte(cursor: JsonCursor, byte: number, name: string): void {
  if (cursor.bytes[cursor.at] !== byte) throw malformed(cursor, `expected ${name}`);
  cursor.at++;
}

function malformed({ at }: JsonCursor, problem: string): BodyError {
  return new BodyError(400, `not valid JSON at byte ${at + 1}: ${problem}`);
}
