import { fail, isSpace, type Reader } from "#app/core/query/reader.ts";

/** Bare is an unquoted word or value: its text, and whether a `*` stood at either end. */
export interface Bare {
  text: string;
  openStart: boolean;
  openEnd: boolean;
  /** A `*` and nothing else. */
  isStar: boolean;
}

/** These mean something elsewhere or may come to, so they do not begin a word; further inside most of them may stand. */
const NO_FIRST_CHARACTERS = "[]{}<>!|&^~?+";

const HINTS: Readonly<Record<string, string>> = {
  "!": "to exclude something write '-' or NOT before it",
  "&": "conditions are joined by AND",
  "|": "alternatives are joined by OR",
  "+": "conditions are all required already",
};

/** readPhrase reads the quoted text that begins here. */
export function readPhrase(reader: Reader): string {
  const start = reader.at++;
  let text = "";
  for (;;) {
    const character = reader.text[reader.at];
    if (character === undefined)
      fail(start, `Expected a closing '"' for the '"' at ${start}; write \\" for one inside the phrase.`);
    if (character === '"') break;
    text += character === "\\" ? readEscape(reader) : reader.text[reader.at++];
  }
  reader.at++;
  const next = reader.text[reader.at];
  if (next === "*") fail(reader.at, "Expected a space after the closing '\"': '*' works outside quotes only.");
  if (next === ":")
    fail(
      reader.at,
      "Expected a space after the closing '\"'; in a field's name put '\\' before odd characters instead.",
    );
  expectEnd(reader);
  return text;
}

/** readBare reads the unquoted text that begins here, up to white space or a closing parenthesis. */
export function readBare(reader: Reader, what: string): Bare {
  const start = reader.at;
  const first = reader.text[start] ?? "";
  if (NO_FIRST_CHARACTERS.includes(first)) {
    const hint = HINTS[first];
    fail(
      start,
      `Expected ${what}; to look for '${first}' put quotes around it${hint === undefined ? "" : `; ${hint}`}.`,
    );
  }
  const bare: Bare = { text: "", openStart: false, openEnd: false, isStar: false };
  for (; !isEndOfBare(reader);) {
    const character = reader.text[reader.at] as string;
    if (character === "<" || character === ">")
      fail(reader.at, `Expected no '${character}' in ${what}; compare as field:>5, or put quotes around the text.`);
    if (character === "\\") bare.text += readEscape(reader);
    else if (character === "*") readStar(reader, start, bare);
    else {
      bare.text += character;
      reader.at++;
    }
  }
  expectEnd(reader);
  if (bare.text === "" && !bare.isStar) fail(start, "Expected text beside '*'; one '*' alone finds everything.");
  return bare;
}

function readStar(reader: Reader, start: number, bare: Bare): void {
  const at = reader.at++;
  const isLast = isEndOfBare(reader);
  if (at === start) {
    if (isLast) bare.isStar = true;
    else bare.openStart = true;
  } else if (isLast) bare.openEnd = true;
  else fail(at, "Expected '*' only at the start or the end of a word; write \\* for the character, or use a /regex/.");
}

/** readEscape reads a backslash and the character that it makes ordinary. */
function readEscape(reader: Reader): string {
  const point = reader.text.codePointAt(reader.at + 1);
  if (point === undefined) fail(reader.at, "Expected a character after '\\'; write \\\\ for a backslash.");
  const character = String.fromCodePoint(point);
  if (/[A-Za-z0-9]/.test(character))
    fail(reader.at, `Expected a special character after '\\', not '${character}'; write \\\\ for a backslash.`);
  reader.at += 1 + character.length;
  return character;
}

function isEndOfBare(reader: Reader): boolean {
  const character = reader.text[reader.at];
  return character === undefined || isSpace(character) || '()"'.includes(character);
}

/** expectEnd makes sure that texts do not touch what follows: `foo(bar)` and `a"b"` mean too many things. */
export function expectEnd(reader: Reader): void {
  const character = reader.text[reader.at];
  if (character === undefined || isSpace(character) || character === ")") return;
  fail(reader.at, `Expected a space before '${character}'; put quotes around text that contains it.`);
}
