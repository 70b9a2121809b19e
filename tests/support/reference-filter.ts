import { FOLD_RUNS } from "#app/core/fold-table.ts";
import type { NumberBound, Predicate } from "#app/core/query/predicate.ts";
import type { SearchedEntry } from "#tests/support/predicates.ts";

/**
 * matchesReference says by the shortest way, and no matter how slowly, what docs/query.md says. It shares with the
 * search nothing but the fold table. Regexes are JavaScript's, for patterns that mean the same there.
 */
export function matchesReference(predicate: Predicate, entry: SearchedEntry): boolean {
  switch (predicate.kind) {
    case "all":
      return !predicate.of.some((one) => !matchesReference(one, entry));
    case "any":
      return predicate.of.some((one) => matchesReference(one, entry));
    case "not":
      return !matchesReference(predicate.of, entry);
    case "level":
      return predicate.values.includes(entry.level);
    case "present":
      return entry.tags.some(([key]) => key === predicate.key);
    case "text":
      return hasText(entry.message, predicate);
    case "equals":
      return valuesOf(predicate.field, entry).some((value) => predicate.values.includes(value));
    case "affix": {
      const { text, openStart, openEnd } = predicate;
      return valuesOf(predicate.field, entry).some((value) => {
        const places = Array.from({ length: value.length + 1 }, (_, at) => at);
        return places.some(
          (at) =>
            value.slice(at, at + text.length) === text &&
            (openStart || at === 0) &&
            (openEnd || at + text.length === value.length),
        );
      });
    }
    case "regex": {
      const flags = predicate.ignoreCase ? "iu" : "u";
      // RE2's `\s` is ASCII, and its `.` stops at nothing but a line feed.
      const pattern = predicate.pattern.replace(/^\.$/, "[^\n]").replace("\\s", "\t\n\f\r ").replace("\\pL", "\\p{L}");
      return valuesOf(predicate.field, entry).some((value) => new RegExp(pattern, flags).test(value));
    }
    case "number":
      return valuesOf(predicate.field, entry).some(
        (value) => isBeside(value, predicate.lower, 1) && isBeside(value, predicate.upper, -1),
      );
  }
}

function valuesOf(
  field: { name: "service" } | { name: "message" } | { name: "tag"; key: string },
  entry: SearchedEntry,
) {
  if (field.name === "service") return [entry.service];
  if (field.name === "message") return [entry.message];
  return entry.tags.filter(([key]) => key === field.key).map(([, value]) => value);
}

function hasText(message: string, { text, openStart, openEnd }: Predicate & { kind: "text" }): boolean {
  const inside = lower(message);
  const wanted = lower(text);
  for (let at = 0; at + wanted.length <= inside.length; at++) {
    if (wanted.some((character, i) => inside[at + i] !== character)) continue;
    const isCutBefore = !openStart && isWord(wanted[0]) && isWord(inside[at - 1]);
    const isCutBehind = !openEnd && isWord(wanted.at(-1)) && isWord(inside[at + wanted.length]);
    if (!isCutBefore && !isCutBehind) return true;
  }
  return false;
}

function lower(text: string): string[] {
  return Array.from(text, (character) => {
    const point = character.codePointAt(0) ?? 0;
    const run = FOLD_RUNS.find(
      ([first, count, step]) => point >= first && point < first + count * step && (point - first) % step === 0,
    );
    return String.fromCodePoint(point + (run?.[3] ?? 0));
  });
}

/** Right for the characters that the tests use; the table of the search is another Unicode's. */
function isWord(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}_]/u.test(character);
}

function isBeside(value: string, bound: NumberBound | null, side: 1 | -1): boolean {
  const one = fractionOf(value);
  if (one === null) return false;
  if (bound === null) return true;
  const other = fractionOf(bound.literal) ?? { digits: 0n, power: 0n };
  const difference = compare(one, other) * side;
  return difference > 0 || (bound.isInclusive && difference === 0);
}

interface Fraction {
  digits: bigint;
  power: bigint;
}

function fractionOf(text: string): Fraction | null {
  const match = /^(-?(?:0|[1-9]\d*))(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (match === null) return null;
  const [, whole = "", decimals = "", power = "0"] = match;
  return { digits: BigInt(whole + decimals), power: BigInt(power.replace("+", "")) - BigInt(decimals.length) };
}

function compare(a: Fraction, b: Fraction): number {
  if (a.digits === 0n || b.digits === 0n) return sign(a.digits - b.digits);
  if (a.digits > 0n !== b.digits > 0n) return a.digits > 0n ? 1 : -1;
  // Powers that are far apart decide by themselves; multiplying them out would not end.
  const apart = a.power - b.power;
  if (apart > 1000n) return a.digits > 0n ? 1 : -1;
  if (apart < -1000n) return a.digits > 0n ? -1 : 1;
  const base = a.power < b.power ? a.power : b.power;
  return sign(a.digits * 10n ** (a.power - base) - b.digits * 10n ** (b.power - base));
}

function sign(value: bigint): number {
  return value > 0n ? 1 : value < 0n ? -1 : 0;
}
