import { BACKSLASH, copyBytes, textEnd } from "../bytes";

const LETTER_B: i32 = 98;
const LETTER_F: i32 = 102;
const LETTER_N: i32 = 110;
const LETTER_R: i32 = 114;
const LETTER_T: i32 = 116;
const LETTER_U: i32 = 117;
const REPLACEMENT = 0xfffd;

/** unescape writes what a string of JSON says, and returns the position behind it. */
export function unescape(to: i32, at: i32, end: i32): i32 {
  while (true) {
    const stop = min(textEnd(at, end), end);
    to = copyBytes(to, at, stop - at);
    if (stop >= end) return to;
    at = stop;
    if (load<u8>(at) !== BACKSLASH) {
      store<u8>(to++, load<u8>(at++));
      continue;
    }
    const escaped: i32 = load<u8>(at, 1);
    if (escaped === LETTER_U) {
      to = writePoint(to, hex(at + 2));
      at += 6;
      continue;
    }
    store<u8>(to++, plain(escaped));
    at += 2;
  }
}

function plain(escaped: i32): i32 {
  if (escaped === LETTER_N) return 10;
  if (escaped === LETTER_T) return 9;
  if (escaped === LETTER_R) return 13;
  if (escaped === LETTER_B) return 8;
  if (escaped === LETTER_F) return 12;
  return escaped;
}

function hex(at: i32): i32 {
  let value = 0;
  for (let i = 0; i < 4; i++) {
    const byte: i32 = load<u8>(at + i);
    value = value * 16 + (byte < 58 ? byte - 48 : (byte | 32) - 87);
  }
  return value;
}

/** Only control characters are escaped so, and what is no character by itself is never stored. */
function writePoint(to: i32, point: i32): i32 {
  if (point < 0x80) {
    store<u8>(to, point);
    return to + 1;
  }
  if (point < 0x800) {
    store<u8>(to, 0xc0 | (point >> 6));
    store<u8>(to, 0x80 | (point & 63), 1);
    return to + 2;
  }
  if (point >= 0xd800 && point < 0xe000) point = REPLACEMENT;
  store<u8>(to, 0xe0 | (point >> 12));
  store<u8>(to, 0x80 | ((point >> 6) & 63), 1);
  store<u8>(to, 0x80 | (point & 63), 2);
  return to + 3;
}
