import { MAX_TAG_KEY_BYTES } from "../ingest/entry-limits";
import { COMMA, QUOTE, copyBytes, isSame } from "./bytes";
import {
  COMPOSED_KEYS_AT,
  MAX_SEGMENT_BYTES,
  SHARED_KEYS,
  SHARED_SERVICE_AT,
  SHARED_SERVICE_BYTES,
  SHARED_SERVICE_NUMBER,
  SHARED_TAGS_AT,
  SHARED_TAGS_BYTES,
  SHARED_WORDS_AT,
} from "./layout";
import { addLine, hasRoom, linesEnd } from "./lines";
import { flagsOfName } from "./special-names";
import { writeText } from "./write-text";
import { writeTimestamp } from "./write-timestamp";

/*
 * A line is composed from the slices of a record, behind the lines that are there; as long as it is not finished it is none,
 * and the next may be begun in its place. What returns false has found what the general path must decide: bytes that are
 * no UTF-8, names with other than plain ASCII, equal keys, special names.
 */

/** `{"timestamp":"` and `","tags":{`, filled up to sixteen bytes. */
const LINE_START_BYTES: i32 = 14;
const LINE_START_TEXT = memory.data<u8>([123, 34, 116, 105, 109, 101, 115, 116, 97, 109, 112, 34, 58, 34, 0, 0]) as i32;
const TAGS_START_BYTES: i32 = 10;
const TAGS_START_TEXT = memory.data<u8>([34, 44, 34, 116, 97, 103, 115, 34, 58, 123, 0, 0, 0, 0, 0, 0]) as i32;
/** `":"`, and `}}` with LF, little-endian. */
const KEY_END: u32 = 0x223a22;
const KEY_END_BYTES: i32 = 3;
const LINE_END: u32 = 0x0a7d7d;
const LINE_END_BYTES: i32 = 3;
const MAX_TIMESTAMP_BYTES: i32 = 30;
/** What one byte of a text may become at most; a tag takes more bytes on the wire than around its texts in a line. */
const MAX_BYTES_PER_BYTE: i32 = 6;

let to: i32 = 0;
let tagsStart: i32 = 0;
let keys: i32 = 0;
let lineMs: u64 = 0;
let lineSubMsNs: u32 = 0;

/** sharedWord is a word of what the records at hand have in common; layout.ts names them. */
export function sharedWord(name: i32): i32 {
  return load<i32>(SHARED_WORDS_AT + name * 4);
}

/** hasLineRoom tells whether the line of a record of so many bytes may be begun. */
export function hasLineRoom(recordBytes: i32): bool {
  return hasRoom(
    LINE_START_BYTES +
      MAX_TIMESTAMP_BYTES +
      2 * MAX_SEGMENT_BYTES +
      sharedWord(SHARED_TAGS_BYTES) +
      recordBytes * MAX_BYTES_PER_BYTE +
      TAGS_START_BYTES +
      LINE_END_BYTES,
  );
}

/** beginLine writes everything up to the tags that only this record has. */
export function beginLine(ms: u64, subMsNs: u32, level: i32, levelBytes: i32, text: i32, textEnd: i32): bool {
  lineMs = ms;
  lineSubMsNs = subMsNs;
  to = copyBytes(linesEnd, LINE_START_TEXT, LINE_START_BYTES);
  to = writeTimestamp(to, ms, subMsNs);
  to = copyBytes(to, SHARED_SERVICE_AT, sharedWord(SHARED_SERVICE_BYTES));
  to = copyBytes(to, level, levelBytes);
  to = writeText(to, text, textEnd);
  if (to === 0) return false;
  to = copyBytes(to, TAGS_START_TEXT, TAGS_START_BYTES);
  tagsStart = to - 1;
  to = copyBytes(to, SHARED_TAGS_AT, sharedWord(SHARED_TAGS_BYTES));
  keys = sharedWord(SHARED_KEYS);
  return true;
}

/** beginTag writes a tag's key and returns where its value goes, or 0. `special` are the flags of names not to be taken. */
export function beginTag(key: i32, keyEnd: i32, special: i32): i32 {
  const length = keyEnd - key;
  if (length === 0 || length > MAX_TAG_KEY_BYTES) return 0;
  if (!isPlainName(key, keyEnd) || hasKey(key, length) || (flagsOfName(key, length) & special) !== 0) return 0;
  store<i32>(COMPOSED_KEYS_AT + keys * 8, key);
  store<i32>(COMPOSED_KEYS_AT + keys * 8, keyEnd, 4);
  if (keys > 0) store<u8>(to++, COMMA as u8);
  keys++;
  store<u8>(to++, QUOTE as u8);
  to = copyBytes(to, key, length);
  store<u32>(to, KEY_END);
  return to + KEY_END_BYTES;
}

/** endTag ends the tag whose value was written up to `at`; 0 when it could not be. */
export function endTag(at: i32): bool {
  if (at === 0) return false;
  store<u8>(at, QUOTE as u8);
  to = at + 1;
  return true;
}

export function addTextTag(key: i32, keyEnd: i32, text: i32, textEnd: i32, special: i32): bool {
  const at = beginTag(key, keyEnd, special);
  return at !== 0 && endTag(writeText(at, text, textEnd));
}

export function finishLine(level: i32, linesOffset: i32): void {
  store<u32>(to, LINE_END);
  addLine(
    to + LINE_END_BYTES,
    tagsStart,
    lineMs as f64,
    lineSubMsNs,
    sharedWord(SHARED_SERVICE_NUMBER),
    level,
    linesOffset,
  );
}

/** ASCII without controls and without what JSON escapes. */
function isPlainName(at: i32, end: i32): bool {
  while (at < end) {
    const bytes = v128.load(at);
    const stops = v128.or(
      v128.or(i8x16.lt_s(bytes, i8x16.splat(32)), i8x16.eq(bytes, i8x16.splat(127))),
      v128.or(i8x16.eq(bytes, i8x16.splat(34)), i8x16.eq(bytes, i8x16.splat(92))),
    );
    if ((i8x16.bitmask(stops) & ((1 << min(end - at, 16)) - 1)) !== 0) return false;
    at += 16;
  }
  return true;
}

function hasKey(key: i32, length: i32): bool {
  const end = COMPOSED_KEYS_AT + keys * 8;
  for (let other: i32 = COMPOSED_KEYS_AT; other < end; other += 8) {
    const otherKey = load<i32>(other);
    if (load<i32>(other, 4) - otherKey === length && isSame(otherKey, key, length)) return true;
  }
  return false;
}
