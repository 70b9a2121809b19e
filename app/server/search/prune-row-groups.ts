import { fold } from "#app/core/fold.ts";
import type { Predicate } from "#app/core/query/predicate.ts";
import { isWordAt, isWordBefore } from "#app/core/query/word-character.ts";
import type { RowGroup } from "#app/server/search/tier1-format.ts";
import type { Tier1Object } from "#app/server/search/tier1-objects.ts";
import { hashWord, mayHoldWord, TOKENISER_VERSION, type HashedWord } from "#app/server/search/word-filter.ts";

/** WordTest says whether a row group with this word filter can hold a match. */
export type WordTest = (filter: Buffer) => boolean;

/**
 * findRowGroups are the row groups of an object that may hold a match in `[fromNs, toNs)`. Words that were cut by other
 * rules than ours say nothing.
 */
export function findRowGroups(
  { description, filterOf }: Tier1Object,
  test: WordTest | null,
  { fromNs, toNs }: { fromNs: bigint; toNs: bigint },
): RowGroup[] {
  const usable = description.tokeniser === TOKENISER_VERSION ? test : null;
  return description.rowGroups.filter(
    (rowGroup) =>
      rowGroup.tsEndNs >= fromNs && rowGroup.tsStartNs < toNs && (usable === null || usable(filterOf(rowGroup))),
  );
}

/** compileWordTest makes the test of a predicate; null when words say nothing about it. */
export function compileWordTest(predicate: Predicate): WordTest | null {
  switch (predicate.kind) {
    case "all": {
      const tests = predicate.of.map(compileWordTest).filter((test) => test !== null);
      return tests.length === 0 ? null : (filter) => tests.every((test) => test(filter));
    }
    case "any": {
      const tests = predicate.of.map(compileWordTest);
      if (tests.some((test) => test === null)) return null;
      return (filter) => tests.some((test) => test?.(filter) === true);
    }
    case "text": {
      const words = wholeWords(predicate).map(hashWord);
      return words.length === 0 ? null : (filter) => words.every((word: HashedWord) => mayHoldWord(filter, word));
    }
    default:
      return null;
  }
}

/** wholeWords are the words of a text that must stand in a matching message as whole words: an open end may go on. */
export function wholeWords({ text, openStart, openEnd }: Predicate & { kind: "text" }): string[] {
  const needle = fold(text.toWellFormed());
  const words: string[] = [];
  for (let at = 0; at < needle.length;) {
    if (!isWordAt(needle, at)) {
      at += (needle.codePointAt(at) as number) > 0xffff ? 2 : 1;
      continue;
    }
    const start = at;
    while (isWordAt(needle, at)) at += (needle.codePointAt(at) as number) > 0xffff ? 2 : 1;
    const isCut = (start === 0 && openStart) || (at === needle.length && openEnd && isWordBefore(needle, at));
    if (!isCut) words.push(needle.slice(start, at));
  }
  return words;
}
