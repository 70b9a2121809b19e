/**
 * A word filter tells of a row group which words its messages may hold, so that an object is not read for a word that is
 * nowhere in it. It is a Bloom filter: what it denies is not there, what it grants is nearly always there.
 * docs/object-format.md states hashes and layout for other programs; a change of either is another tokeniser version.
 */
export const TOKENISER_VERSION = 1;

/**
 * How a word is spelled: `failed`, `Failed`, `FAILED`, or anything else, such as `failedOver`. Every word is in the filter
 * as LOWER, however it is spelled, and besides in the form that it has: who knows the spellings can search for those.
 */
export const LOWER = 0;
export const CAPITALISED = 1;
export const UPPER = 2;
export const MIXED = 3;
export type WordForm = typeof LOWER | typeof CAPITALISED | typeof UPPER | typeof MIXED;
const WORD_FORMS: readonly WordForm[] = [LOWER, CAPITALISED, UPPER, MIXED];

/** One wrong answer in 120, for 5 % of the data. */
const BITS_PER_WORD = 10;
const BITS_SET = 7;

export const FIRST_BASIS = 0x811c9dc5;
export const SECOND_BASIS = 0x9747b28c;
const FIRST_PRIME = 0x01000193;
const SECOND_PRIME = 0x5bd1e995;

/** Both hashes take in a word byte by byte; `finishHash` ends them with the form. */
export function stepFirst(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, FIRST_PRIME);
}

export function stepSecond(hash: number, byte: number): number {
  return Math.imul(((hash << 13) | (hash >>> 19)) ^ byte, SECOND_PRIME);
}

/** finishHash spreads the last bytes over all bits (the end of MurmurHash3). */
export function finishHash(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** wordFilterBytes is the size of the filter of so many words. */
export function wordFilterBytes(words: number): number {
  return Math.max(8, Math.ceil((words * BITS_PER_WORD) / 8));
}

/** HashedWord is a folded word's two hashes in each of its forms. */
export type HashedWord = readonly (readonly [first: number, second: number])[];

export function hashWord(foldedWord: string): HashedWord {
  let first = FIRST_BASIS;
  let second = SECOND_BASIS;
  for (const byte of Buffer.from(foldedWord)) {
    first = stepFirst(first, byte);
    second = stepSecond(second, byte);
  }
  return WORD_FORMS.map((form) => [finishHash(stepFirst(first, form)), finishHash(stepSecond(second, form))] as const);
}

export function mayHoldForm(filter: Buffer, word: HashedWord, form: WordForm): boolean {
  const bits = filter.length * 8;
  const [first, step] = word[form] as readonly [number, number];
  let bit = first;
  for (let i = 0; i < BITS_SET; i++) {
    const place = bit % bits;
    if (((filter[place >>> 3] as number) & (1 << (place & 7))) === 0) return false;
    bit = (bit + step) >>> 0;
  }
  return true;
}

/** mayHoldWord asks for a word whatever its spelling. */
export function mayHoldWord(filter: Buffer, word: HashedWord): boolean {
  return mayHoldForm(filter, word, LOWER);
}
