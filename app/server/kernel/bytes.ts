/*
 * Bytes, sixteen at a time. Reading goes up to fifteen bytes beyond what is asked for, and copying writes as many behind
 * its target: the layout leaves room for both.
 */

export const QUOTE: i32 = 34;
export const BACKSLASH: i32 = 92;
export const COMMA: i32 = 44;

/** textEnd returns the first position from `at` that holds a quote, a backslash or a control character; it may lie behind `end`. */
export function textEnd(at: i32, end: i32): i32 {
  while (at < end) {
    const bytes = v128.load(at);
    const stops = v128.or(
      i8x16.lt_u(bytes, i8x16.splat(32)),
      v128.or(i8x16.eq(bytes, i8x16.splat(34)), i8x16.eq(bytes, i8x16.splat(92))),
    );
    const mask = i8x16.bitmask(stops);
    if (mask !== 0) return at + ctz(mask);
    at += 16;
  }
  return at;
}

/** stringEnd returns the position of the quote that ends the string of JSON whose text begins at `at`. */
export function stringEnd(at: i32, end: i32): i32 {
  at = textEnd(at, end);
  while (load<u8>(at) === BACKSLASH) at = textEnd(at + 2, end);
  return at;
}

/**
 * nameEnd is textEnd for names, which also stop at DEL and at 0xC2, behind which UTF-8 has the C1 controls.
 */
export function nameEnd(at: i32, end: i32): i32 {
  while (at < end) {
    const bytes = v128.load(at);
    const stops = v128.or(
      v128.or(
        i8x16.lt_u(bytes, i8x16.splat(32)),
        v128.or(i8x16.eq(bytes, i8x16.splat(34)), i8x16.eq(bytes, i8x16.splat(92))),
      ),
      v128.or(i8x16.eq(bytes, i8x16.splat(127)), i8x16.eq(bytes, i8x16.splat(-62))),
    );
    const mask = i8x16.bitmask(stops);
    if (mask !== 0) return at + ctz(mask);
    at += 16;
  }
  return at;
}

/** skipSpaces returns the first position from `at` that holds no white space of JSON, or `end`. */
export function skipSpaces(at: i32, end: i32): i32 {
  while (at < end) {
    const byte: i32 = load<u8>(at);
    if (byte > 32 || !(byte === 32 || byte === 10 || byte === 9 || byte === 13)) return at;
    at++;
  }
  return at;
}

/** copyBytes returns the position behind what it wrote. */
export function copyBytes(target: i32, source: i32, length: i32): i32 {
  if (length > 512) {
    memory.copy(target, source, length);
    return target + length;
  }
  const end = target + length;
  while (target < end) {
    v128.store(target, v128.load(source));
    target += 16;
    source += 16;
  }
  return end;
}

/** isSame compares two pieces of one length. */
export function isSame(a: i32, b: i32, length: i32): bool {
  while (length >= 16) {
    if (v128.any_true(v128.xor(v128.load(a), v128.load(b)))) return false;
    a += 16;
    b += 16;
    length -= 16;
  }
  if (length === 0) return true;
  const different = i8x16.bitmask(i8x16.ne(v128.load(a), v128.load(b)));
  return (different & ((1 << length) - 1)) === 0;
}
