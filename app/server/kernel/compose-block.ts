import { copyBytes } from "./bytes";
import { STOP_AT, STOP_LINES_END } from "./layout";
import { addTags } from "./tag-summary";

/** Digits of an entry's index, as app/core/entry.ts writes them. */
const INDEX_DIGITS = 5;
const QUOTE_AND_COMMA = 0x2c22;

/**
 * composeBlock writes lines with their ids in front, in the given order from entry `first` on, until the next one would
 * make more than `maxBytes`; one always fits. It adds their tags to the summary, returns the first entry that it did not
 * write, and leaves the end of the lines in the stop words. All columns are words of 32 bits, one for each entry:
 * `ends` and `tagsStart` count from `bytes`, `prefixOf` counts the prefixes `{"id":"<walId>-<sequence>-`, all of one length.
 */
export function composeBlock(
  first: i32,
  entries: i32,
  order: i32,
  ends: i32,
  tagsStart: i32,
  prefixOf: i32,
  indexOf: i32,
  prefixes: i32,
  prefixBytes: i32,
  bytes: i32,
  lines: i32,
  maxBytes: i32,
): i32 {
  const bytesEnd = bytes + load<i32>(ends + (entries - 1) * 4);
  let to = lines;
  let i = first;
  for (; i < entries; i++) {
    const entry = load<i32>(order + i * 4) * 4;
    // Without its opening brace, which is the id's.
    const line = bytes + (entry === 0 ? 0 : load<i32>(ends + entry - 4)) + 1;
    const lineBytes = bytes + load<i32>(ends + entry) - line;
    if (i > first && to - lines + prefixBytes + INDEX_DIGITS + 2 + lineBytes > maxBytes) break;
    to = copyBytes(to, prefixes + load<i32>(prefixOf + entry) * prefixBytes, prefixBytes);
    to = writeIndex(to, load<i32>(indexOf + entry));
    to = copyBytes(to, line, lineBytes);
    addTags(bytes + load<i32>(tagsStart + entry), bytesEnd);
  }
  store<i32>(STOP_AT + STOP_LINES_END * 4, to);
  return i;
}

/** Base 36, and the quote and comma behind it. */
function writeIndex(at: i32, index: i32): i32 {
  for (let digit = INDEX_DIGITS - 1; digit >= 0; digit--) {
    const value = index % 36;
    store<u8>(at + digit, value < 10 ? value + 48 : value + 87);
    index /= 36;
  }
  store<u16>(at + INDEX_DIGITS, QUOTE_AND_COMMA);
  return at + INDEX_DIGITS + 2;
}
