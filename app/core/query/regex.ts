import { RE2JS } from "re2js";
import { isUnicodeClass, unicodeRanges, type UnicodeClass } from "#app/core/query/unicode-class.ts";

export const MAX_REGEX_BYTES = 1024;
/**
 * Every character of a text may cost a step for each instruction of a pattern that repeats something. At this size the
 * worst pattern known takes about four seconds for a message of 1 MiB; usual patterns take 10 ms.
 */
export const MAX_REGEX_INSTRUCTIONS = 256;

/** RegexProblem tells where in a pattern it is not understood, in UTF-16 code units. */
export interface RegexProblem {
  offset: number;
  reason: string;
}

/** Both engines have exactly the same characters in these; UNICODE_CLASSES has the ones they differ about. */
const SHARED_CLASSES = new Set(
  "Any Cc Cf Co Lt Me No Pc Pe Pf Pi Ps Sk Z Zl Zp Zs Greek Hiragana Katakana Hangul Hebrew Thai".split(" "),
);

interface ReadPattern {
  /** The pattern with the classes that re2js has otherwise written out. */
  pattern: string;
  /** Nothing in it repeats, groups or stands for several characters, so its cost does not grow with its size. */
  isPlain: boolean;
}

/** checkRegex returns what is wrong with a pattern, or null and how many instructions its search may cost. */
export function checkRegex(pattern: string): RegexProblem | { instructions: number } {
  if (new TextEncoder().encode(pattern).length > MAX_REGEX_BYTES)
    return { offset: 0, reason: `it is longer than ${MAX_REGEX_BYTES} bytes` };
  const read = readPattern(pattern);
  if ("reason" in read) return read;
  try {
    // Compiled as written first, so that a message quotes what was written.
    RE2JS.compile(pattern);
    return { instructions: read.isPlain ? 0 : RE2JS.compile(read.pattern).programSize() };
  } catch (error) {
    return syntaxProblem(pattern, error);
  }
}

/** compileRegex makes the test of a pattern that checkRegex accepted; it finds a match anywhere in the text. */
export function compileRegex(pattern: string, ignoreCase: boolean): (text: string) => boolean {
  const read = readPattern(pattern);
  if ("reason" in read) throw new Error(`cannot compile regex: ${read.reason}`);
  const compiled = RE2JS.compile(read.pattern, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  return (text) => compiled.test(text);
}

function syntaxProblem(pattern: string, error: unknown): RegexProblem {
  const message = error instanceof Error ? error.message : String(error);
  const reason = message.replace("error parsing regexp: ", "");
  const quoted = /: `([\s\S]+)`$/.exec(reason)?.[1];
  return { offset: quoted === undefined ? 0 : Math.max(0, pattern.indexOf(quoted)), reason };
}

/** readPattern walks over a pattern for what the two engines do not share. */
function readPattern(pattern: string): ReadPattern | RegexProblem {
  let written = "";
  let isPlain = true;
  /** Offset behind the `[` (and `^`) of the class that we are in; a `]` there stands for itself. */
  let classStart: number | null = null;
  for (let at = 0; at < pattern.length;) {
    const character = pattern[at] as string;
    let end = at + 1;
    if (character === "\\") {
      const escaped = pattern[at + 1];
      end = at + 2;
      if (escaped === "Q" && classStart === null) {
        const close = pattern.indexOf("\\E", end);
        end = close === -1 ? pattern.length : close + 2;
      } else if (escaped === "C") {
        return { offset: at, reason: "`\\C` is not understood here; `.` is one character" };
      } else if (escaped === "p" || escaped === "P") {
        const named = /^\\[pP](?:\{(\^?)(\w*)\}|(\w))/.exec(pattern.slice(at, at + 64));
        const name = named?.[2] ?? named?.[3];
        isPlain = false;
        if (named === null || name === undefined)
          return { offset: at, reason: "a name such as `\\p{Greek}` is needed" };
        if (!isUnicodeClass(name) && !SHARED_CLASSES.has(name))
          return { offset: at, reason: `\`${named[0]}\` is not a class that is known everywhere` };
        end = at + named[0].length;
        if (isUnicodeClass(name)) {
          const isNegated = (escaped === "P") !== (named[1] === "^");
          const ranges = rangesText(name, isNegated && classStart !== null);
          written += classStart === null ? `[${isNegated ? "^" : ""}${ranges}]` : ranges;
          at = end;
          continue;
        }
      } else if (escaped !== undefined && /[a-zA-Z]/.test(escaped)) isPlain = false;
    } else if (classStart !== null) {
      if (pattern.startsWith("[:", at)) {
        const close = pattern.indexOf(":]", at + 2);
        if (close !== -1) end = close + 2;
      } else if (character === "]" && at !== classStart) classStart = null;
    } else if (character === "[") {
      if (pattern[end] === "^") end++;
      classStart = end;
      isPlain = false;
    } else if (pattern.startsWith("(?<", at)) {
      return { offset: at, reason: "`(?<` is not understood here; name a group as `(?P<name>…)`" };
    } else if (".*+?{(".includes(character)) isPlain = false;
    written += pattern.slice(at, end);
    at = end;
  }
  return { pattern: written, isPlain };
}

function rangesText(name: UnicodeClass, isComplement: boolean): string {
  const ranges = unicodeRanges(name);
  if (!isComplement) return ranges.map(([first, last]) => `${hex(first)}-${hex(last)}`).join("");
  let text = "";
  let from = 0;
  for (const [first, last] of ranges) {
    if (first > from) text += `${hex(from)}-${hex(first - 1)}`;
    from = last + 1;
  }
  return from > 0x10ffff ? text : `${text}${hex(from)}-${hex(0x10ffff)}`;
}

function hex(point: number): string {
  return `\\x{${point.toString(16)}}`;
}
