import { FOLD_RUNS } from "#app/core/fold-table.ts";
import { fold } from "#app/core/fold.ts";
import type { Predicate } from "#app/core/query/predicate.ts";
import { isWordAt, isWordBefore, isWordPoint } from "#app/core/query/word-character.ts";
import { messageOf, type Line } from "#app/server/search/line.ts";

/** compileText finds a text in the message whatever the case, with word borders at its closed ends. */
export function compileText({ text, openStart, openEnd }: Predicate & { kind: "text" }): (line: Line) => boolean {
  const needle = fold(text.toWellFormed());
  const find: FindText = {
    needle,
    bordersStart: !openStart && isWordAt(needle, 0),
    bordersEnd: !openEnd && isWordBefore(needle, needle.length),
  };
  const findInBytes = compileByteSearch(find);
  return (line) => {
    const found = findInBytes(line);
    return found === UNKNOWN ? containsText((line.folded ??= fold(messageOf(line))), find) : found === THERE;
  };
}

interface FindText {
  needle: string;
  bordersStart: boolean;
  bordersEnd: boolean;
}

function containsText(text: string, { needle, bordersStart, bordersEnd }: FindText): boolean {
  for (let at = text.indexOf(needle); at !== -1;) {
    const isInside = bordersStart && isWordBefore(text, at);
    if (!isInside && !(bordersEnd && isWordAt(text, at + needle.length))) return true;
    let next = at + 1;
    if (bordersStart) {
      // The next border is behind the rest of this word; starting one further each time would be quadratic.
      while (isWordAt(text, next)) next += (text.codePointAt(next) as number) > 0xffff ? 2 : 1;
    }
    at = text.indexOf(needle, next);
  }
  return false;
}

const lowerBytes = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte));

/** Letters that something outside ASCII folds to, as the Kelvin sign does to `k`: their bytes alone prove no absence. */
const ambiguousLetters = new Set<number>();
for (const [first, count, step, distance] of FOLD_RUNS) {
  for (let i = 0; i < count; i++) {
    const from = first + i * step;
    if (from > 127 && from + distance < 128) ambiguousLetters.add(from + distance);
  }
}

/** What undecoded bytes say of a text. */
const NOWHERE = 0;
const THERE = 1;
const UNKNOWN = 2;
type ByteAnswer = typeof NOWHERE | typeof THERE | typeof UNKNOWN;

/** A needle that nearly stands everywhere would be compared at each place. */
const MAX_DOUBTS = 16;

const BACKSLASH = 92;
/** `\u001b`: so far behind its backslash does an escape still go on. */
const LONGEST_ESCAPE = 6;

/**
 * compileByteSearch looks in the undecoded bytes for the longest piece of a needle that can stand there only as it is, in
 * either case. Nearly all lines are decided here, for a fraction of what decoding and folding them costs.
 */
function compileByteSearch(find: FindText): (line: Line) => ByteAnswer {
  const { piece, offset } = longestSafePiece(find.needle);
  if (piece === "") return () => UNKNOWN;
  const isHere = compileByteTest(find);
  const wanted = Buffer.from(piece);
  const last = wanted.length - 1;
  /** How far the search may go on from a byte at the piece's end (Horspool's algorithm). */
  const steps = new Uint32Array(256).fill(wanted.length);
  for (let i = 0; i < last; i++) {
    const byte = wanted[i] as number;
    steps[byte] = last - i;
    if (byte >= 97 && byte <= 122) steps[byte - 32] = last - i;
  }
  return ({ bytes, slices }) => {
    const { messageStart: start, messageEnd: end } = slices;
    let doubts = 0;
    for (let at = start + last; at < end; at += steps[bytes[at] as number] as number) {
      let i = 0;
      while (i <= last && lowerBytes[bytes[at - i] as number] === wanted[last - i]) i++;
      if (i <= last) continue;
      if (isHere(bytes, at - last - offset, start, end)) return THERE;
      if (++doubts === MAX_DOUBTS) break;
    }
    return doubts === 0 ? NOWHERE : UNKNOWN;
  };
}

type ByteTest = (bytes: Buffer, at: number, start: number, end: number) => boolean;

/** compileByteTest makes the test whether a needle stands at `at` beyond doubt, in a message with this place. */
function compileByteTest({ needle, bordersStart, bordersEnd }: FindText): ByteTest {
  if (!/^[ !#-[\]-~]+$/.test(needle)) return () => false;
  const wanted = Buffer.from(needle);
  const { length } = wanted;
  return (bytes, at, start, end) => {
    if (at < start || at + length > end) return false;
    for (let i = 0; i < length; i++) if (lowerBytes[bytes[at + i] as number] !== wanted[i]) return false;
    // Its first letters may be those of an escape.
    for (let before = Math.max(start, at - LONGEST_ESCAPE); before < at; before++) {
      if (bytes[before] === BACKSLASH) return false;
    }
    if (bordersStart && at > start && !isBorder(bytes[at - 1] as number)) return false;
    // Whatever an escape stands for is in no word.
    return !bordersEnd || at + length === end || isBorder(bytes[at + length] as number);
  };
}

/** Beyond ASCII a byte alone does not tell. */
function isBorder(byte: number): boolean {
  return byte < 128 && !isWordPoint(byte);
}

function longestSafePiece(needle: string): { piece: string; offset: number } {
  let longest = { piece: "", offset: 0 };
  let run = "";
  let at = 0;
  for (const character of `${needle}\0`) {
    if (isSafe(character)) run += character;
    else {
      if (run.length > longest.piece.length) longest = { piece: run, offset: at - run.length };
      run = "";
    }
    at += character.length;
  }
  return longest;
}

/** Quote, backslash and control characters are written as escapes. */
function isSafe(character: string): boolean {
  const point = character.codePointAt(0) as number;
  return point >= 32 && point < 127 && character !== '"' && character !== "\\" && !ambiguousLetters.has(point);
}
