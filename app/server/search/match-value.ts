import { compareDecimals, parseDecimal } from "#app/core/query/decimal.ts";
import type { NumberBound, Predicate } from "#app/core/query/predicate.ts";
import { compileRegex } from "#app/core/query/regex.ts";

/** Up to this many values are compared byte by byte with a line's; more are looked up. */
export const MAX_COMPARED_VALUES = 4;

/** compileValueTest makes the test of a decoded value. */
export function compileValueTest(
  condition: Predicate & { kind: "affix" | "regex" | "number" },
): (value: string) => boolean {
  switch (condition.kind) {
    case "affix": {
      const { openStart, openEnd } = condition;
      const text = condition.text;
      if (openStart && openEnd) return (value) => value.includes(text);
      return openEnd ? (value) => value.startsWith(text) : (value) => value.endsWith(text);
    }
    case "regex":
      return compileRegex(condition.pattern, condition.ignoreCase);
    case "number":
      return compileBounds(condition.lower, condition.upper);
  }
}

function compileBounds(lower: NumberBound | null, upper: NumberBound | null): (value: string) => boolean {
  const isAboveLower = compileBound(lower, 1);
  const isBelowUpper = compileBound(upper, -1);
  return (value) => {
    const decimal = parseDecimal(value);
    return decimal !== null && isAboveLower(decimal) && isBelowUpper(decimal);
  };
}

type Decimal = NonNullable<ReturnType<typeof parseDecimal>>;

function compileBound(bound: NumberBound | null, side: 1 | -1): (value: Decimal) => boolean {
  const limit = bound === null ? null : parseDecimal(bound.literal);
  if (bound === null || limit === null) return () => true;
  return (value) => {
    const difference = compareDecimals(value, limit) * side;
    return difference > 0 || (bound.isInclusive && difference === 0);
  };
}
