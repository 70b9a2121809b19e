import { QUOTE } from "./bytes";

const OPEN_BRACE: i32 = 123;
const EQUALS: i32 = 61;
/** One pair may stand in prose; see app/server/protocols/logfmt.ts. */
const MIN_PAIRS: i32 = 2;

/**
 * mayBeOpened tells whether a text may be JSON or logfmt, which the general path then finds out. It is false only for what
 * surely is neither: nearly all lines that are plain text.
 */
export function mayBeOpened(at: i32, end: i32): bool {
  at = skipBlanks(at, end);
  if (at >= end) return false;
  if (load<u8>(at) === OPEN_BRACE || mayBeWideBlank(at)) return true;
  let pairs: i32 = 0;
  while (at < end) {
    const key = at;
    while (at < end && isKeyByte(load<u8>(at))) at++;
    if (at === key || at === end || load<u8>(at) !== EQUALS) return false;
    at++;
    while (at < end) {
      const byte: i32 = load<u8>(at);
      if (byte === EQUALS) return false;
      // A value in quotes, and blanks beyond ASCII, need a closer look.
      if (byte === QUOTE || byte > 127) return true;
      if (isBlank(byte)) break;
      at++;
    }
    at = skipBlanks(at, end);
    pairs++;
  }
  return pairs >= MIN_PAIRS;
}

function skipBlanks(at: i32, end: i32): i32 {
  while (at < end && isBlank(load<u8>(at))) at++;
  return at;
}

function isBlank(byte: i32): bool {
  return byte === 32 || (byte >= 9 && byte <= 13);
}

/** What String.prototype.trim takes away beyond ASCII, by the first two bytes, which other characters have as well. */
function mayBeWideBlank(at: i32): bool {
  switch (bswap<u16>(load<u16>(at))) {
    case 0xc2a0:
    case 0xe19a:
    case 0xe280:
    case 0xe281:
    case 0xe380:
    case 0xefbb:
      return true;
    default:
      return false;
  }
}

/** Letters, digits, `_ . - @ /`: what a logfmt key is made of. */
function isKeyByte(byte: i32): bool {
  return (
    (byte >= 97 && byte <= 122) ||
    (byte >= 65 && byte <= 90) ||
    (byte >= 45 && byte <= 57) ||
    byte === 95 ||
    byte === 64
  );
}
