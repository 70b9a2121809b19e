import { fold } from "#app/core/fold.ts";
import { isWordPoint } from "#app/core/query/word-character.ts";
import { decodeText } from "#app/server/search/line.ts";
import {
  CAPITALISED,
  FIRST_BASIS,
  LOWER,
  MIXED,
  SECOND_BASIS,
  UPPER,
  finishHash,
  stepFirst,
  stepSecond,
  type WordForm,
} from "#app/server/search/word-filter.ts";
import { HashSet } from "#app/server/compaction/hash-set.ts";

const BACKSLASH = 92;
const LETTER_U = 117;
/** For a byte of ASCII: 0 outside words, else its lower case; capitals have 256 added. */
const asciiWord = new Uint16Array(256);
for (let byte = 0; byte < 128; byte++) {
  if (!isWordPoint(byte)) continue;
  const isCapital = byte >= 65 && byte <= 90;
  asciiWord[byte] = isCapital ? (byte + 32) | 256 : byte;
}

/** addWords adds the distinct words of the message at `[start, end)` between its quotes in a canonical line. */
export function addWords(words: HashSet, bytes: Buffer, start: number, end: number): void {
  for (let at = start; at < end;) {
    const byte = bytes[at] as number;
    if (byte >= 128) {
      addDecodedWords(words, decodeText(bytes, start, end));
      return;
    }
    if (byte === BACKSLASH) {
      // What is escaped is a quote, a backslash or a control character: no part of a word.
      at += bytes[at + 1] === LETTER_U ? 6 : 2;
      continue;
    }
    if (asciiWord[byte] === 0) {
      at++;
      continue;
    }
    const wordStart = at;
    let first = FIRST_BASIS;
    let second = SECOND_BASIS;
    let capitals = 0;
    let letters = 0;
    for (; at < end; at++) {
      const known = asciiWord[bytes[at] as number] as number;
      if (known === 0) break;
      const folded = known & 255;
      capitals += known >>> 8;
      if (folded >= 97) letters++;
      first = stepFirst(first, folded);
      second = stepSecond(second, folded);
    }
    if (at < end && (bytes[at] as number) >= 128) {
      addDecodedWords(words, decodeText(bytes, start, end));
      return;
    }
    const form = formOf(capitals, letters, ((asciiWord[bytes[wordStart] as number] as number) & 256) !== 0);
    addForms(words, first, second, form);
  }
}

function addForms(words: HashSet, first: number, second: number, form: WordForm): void {
  words.add(finishHash(stepFirst(first, LOWER)), finishHash(stepSecond(second, LOWER)));
  if (form !== LOWER) words.add(finishHash(stepFirst(first, form)), finishHash(stepSecond(second, form)));
}

function formOf(capitals: number, letters: number, startsWithCapital: boolean): WordForm {
  if (capitals === 0) return LOWER;
  if (capitals === 1 && startsWithCapital) return CAPITALISED;
  return capitals === letters ? UPPER : MIXED;
}

/** Words with letters beyond ASCII; adding those before the first such letter again changes nothing. */
function addDecodedWords(words: HashSet, message: string): void {
  const folded = fold(message);
  let from = 0;
  let start = -1;
  for (const character of `${folded}\n`) {
    if (isWordPoint(character.codePointAt(0) as number)) {
      if (start === -1) start = from;
    } else if (start !== -1) {
      // A fold maps each character to one, but not always to one of as many code units.
      addDecodedWord(words, folded.slice(start, from), folded.length === message.length ? message.slice(start, from) : null);
      start = -1;
    }
    from += character.length;
  }
}

function addDecodedWord(words: HashSet, folded: string, spelled: string | null): void {
  let first = FIRST_BASIS;
  let second = SECOND_BASIS;
  for (const byte of Buffer.from(folded)) {
    first = stepFirst(first, byte);
    second = stepSecond(second, byte);
  }
  addForms(words, first, second, formOfText(folded, spelled));
}

function formOfText(folded: string, spelled: string | null): WordForm {
  if (spelled === folded) return LOWER;
  if (spelled === null || !/^[A-Za-z0-9_]*$/.test(spelled)) return MIXED;
  const capitals = spelled.replace(/[^A-Z]/g, "").length;
  return formOf(capitals, spelled.replace(/[^A-Za-z]/g, "").length, /^[A-Z]/.test(spelled));
}
