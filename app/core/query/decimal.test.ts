import fc from "fast-check";
import { expect, test } from "vitest";
import { compareDecimals, parseDecimal } from "#app/core/query/decimal.ts";

/** The value times 10 ** 60, for exponents from -40 to 40 and at most 20 decimals. */
function scaled(text: string): bigint {
  const [, whole = "", decimals = "", power = "0"] = /^(-?\d+)(?:\.(\d+))?(?:[eE]\+?(-?\d+))?$/.exec(text) ?? [];
  return BigInt(whole + decimals) * 10n ** (60n + BigInt(power) - BigInt(decimals.length));
}

const digits = fc.stringMatching(/^[0-9]{1,20}$/);
const literal = fc
  .tuple(
    fc.constantFrom("", "-"),
    fc.stringMatching(/^(0|[1-9][0-9]{0,20})$/),
    fc.option(digits, { nil: undefined }),
    fc.option(fc.integer({ min: -40, max: 40 }), { nil: undefined }),
  )
  .map(([sign, whole, decimals, power]) => {
    return `${sign}${whole}${decimals === undefined ? "" : `.${decimals}`}${power === undefined ? "" : `e${power}`}`;
  });

test("literals compare as their values do, with all their digits", () => {
  fc.assert(
    fc.property(literal, literal, (a, b) => {
      const one = parseDecimal(a);
      const other = parseDecimal(b);
      if (one === null || other === null) throw new Error("not understood");
      const difference = scaled(a) - scaled(b);
      expect(Math.sign(compareDecimals(one, other))).toBe(difference > 0n ? 1 : difference < 0n ? -1 : 0);
    }),
    { numRuns: 10_000 },
  );
});

test.each([
  ["12345678901234567890", "12345678901234567891", -1],
  ["12345678901234567890", "1.234567890123456789e19", 0],
  ["1e999999999999999999999", "1e999999999999999999998", 1],
  ["-1e999999999999999999999", "5", -1],
  ["1e-999999999999999999999", "0", 1],
  ["0e999999999999999999999", "-0.0", 0],
  [`1e${"9".repeat(100_000)}`, `1e${"9".repeat(200)}`, 1],
  [`1${"0".repeat(100_000)}`, "1e100000", 0],
  [`0.${"0".repeat(99_999)}1`, "1e-100000", 0],
])("%.40s against %.40s is %i", (a, b, expected) => {
  const one = parseDecimal(a);
  const other = parseDecimal(b);
  if (one === null || other === null) throw new Error("not understood");
  expect(Math.sign(compareDecimals(one, other)) + 0).toBe(expected);
  expect(0 - Math.sign(compareDecimals(other, one))).toBe(expected);
});

test.each(["", "-", "+1", "01", "1.", ".5", "1e", "1e+", "0x1", "1_000", " 1", "1 ", "NaN", "Infinity", "١", "1,5"])(
  "%j is no JSON number",
  (text) => expect(parseDecimal(text)).toBeNull(),
);
