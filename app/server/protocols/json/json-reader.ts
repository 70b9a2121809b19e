import { MAX_DEPTH, MAX_MEMBERS } from "#app/server/ingest/entry-limits.ts";

/**
 * JsonValue is one JSON value of which the sender's text is kept: numbers keep all their digits and arrays their spelling.
 * `text` is the decoded text of a string, and the JSON text of everything else.
 */
export type JsonValue =
  | { kind: "string" | "number" | "boolean" | "null" | "array"; readonly text: string }
  | { kind: "object"; readonly text: string; members: Map<string, JsonValue> };

/** Slice decodes its text only when it is asked for: texts of values inside each other would hold a body 32 times. */
class Slice {
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #end: number;

  constructor({ bytes, at }: JsonCursor, start: number) {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = at;
  }

  get text(): string {
    return this.#bytes.toString("utf8", this.#start, this.#end);
  }
}

class JsonArray extends Slice {
  readonly kind = "array";
}

class JsonObject extends Slice {
  readonly kind = "object";
  readonly members: Map<string, JsonValue>;

  constructor(cursor: JsonCursor, start: number, members: Map<string, JsonValue>) {
    super(cursor, start);
    this.members = members;
  }
}

/** JsonCursor walks over a body. After a failed read `problem` says what is wrong at `at`. */
export interface JsonCursor {
  readonly bytes: Buffer;
  at: number;
  problem: string;
  /** Set when a value was well-formed so far but nested deeper than MAX_DEPTH; its inside was only skipped. */
  tooDeep: boolean;
  /** Members read outside of arrays; beyond MAX_MEMBERS they are checked and not kept. */
  members: number;
  /** Whether the last string had a backslash. */
  hasEscape: boolean;
  /** Set when a value too deep to read was not closed: from then on one has to end on its line. */
  isUnclosed: boolean;
}

export function createJsonCursor(bytes: Buffer): JsonCursor {
  return { bytes, at: 0, problem: "", tooDeep: false, members: 0, hasEscape: false, isUnclosed: false };
}

export function skipWhitespace(cursor: JsonCursor): void {
  const { bytes } = cursor;
  let byte = bytes[cursor.at];
  while (byte === 32 || byte === 10 || byte === 13 || byte === 9) byte = bytes[++cursor.at];
}

/**
 * readValue reads the JSON value at the cursor (RFC 8259) and leaves the cursor behind it; null when it is not well-formed,
 * then the cursor stands at the fault. Members of an object come once each, the last of equal keys wins.
 */
export function readValue(cursor: JsonCursor, depth: number): JsonValue | null {
  const first = cursor.bytes[cursor.at];
  if (first === 34) {
    const text = readString(cursor);
    return text === null ? null : { kind: "string", text };
  }
  if (first === 123 || first === 91) {
    if (depth > MAX_DEPTH) return skipNested(cursor);
    return first === 123 ? readObject(cursor, depth) : readArray(cursor, depth);
  }
  return readLiteral(cursor);
}

function readObject(cursor: JsonCursor, depth: number): JsonValue | null {
  const start = cursor.at++;
  const members = new Map<string, JsonValue>();
  skipWhitespace(cursor);
  if (cursor.bytes[cursor.at] === 125) {
    cursor.at++;
    return new JsonObject(cursor, start, members);
  }
  for (;;) {
    if (cursor.bytes[cursor.at] !== 34) return failBehindToken(cursor, "expected a key in double quotes");
    const key = readString(cursor);
    if (key === null) return null;
    skipWhitespace(cursor);
    if (cursor.bytes[cursor.at] !== 58) return failBehindToken(cursor, "expected ':' after the key");
    cursor.at++;
    skipWhitespace(cursor);
    const value = readValue(cursor, depth + 1);
    if (value === null) return null;
    if (++cursor.members <= MAX_MEMBERS) members.set(key, value);
    skipWhitespace(cursor);
    const next = cursor.bytes[cursor.at];
    if (next !== 44 && next !== 125) return failBehindToken(cursor, "expected ',' or '}'");
    cursor.at++;
    if (next === 125) return new JsonObject(cursor, start, members);
    skipWhitespace(cursor);
  }
}

/** An array is kept as its text, so its elements are only checked. */
function readArray(cursor: JsonCursor, depth: number): JsonValue | null {
  const start = cursor.at++;
  const membersOutside = cursor.members;
  skipWhitespace(cursor);
  if (cursor.bytes[cursor.at] === 93) {
    cursor.at++;
    return new JsonArray(cursor, start);
  }
  for (;;) {
    if (readValue(cursor, depth + 1) === null) return null;
    skipWhitespace(cursor);
    const next = cursor.bytes[cursor.at];
    if (next !== 44 && next !== 93) return failBehindToken(cursor, "expected ',' or ']'");
    cursor.at++;
    cursor.members = membersOutside;
    if (next === 93) return new JsonArray(cursor, start);
    skipWhitespace(cursor);
  }
}

/**
 * skipNested finds the end of a value that is too deep to read, without recursion: a thousand brackets cost a counter.
 * A value that is not closed would swallow the records behind it, so the cursor goes back to its start; to go over the
 * whole rest for each such record would take for ever, so that happens once.
 */
function skipNested(cursor: JsonCursor): JsonValue | null {
  const { bytes } = cursor;
  const start = cursor.at;
  let open = 0;
  cursor.tooDeep = true;
  for (; cursor.at < bytes.length; cursor.at++) {
    const byte = bytes[cursor.at];
    if (byte === 34) {
      const end = endOfString(cursor);
      if (end === -1) break;
      cursor.at = end;
    } else if (byte === 10 && cursor.isUnclosed) break;
    else if (byte === 123 || byte === 91) open++;
    else if (byte === 125 || byte === 93) {
      if (--open === 0) {
        cursor.at++;
        return { kind: "null", text: "null" };
      }
    }
  }
  cursor.at = start;
  cursor.isUnclosed = true;
  return fail(cursor, "a value is not closed");
}

/** readString decodes the string at the cursor; unpaired surrogates become U+FFFD, which every store can hold. */
export function readString(cursor: JsonCursor): string | null {
  const start = cursor.at;
  const end = endOfString(cursor);
  if (end === -1) return null;
  cursor.at = end + 1;
  if (!cursor.hasEscape) return cursor.bytes.toString("utf8", start + 1, end);
  // The shape was checked, so JSON.parse cannot fail; it is the fastest decoder of escapes here.
  return (JSON.parse(cursor.bytes.toString("utf8", start, end + 1)) as string).toWellFormed();
}

/** endOfString is the offset of the closing quote of the string at the cursor, or -1 with the cursor at the fault. */
function endOfString(cursor: JsonCursor): number {
  const { bytes } = cursor;
  cursor.hasEscape = false;
  for (let at = cursor.at + 1; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === 34) return at;
    if (byte < 32) {
      cursor.at = at;
      cursor.problem =
        byte === 10 ? "a string does not end on its line" : "a control character stands unescaped in a string";
      return -1;
    }
    if (byte !== 92) continue;
    cursor.hasEscape = true;
    const escape = bytes[++at] as number;
    if (escape === 117) {
      for (const until = at + 4; at < until; at++) {
        if (!isHexDigit(bytes[at + 1])) {
          cursor.at = at + 1;
          cursor.problem = "expected four hex digits after \\u";
          return -1;
        }
      }
    } else if (!ESCAPES.has(escape)) {
      cursor.at = at;
      cursor.problem = "there is no such escape in a string";
      return -1;
    }
  }
  cursor.at = bytes.length;
  cursor.problem = "the body ends inside a string";
  return -1;
}

const ESCAPES: ReadonlySet<number> = new Set([...'"\\/bfnrt'].map((character) => character.charCodeAt(0)));

function isHexDigit(byte: number | undefined): boolean {
  return (
    byte !== undefined && ((byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 70) || (byte >= 97 && byte <= 102))
  );
}

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const KEYWORDS: ReadonlyMap<string, "boolean" | "null"> = new Map([
  ["true", "boolean"],
  ["false", "boolean"],
  ["null", "null"],
]);

function readLiteral(cursor: JsonCursor): JsonValue | null {
  const start = cursor.at;
  let end = start;
  while (isLiteralByte(cursor.bytes[end])) end++;
  if (end === start)
    return fail(cursor, end >= cursor.bytes.length ? "the body ends where a value should be" : "expected a value");
  const text = cursor.bytes.toString("latin1", start, end);
  const kind = KEYWORDS.get(text) ?? (NUMBER.test(text) ? "number" : null);
  if (kind === null) return fail(cursor, "expected a value");
  cursor.at = end;
  return { kind, text };
}

function isLiteralByte(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  const isDigit = byte >= 48 && byte <= 57;
  const isLetter = (byte >= 97 && byte <= 122) || (byte >= 65 && byte <= 90);
  return isDigit || isLetter || byte === 43 || byte === 45 || byte === 46;
}

/** A record that breaks off has its fault at the end of its line, not where the next line's record begins. */
function failBehindToken(cursor: JsonCursor, problem: string): null {
  while (isWhitespace(cursor.bytes[cursor.at - 1])) cursor.at--;
  return fail(cursor, problem);
}

function isWhitespace(byte: number | undefined): boolean {
  return byte === 32 || byte === 10 || byte === 13 || byte === 9;
}

function fail(cursor: JsonCursor, problem: string): null {
  cursor.problem = problem;
  return null;
}
