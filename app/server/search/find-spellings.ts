import { fold } from "#app/core/fold.ts";
import type { Predicate } from "#app/core/query/predicate.ts";
import { isWordPoint } from "#app/core/query/word-character.ts";
import { wholeWords } from "#app/server/search/prune-row-groups.ts";
import {
  CAPITALISED,
  hashWord,
  LOWER,
  mayHoldForm,
  MIXED,
  UPPER,
  type WordForm,
} from "#app/server/search/word-filter.ts";

/** More texts than this cost as much to look for as lower-casing everything does. */
const MAX_SPELLINGS = 4;

/**
 * findSpellings are the spellings in which row groups with these word filters can hold a text, so that it is found without
 * lower-casing every message; null when they cannot be told. Words that are not whole are in no filter, and letters beyond
 * ASCII have more spellings than a filter tells apart.
 */
export function findSpellings(text: Predicate & { kind: "text" }, filters: readonly Buffer[]): string[] | null {
  const needle = fold(text.text.toWellFormed());
  if (!/^[ -~]+$/.test(needle)) return null;
  const words = wholeWords(text);
  const pieces = needle.split(/([a-z0-9_]+)/);
  if (pieces.filter((piece) => piece !== "" && isWordPoint(piece.charCodeAt(0))).length !== words.length) return null;
  let spellings = [""];
  for (const piece of pieces) {
    const forms: WordForm[] = /[a-z]/.test(piece) ? formsOf(piece, filters) : [LOWER];
    if (forms.includes(MIXED)) return null;
    const spelled = [...new Set(forms.map((form) => spell(piece, form)))];
    if (spellings.length * spelled.length > MAX_SPELLINGS) return null;
    spellings = spellings.flatMap((before) => spelled.map((one) => before + one));
  }
  return spellings;
}

/** Every word is in a filter as LOWER, however it is spelled. */
function formsOf(word: string, filters: readonly Buffer[]): WordForm[] {
  const hashed = hashWord(word);
  const others = ([CAPITALISED, UPPER, MIXED] as const).filter((form) =>
    filters.some((filter) => mayHoldForm(filter, hashed, form)),
  );
  return [LOWER, ...others];
}

function spell(word: string, form: WordForm): string {
  if (form === UPPER) return word.toUpperCase();
  return form === CAPITALISED ? word.charAt(0).toUpperCase() + word.slice(1) : word;
}
