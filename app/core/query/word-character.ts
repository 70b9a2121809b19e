import { unicodeRanges } from "#app/core/query/unicode-class.ts";

/** One bit for each code point. Words are looked for in every message, and a bit is faster than a search in ranges. */
const wordBits = new Uint8Array(0x110000 / 8);
for (const [first, last] of [...unicodeRanges("L"), ...unicodeRanges("N")]) {
  for (let point = first; point <= last; point++) setBit(point);
}
setBit("_".charCodeAt(0));

function setBit(point: number): void {
  wordBits[point >> 3] = (wordBits[point >> 3] as number) | (1 << (point & 7));
}

/** isWordPoint tells whether a code point is a letter, a digit or `_`, as the search engine's regexes have it. */
export function isWordPoint(point: number): boolean {
  return ((wordBits[point >> 3] as number) & (1 << (point & 7))) !== 0;
}

/** isWordBefore looks at the character that ends before the UTF-16 offset `at`; there is none at 0. */
export function isWordBefore(text: string, at: number): boolean {
  if (at <= 0) return false;
  const unit = text.charCodeAt(at - 1);
  const isLow = unit >= 0xdc00 && unit <= 0xdfff && at > 1;
  return isWordPoint(isLow ? (text.codePointAt(at - 2) as number) : unit);
}

/** isWordAt looks at the character that starts at the UTF-16 offset `at`; there is none at the end. */
export function isWordAt(text: string, at: number): boolean {
  return at < text.length && isWordPoint(text.codePointAt(at) as number);
}
