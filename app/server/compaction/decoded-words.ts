import { fold } from "#app/core/fold.ts";
import { isWordPoint } from "#app/core/query/word-character.ts";
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

/** AddWord takes a word's two finished hashes. */
type AddWord = (first: number, second: number) => void;

/** addDecodedWords adds the words of a message, in each form that they have; the kernel does the same for ASCII. */
export function addDecodedWords(message: string, add: AddWord): void {
  const folded = fold(message);
  let from = 0;
  let start = -1;
  for (const character of `${folded}\n`) {
    if (isWordPoint(character.codePointAt(0) as number)) {
      if (start === -1) start = from;
    } else if (start !== -1) {
      // A fold maps each character to one, but not always to one of as many code units.
      const spelled = folded.length === message.length ? message.slice(start, from) : null;
      addDecodedWord(folded.slice(start, from), spelled, add);
      start = -1;
    }
    from += character.length;
  }
}

function addDecodedWord(folded: string, spelled: string | null, add: AddWord): void {
  let first = FIRST_BASIS;
  let second = SECOND_BASIS;
  for (const byte of Buffer.from(folded)) {
    first = stepFirst(first, byte);
    second = stepSecond(second, byte);
  }
  const form = formOf(folded, spelled);
  add(finishHash(stepFirst(first, LOWER)), finishHash(stepSecond(second, LOWER)));
  if (form !== LOWER) add(finishHash(stepFirst(first, form)), finishHash(stepSecond(second, form)));
}

function formOf(folded: string, spelled: string | null): WordForm {
  if (spelled === folded) return LOWER;
  if (spelled === null || !/^[A-Za-z0-9_]*$/.test(spelled)) return MIXED;
  const capitals = spelled.replace(/[^A-Z]/g, "").length;
  if (capitals === 1 && /^[A-Z]/.test(spelled)) return CAPITALISED;
  return capitals === spelled.replace(/[^A-Za-z]/g, "").length ? UPPER : MIXED;
}
