import { FOLD_RUNS } from "#app/core/fold-table.ts";

const foldedPoints = new Map<number, number>();
for (const [first, count, step, distance] of FOLD_RUNS) {
  for (let i = 0; i < count; i++) foldedPoints.set(first + i * step, first + i * step + distance);
}

// eslint-disable-next-line no-control-regex
const ONLY_ASCII = /^[\u0000-\u007f]*$/;
/** What is ASCII, or is not, for as long as it goes on: one letter beyond it must not make all of a long text slow. */
// eslint-disable-next-line no-control-regex
const RUN = /[\u0000-\u007f]+|[^\u0000-\u007f]+/g;
const ASCII_CAPITALS = /[A-Z]/;

/**
 * fold maps a text to its lower case, code point by code point, exactly as the search engine's SQL does; two texts are equal
 * regardless of case when their folds are. JavaScript's own case mappings differ (`İ`, final sigma), so the table decides.
 */
export function fold(text: string): string {
  if (ONLY_ASCII.test(text)) {
    // For ASCII alone the two agree, and this is ten times as fast.
    return ASCII_CAPITALS.test(text) ? text.toLowerCase() : text;
  }
  return text.replace(RUN, foldRun);
}

function foldRun(run: string): string {
  if (run.charCodeAt(0) < 128) return run.toLowerCase();
  let folded = "";
  for (const character of run) {
    const point = foldedPoints.get(character.codePointAt(0) as number);
    folded += point === undefined ? character : String.fromCodePoint(point);
  }
  return folded;
}
