import {
  BATCH_BYTES,
  BATCH_ENDS,
  BATCH_ENTRIES,
  BATCH_INDEX_OF,
  BATCH_LINES,
  BATCH_MS,
  BATCH_ORDER,
  BATCH_PREFIXES,
  BATCH_PREFIX_BYTES,
  BATCH_PREFIX_OF,
  BATCH_SUB_MS_NS,
  BATCH_TAGS_START,
  BLOCK_EARLIEST,
  BLOCK_LATEST,
  BLOCK_LINES_END,
} from "./layout";
import { isAfter, word } from "./batch";
import { copyBytes } from "./bytes";
import { addTags } from "./tag-summary";

/** Digits of an entry's index, as app/core/entry.ts writes them. */
const INDEX_DIGITS = 5;
const QUOTE_AND_COMMA = 0x2c22;

/**
 * composeBlock writes lines with their ids in front, in order from entry `first` of the order on, until the next one
 * would make more than `maxBytes`; one always fits. It adds their tags to the summary, returns the first that it did not
 * write, and leaves the end of the lines and the entries of the earliest and latest time.
 */
export function composeBlock(first: i32, maxBytes: i32): i32 {
  const entries = word(BATCH_ENTRIES);
  const order = word(BATCH_ORDER);
  const ends = word(BATCH_ENDS);
  const tagsStart = word(BATCH_TAGS_START);
  const prefixOf = word(BATCH_PREFIX_OF);
  const indexOf = word(BATCH_INDEX_OF);
  const prefixes = word(BATCH_PREFIXES);
  const prefixBytes = word(BATCH_PREFIX_BYTES);
  const bytes = word(BATCH_BYTES);
  const lines = word(BATCH_LINES);
  const bytesEnd = bytes + load<i32>(ends + (entries - 1) * 4);
  let earliest = load<i32>(order + first * 4);
  let latest = earliest;
  let to = lines;
  let i = first;
  for (; i < entries; i++) {
    const entry = load<i32>(order + i * 4);
    const at = entry * 4;
    // Without its opening brace, which is the id's.
    const line = bytes + (entry === 0 ? 0 : load<i32>(ends + at - 4)) + 1;
    const lineBytes = bytes + load<i32>(ends + at) - line;
    if (i > first && to - lines + prefixBytes + INDEX_DIGITS + 2 + lineBytes > maxBytes) break;
    to = copyBytes(to, prefixes + load<i32>(prefixOf + at) * prefixBytes, prefixBytes);
    to = writeIndex(to, load<i32>(indexOf + at));
    to = copyBytes(to, line, lineBytes);
    addTags(bytes + load<i32>(tagsStart + at), bytesEnd);
    if (isAfter(earliest, entry, word(BATCH_MS), word(BATCH_SUB_MS_NS))) earliest = entry;
    else if (isAfter(entry, latest, word(BATCH_MS), word(BATCH_SUB_MS_NS))) latest = entry;
  }
  store<i32>(BLOCK_LINES_END, to);
  store<i32>(BLOCK_EARLIEST, earliest);
  store<i32>(BLOCK_LATEST, latest);
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
