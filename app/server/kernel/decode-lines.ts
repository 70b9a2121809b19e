import { MAX_FIELDS_BYTES, MAX_SERVICE_BYTES, MAX_TAG_KEY_BYTES } from "../ingest/entry-limits";
import { BACKSLASH, COMMA, QUOTE, copyBytes, isSame, nameEnd, skipSpaces, textEnd } from "./bytes";
import {
  BEHIND_RECORD,
  CUT,
  FULL,
  LEVELS_AT,
  MAX_SCANNED_TAGS,
  MAX_SEGMENT_BYTES,
  NOT_CANONICAL,
  SERVICES_AT,
  TAG_KEYS_AT,
  UNKNOWN_LEVEL_NAME,
  UNKNOWN_SERVICE_NAME,
} from "./layout";
import { addLine, hasRoom, linesEnd, stop, unknownName } from "./lines";
import { findName } from "./names";
import { readTimestamp, timestampMs, timestampSubMsNs } from "./timestamp";

const COLON: i32 = 58;
const OPEN_BRACE: i32 = 123;
const CLOSE_BRACE: i32 = 125;
const LF: i32 = 10;

/** The field names as little-endian words: `timestam`, `service"`, `message"`, `leve`, `tags`. */
const TIMESTAM: u64 = 0x6d617473656d6974;
const SERVICE_QUOTE: u64 = 0x2265636976726573;
const MESSAGE_QUOTE: u64 = 0x226567617373656d;
const LEVE: i32 = 0x6576656c;
const TAGS: i32 = 0x73676174;
const LETTER_P: i32 = 112;
const LETTER_L: i32 = 108;

/** Lengths of `{"timestamp":"`, `","service":"`, `","level":"`, `","message":"` and `","tags":`. */
const LINE_START_BYTES: i32 = 14;
const SERVICE_START_BYTES: i32 = 13;
const LEVEL_START_BYTES: i32 = 11;
const MESSAGE_START_BYTES: i32 = 13;
const TAGS_START_BYTES: i32 = 9;
/** `{"timestamp":"` and `","tags":{}`, filled up to sixteen bytes. */
const LINE_START_TEXT = memory.data<u8>([123, 34, 116, 105, 109, 101, 115, 116, 97, 109, 112, 34, 58, 34, 0, 0]) as i32;
const TAGS_START_TEXT = memory.data<u8>([34, 44, 34, 116, 97, 103, 115, 34, 58, 123, 125, 0, 0, 0, 0, 0]) as i32;

/**
 * decodeLines takes records from the one at `at` on as long as they need no normalising beyond their level, and writes
 * their canonical lines and columns. Records follow each other directly or, in an array, behind commas. It returns why
 * it stopped, and leaves where in the stop words. `linesOffset` is what the caller holds of the block already;
 * `latestMs` is the latest time that is not refused.
 */
export function decodeLines(at: i32, end: i32, isInArray: bool, linesOffset: i32, generation: i32, latestMs: f64): i32 {
  while (true) {
    const next = takeRecord(at, end, linesOffset, generation, latestMs);
    if (next <= UNKNOWN_LEVEL_NAME) return stop(at, next);
    let following = skipSpaces(next, end);
    if (isInArray) {
      if (following >= end || load<u8>(following) !== COMMA) return stop(next, BEHIND_RECORD);
      following = skipSpaces(following + 1, end);
    }
    if (following >= end || load<u8>(following) !== OPEN_BRACE) return stop(next, BEHIND_RECORD);
    at = following;
  }
}

/** A fault that lies behind the end is none of the record's. */
function fault(at: i32, end: i32): i32 {
  return at >= end ? CUT : NOT_CANONICAL;
}

/**
 * takeRecord proves, byte by byte, that an object has only the five fields of the contract as strings, each at most
 * once, strings spelled as JSON.stringify spells them, tags flat, compact and of strings, names and sizes within the
 * limits; then it writes the line. It returns the position behind the object, or why it did not take it. That the bytes
 * are UTF-8 was checked before.
 */
function takeRecord(object: i32, end: i32, linesOffset: i32, generation: i32, latestMs: f64): i32 {
  let timestampStart: i32 = 0;
  let timestampEnd: i32 = 0;
  let serviceStart: i32 = 0;
  let serviceEnd: i32 = 0;
  let levelStart: i32 = 0;
  let levelEnd: i32 = 0;
  let messageStart: i32 = 0;
  let messageEnd: i32 = 0;
  let tagsStart: i32 = 0;
  let tagsEnd: i32 = 0;
  let at = object + 1;
  while (true) {
    at = skipSpaces(at, end);
    if (load<u8>(at) !== QUOTE) return fault(at, end);
    const key = at + 1;
    const keyEnd = nameEnd(key, end);
    if (keyEnd >= end || load<u8>(keyEnd) !== QUOTE) return fault(keyEnd, end);
    at = skipSpaces(keyEnd + 1, end);
    if (load<u8>(at) !== COLON) return fault(at, end);
    at = skipSpaces(at + 1, end);
    const keyLength = keyEnd - key;
    if (keyLength === 4 && load<i32>(key) === TAGS) {
      if (tagsEnd !== 0) return NOT_CANONICAL;
      tagsStart = at;
      at = tagsEnd = scanTags(at, end);
      if (at <= CUT) return at;
      if (at - tagsStart > MAX_FIELDS_BYTES / 2) return NOT_CANONICAL;
    } else {
      if (load<u8>(at) !== QUOTE) return fault(at, end);
      const start = at + 1;
      if (keyLength === 7 && load<u64>(key) === MESSAGE_QUOTE) {
        at = plainTextEnd(start, end);
        if (at <= CUT) return at;
        if (messageEnd !== 0) return NOT_CANONICAL;
        messageStart = start;
        messageEnd = at;
      } else {
        at = nameEnd(start, end);
        if (at >= end || load<u8>(at) !== QUOTE) return fault(at, end);
        if (at === start || at - start > MAX_SERVICE_BYTES) return NOT_CANONICAL;
        if (keyLength === 9 && load<u64>(key) === TIMESTAM && load<u8>(key, 8) === LETTER_P) {
          if (timestampEnd !== 0) return NOT_CANONICAL;
          timestampStart = start;
          timestampEnd = at;
        } else if (keyLength === 7 && load<u64>(key) === SERVICE_QUOTE) {
          if (serviceEnd !== 0) return NOT_CANONICAL;
          serviceStart = start;
          serviceEnd = at;
        } else if (keyLength === 5 && load<i32>(key) === LEVE && load<u8>(key, 4) === LETTER_L) {
          if (levelEnd !== 0) return NOT_CANONICAL;
          levelStart = start;
          levelEnd = at;
        } else return NOT_CANONICAL;
      }
      at++;
    }
    at = skipSpaces(at, end);
    const next: i32 = load<u8>(at);
    if (next === CLOSE_BRACE) break;
    if (next !== COMMA) return fault(at, end);
    at++;
  }
  at++;
  if (at > end) return CUT;
  if (messageEnd === 0 || timestampEnd === 0) return NOT_CANONICAL;
  if (!readTimestamp(timestampStart, timestampEnd)) return NOT_CANONICAL;
  if (timestampMs < 0 || timestampMs > latestMs) return NOT_CANONICAL;
  if (!hasRoom(at - object + 2 * MAX_SEGMENT_BYTES)) return FULL;

  const service = findName(SERVICES_AT, serviceStart, serviceEnd - serviceStart, generation);
  if (service === 0) return unknownName(UNKNOWN_SERVICE_NAME, serviceStart, serviceEnd - serviceStart);
  const level = findName(LEVELS_AT, levelStart, levelEnd - levelStart, 0);
  if (level === 0) return unknownName(UNKNOWN_LEVEL_NAME, levelStart, levelEnd - levelStart);

  // Senders mostly write the fields in our order and without spaces. Then the distances show that what lies between two
  // parts is what we would write, and one copy does for all of them.
  const isHeadOurs =
    timestampStart - object === LINE_START_BYTES && serviceStart - timestampEnd === SERVICE_START_BYTES;
  const isLevelOurs =
    load<i32>(level, 28) !== 0 &&
    levelStart - serviceEnd === LEVEL_START_BYTES &&
    messageStart - levelEnd === MESSAGE_START_BYTES;
  const isTailOurs = tagsStart - messageEnd === TAGS_START_BYTES;
  let to = linesEnd;
  let ownTagsStart: i32;
  if (isHeadOurs && isLevelOurs && isTailOurs) {
    ownTagsStart = to + (tagsStart - object);
    to = copyBytes(to, object, tagsEnd - object);
  } else {
    if (isHeadOurs) to = copyBytes(to, object, serviceEnd - object);
    else {
      to = copyBytes(to, LINE_START_TEXT, LINE_START_BYTES);
      to = copyBytes(to, timestampStart, timestampEnd - timestampStart);
      to = copyBytes(to, load<i32>(service, 8), load<i32>(service, 12));
    }
    to = copyBytes(to, load<i32>(level, 8), load<i32>(level, 12));
    if (isTailOurs) {
      ownTagsStart = to + (tagsStart - messageStart);
      to = copyBytes(to, messageStart, tagsEnd - messageStart);
    } else {
      to = copyBytes(to, messageStart, messageEnd - messageStart);
      ownTagsStart = to + TAGS_START_BYTES;
      // With the braces of no tags at all behind it.
      to = copyBytes(to, TAGS_START_TEXT, TAGS_START_BYTES + 2);
      if (tagsEnd !== 0) to = copyBytes(ownTagsStart, tagsStart, tagsEnd - tagsStart);
    }
  }
  store<u8>(to, CLOSE_BRACE as u8);
  store<u8>(to, LF as u8, 1);
  addLine(
    to + 2,
    ownTagsStart,
    timestampMs,
    timestampSubMsNs,
    load<i32>(service, 16),
    load<i32>(level, 16),
    linesOffset,
  );
  return at;
}

/** plainTextEnd is the position of the closing quote, or why not: an escape or byte that we would spell differently. */
function plainTextEnd(at: i32, end: i32): i32 {
  at = textEnd(at, end);
  while (at < end && load<u8>(at) === BACKSLASH) {
    if (!isSameEscape(load<u8>(at, 1))) return fault(at + 1, end);
    at = textEnd(at + 2, end);
  }
  return at < end && load<u8>(at) === QUOTE ? at : fault(at, end);
}

/** The escapes that JSON.stringify writes too: `\" \\ \b \f \n \r \t`. */
function isSameEscape(byte: i32): bool {
  return (
    byte === QUOTE || byte === BACKSLASH || byte === 110 || byte === 116 || byte === 114 || byte === 98 || byte === 102
  );
}

/** scanTags is the position behind the tags' closing brace, or why not. More tags than it notes take the general path. */
function scanTags(at: i32, end: i32): i32 {
  if (load<u8>(at) !== OPEN_BRACE) return fault(at, end);
  at++;
  if (load<u8>(at) === CLOSE_BRACE) return at + 1;
  for (let tags: i32 = 0; tags < MAX_SCANNED_TAGS; tags++) {
    if (load<u8>(at) !== QUOTE) return fault(at, end);
    const key = at + 1;
    const keyEnd = nameEnd(key, end);
    if (keyEnd >= end || load<u8>(keyEnd) !== QUOTE) return fault(keyEnd, end);
    if (keyEnd === key || keyEnd - key > MAX_TAG_KEY_BYTES) return NOT_CANONICAL;
    const note = TAG_KEYS_AT + tags * 8;
    for (let other: i32 = TAG_KEYS_AT; other < note; other += 8) {
      const otherKey = load<i32>(other);
      if (load<i32>(other, 4) - otherKey === keyEnd - key && isSame(otherKey, key, keyEnd - key)) return NOT_CANONICAL;
    }
    store<i32>(note, key);
    store<i32>(note, keyEnd, 4);
    if (load<u8>(keyEnd, 1) !== COLON || load<u8>(keyEnd, 2) !== QUOTE) return fault(keyEnd + 2, end);
    at = plainTextEnd(keyEnd + 3, end);
    if (at <= CUT) return at;
    at++;
    const next: i32 = load<u8>(at);
    at++;
    if (next === CLOSE_BRACE) return at;
    if (next !== COMMA) return fault(at - 1, end);
  }
  return NOT_CANONICAL;
}
