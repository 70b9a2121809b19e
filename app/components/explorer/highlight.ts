import { fold } from "#app/core/fold.ts";
import type { PositiveText } from "#app/core/query/positive-texts.ts";
import { isWordAt, isWordBefore } from "#app/core/query/word-character.ts";

export interface TextSpan {
  start: number;
  end: number;
}

/** A line full of matches is told by the first of them; more would only cost time. */
const MAX_SPANS = 200;

/** findSpans finds where a query's texts stand, as the search itself finds them; in order and without overlaps. */
export function findSpans(text: string, wanted: readonly PositiveText[]): TextSpan[] {
  if (wanted.length === 0) return [];
  const folded = fold(text);
  // The table maps character to character; should a length ever change, no offset would fit.
  if (folded.length !== text.length) return [];
  const spans: TextSpan[] = [];
  for (const { text: needleText, openStart, openEnd } of wanted) {
    const needle = fold(needleText);
    if (needle === "") continue;
    const needsStart = !openStart && isWordAt(needle, 0);
    const needsEnd = !openEnd && isWordBefore(needle, needle.length);
    for (let at = folded.indexOf(needle); at !== -1 && spans.length < MAX_SPANS; at = folded.indexOf(needle, at + 1)) {
      const end = at + needle.length;
      if (needsStart && isWordBefore(folded, at)) continue;
      if (needsEnd && isWordAt(folded, end)) continue;
      spans.push({ start: at, end });
    }
  }
  return merged(spans);
}

function merged(spans: TextSpan[]): TextSpan[] {
  const result: TextSpan[] = [];
  for (const { start, end } of spans.sort((a, b) => a.start - b.start)) {
    const last = result.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else result.push({ start, end });
  }
  return result;
}
