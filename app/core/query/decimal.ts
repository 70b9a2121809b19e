const JSON_NUMBER = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?)(\d+))?$/;

/**
 * Decimal is a JSON number literal, ready to be compared with all its digits. The value is
 * `sign * 0.digits * 10 ** exponent`; digits neither start nor end in `0`, and are empty for zero.
 */
export interface Decimal {
  sign: -1 | 0 | 1;
  digits: string;
  exponent: number | bigint;
}

/** Exponents of up to this many digits are safe integers, also with the length of a value added. */
const SAFE_EXPONENT_DIGITS = 15;
/** Longer ones count as infinite, so that no value costs more than its length; bounds in queries are shorter. */
const MAX_EXPONENT_DIGITS = 300;

/** parseDecimal reads a JSON number literal; null for every other text. */
export function parseDecimal(text: string): Decimal | null {
  const match = JSON_NUMBER.exec(text);
  if (match === null) return null;
  const [, minus, integer = "", fraction = "", exponentSign, exponentText = ""] = match;
  const written = integer + fraction;
  const leadingZeros = zerosAtStart(written);
  if (leadingZeros === written.length) return { sign: 0, digits: "", exponent: 0 };
  const digits = written.slice(leadingZeros, written.length - zerosAtEnd(written));
  const shift = integer.length - leadingZeros;
  return {
    sign: minus === "-" ? -1 : 1,
    digits,
    exponent: exponentOf(exponentText, exponentSign === "-", shift),
  };
}

/** compareDecimals is negative, zero or positive as `a` is less than, equal to or greater than `b`. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  if (a.sign !== b.sign) return a.sign - b.sign;
  if (a.sign === 0) return 0;
  if (a.exponent !== b.exponent) {
    // `!==` tells 5 from 5n; `<` and `>` do not, and compare both exactly.
    if (a.exponent < b.exponent) return -a.sign;
    if (a.exponent > b.exponent) return a.sign;
  }
  return a.digits < b.digits ? -a.sign : a.digits > b.digits ? a.sign : 0;
}

function exponentOf(text: string, isNegative: boolean, shift: number): number | bigint {
  const digits = text.slice(zerosAtStart(text));
  if (digits.length > MAX_EXPONENT_DIGITS) return isNegative ? -Infinity : Infinity;
  if (digits.length > SAFE_EXPONENT_DIGITS) return BigInt(isNegative ? `-${digits}` : digits) + BigInt(shift);
  return (isNegative ? -Number(digits) : Number(digits)) + shift;
}

/** By hand: a pattern such as `/0+$/` looks again at every run of zeros within. */
function zerosAtStart(text: string): number {
  let count = 0;
  while (text[count] === "0") count++;
  return count;
}

function zerosAtEnd(text: string): number {
  let count = 0;
  while (text[text.length - 1 - count] === "0") count++;
  return count;
}
