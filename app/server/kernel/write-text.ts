import { BACKSLASH, QUOTE } from "./bytes";

/*
 * Texts as JSON.stringify spells them. Sixteen bytes are written at a time, so some behind the end are overwritten later.
 */

/** `\u00`, little-endian. */
const ESCAPE_START: u32 = 0x3030755c;

/** writeText returns the position behind the text, or 0 when it is not UTF-8. Each byte may become six. */
export function writeText(to: i32, start: i32, end: i32): i32 {
  let at = start;
  let high: i32 = 0;
  while (at < end) {
    const bytes = v128.load(at);
    v128.store(to, bytes);
    const left = min(end - at, 16);
    const within = (1 << left) - 1;
    high |= i8x16.bitmask(bytes) & within;
    const stops =
      i8x16.bitmask(
        v128.or(
          i8x16.lt_u(bytes, i8x16.splat(32)),
          v128.or(i8x16.eq(bytes, i8x16.splat(34)), i8x16.eq(bytes, i8x16.splat(92))),
        ),
      ) & within;
    if (stops === 0) {
      at += left;
      to += left;
      continue;
    }
    const plain = ctz(stops);
    at += plain;
    to = writeEscape(to + plain, load<u8>(at++));
  }
  return high !== 0 && !isUtf8(start, end) ? 0 : to;
}

function writeEscape(to: i32, byte: i32): i32 {
  const letter = escapeLetter(byte);
  if (letter !== 0) {
    store<u16>(to, (BACKSLASH | (letter << 8)) as u16);
    return to + 2;
  }
  store<u32>(to, ESCAPE_START);
  store<u8>(to, hexDigit(byte >> 4), 4);
  store<u8>(to, hexDigit(byte & 15), 5);
  return to + 6;
}

/** `\" \\ \b \t \n \f \r`; 0 for what has no letter. */
function escapeLetter(byte: i32): i32 {
  switch (byte) {
    case QUOTE:
    case BACKSLASH:
      return byte;
    case 8:
      return 98;
    case 9:
      return 116;
    case 10:
      return 110;
    case 12:
      return 102;
    case 13:
      return 114;
    default:
      return 0;
  }
}

/** writeHex returns the position behind the bytes in hexadecimal. */
export function writeHex(to: i32, at: i32, end: i32): i32 {
  for (; at < end; at++, to += 2) {
    const byte: i32 = load<u8>(at);
    store<u8>(to, hexDigit(byte >> 4));
    store<u8>(to, hexDigit(byte & 15), 1);
  }
  return to;
}

function hexDigit(value: i32): u8 {
  return (value < 10 ? value + 48 : value + 87) as u8;
}

/** writeInteger returns the position behind the digits of a signed number. */
export function writeInteger(to: i32, value: i64): i32 {
  let rest = value as u64;
  if (value < 0) {
    store<u8>(to++, 45);
    rest = 0 - rest;
  }
  let digits = 1;
  for (let more = rest / 10; more !== 0; more /= 10) digits++;
  for (let at = to + digits - 1; at >= to; at--) {
    store<u8>(at, ((rest % 10) as u8) + 48);
    rest /= 10;
  }
  return to + digits;
}

/** isUtf8 follows table 3-7 of the Unicode standard: neither overlong forms, nor surrogates, nor what is beyond U+10FFFF. */
function isUtf8(at: i32, end: i32): bool {
  while (at < end) {
    const lead: i32 = load<u8>(at);
    if (lead < 0x80) {
      at++;
      continue;
    }
    if (lead < 0xc2 || lead > 0xf4) return false;
    const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (at + length > end) return false;
    const second: i32 = load<u8>(at, 1);
    if (second < (lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80)) return false;
    if (second > (lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf)) return false;
    for (let i = 2; i < length; i++) if ((load<u8>(at + i) & 0xc0) !== 0x80) return false;
    at += length;
  }
  return true;
}
