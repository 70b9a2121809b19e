import { FOLD_RUNS } from "#app/core/fold-table.ts";
import { fold } from "#app/core/fold.ts";
import type { Predicate } from "#app/core/query/predicate.ts";
import { isWordAt, isWordBefore } from "#app/core/query/word-character.ts";
import { messageOf, type Line } from "#app/server/search/line.ts";

/** compileText finds a text in the message whatever the case, with word borders at its closed ends. */
export function compileText({ text, openStart, openEnd }: Predicate & { kind: "text" }): (line: Line) => boolean {
  const needle = fold(text.toWellFormed());
  const mayContain = compilePrefilter(needle);
  const find: FindText = {
    needle,
    bordersStart: !openStart && isWordAt(needle, 0),
    bordersEnd: !openEnd && isWordBefore(needle, needle.length),
  };
  return (line) => mayContain(line) && containsText((line.folded ??= fold(messageOf(line))), find);
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

/**
 * compilePrefilter looks in the undecoded bytes for the longest piece of a needle that would stand there as it is, in
 * either case. Most lines end here, for a fraction of what decoding and folding them costs.
 */
function compilePrefilter(needle: string): (line: Line) => boolean {
  let piece = "";
  let run = "";
  for (const character of `${needle}\0`) {
    if (isSafe(character)) {
      run += character;
      continue;
    }
    if (run.length > piece.length) piece = run;
    run = "";
  }
  if (piece === "") return () => true;
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
    const end = slices.messageEnd;
    for (let at = slices.messageStart + last; at < end; at += steps[bytes[at] as number] as number) {
      let i = 0;
      while (i <= last && lowerBytes[bytes[at - i] as number] === wanted[last - i]) i++;
      if (i > last) return true;
    }
    return false;
  };
}

/** Quote, backslash and control characters are written as escapes. */
function isSafe(character: string): boolean {
  const point = character.codePointAt(0) as number;
  return point >= 32 && point < 127 && character !== '"' && character !== "\\" && !ambiguousLetters.has(point);
}
