import { addTextTag, beginLine, finishLine, hasLineRoom, sharedWord } from "./compose-line";
import {
  ATTRIBUTES_AT,
  BEHIND_RECORD,
  CUT,
  FULL,
  MAX_COMPOSED_BYTES,
  MAX_COMPOSED_TAGS,
  NOT_CANONICAL,
  SHARED_LEVEL_AT,
  SHARED_LEVEL_BYTES,
  SHARED_LEVEL_NUMBER,
} from "./layout";
import { stop } from "./lines";
import { mayBeOpened } from "./open-line";
import { delimitedEnd, fieldStart, isOnlyField, varintEnd, varintValue } from "./protobuf";

/*
 * Stream{2 entries}, Entry{1 Timestamp{1 seconds, 2 nanos}, 2 line, 3 structured metadata {1 name, 2 value}}.
 * The tags of protobuf: the number of the field times eight plus its wire type.
 */
const ENTRIES: i32 = 18;
const TIMESTAMP: i32 = 10;
const LINE: i32 = 18;
const METADATA: i32 = 26;
const SECONDS: i32 = 8;
const NANOS: i32 = 16;
const NAME: i32 = 10;
const VALUE: i32 = 18;

const NS_PER_MS: u64 = 1_000_000;
const NS_PER_SECOND: u64 = 1_000_000_000;
/** Far beyond every time that is taken. */
const MAX_SECONDS: u64 = 0xffffffffff;

let seconds: u64 = 0;
let nanos: u64 = 0;

/** decodeStreamEntries is decodeLogRecords for the entries of one stream; `special` are the flags of names not to be taken. */
export function decodeStreamEntries(
  at: i32,
  end: i32,
  opens: bool,
  linesOffset: i32,
  latestMs: f64,
  special: i32,
): i32 {
  while (at < end) {
    if (load<u8>(at) !== ENTRIES) return stop(at, NOT_CANONICAL);
    const next = delimitedEnd(at + 1, end);
    if (next === 0) return stop(at, CUT);
    const reason = takeEntry(fieldStart, next, opens, linesOffset, latestMs, special);
    if (reason !== BEHIND_RECORD) return stop(at, reason);
    at = next;
  }
  return stop(at, BEHIND_RECORD);
}

function takeEntry(start: i32, end: i32, opens: bool, linesOffset: i32, latestMs: f64, special: i32): i32 {
  if (end - start > MAX_COMPOSED_BYTES) return NOT_CANONICAL;
  let line: i32 = 0;
  let lineEnd: i32 = 0;
  let pairs: i32 = 0;
  seconds = 0;
  nanos = 0;
  let at = start;
  while (at < end) {
    const tag: i32 = load<u8>(at);
    at = delimitedEnd(at + 1, end);
    if (at === 0) return NOT_CANONICAL;
    if (tag === TIMESTAMP) {
      if (!readTimestamp(fieldStart, at)) return NOT_CANONICAL;
    } else if (tag === LINE) {
      line = fieldStart;
      lineEnd = at;
    } else if (tag === METADATA && pairs < MAX_COMPOSED_TAGS) {
      store<i32>(ATTRIBUTES_AT + pairs * 8, fieldStart);
      store<i32>(ATTRIBUTES_AT + pairs * 8, at, 4);
      pairs++;
    } else return NOT_CANONICAL;
  }
  const ms = seconds * 1000 + nanos / NS_PER_MS;
  if ((ms as f64) > latestMs) return NOT_CANONICAL;
  if (opens && mayBeOpened(line, lineEnd)) return NOT_CANONICAL;
  if (!hasLineRoom(end - start)) return FULL;

  const subMsNs = (nanos % NS_PER_MS) as u32;
  if (!beginLine(ms, subMsNs, SHARED_LEVEL_AT, sharedWord(SHARED_LEVEL_BYTES), line, lineEnd)) return NOT_CANONICAL;
  for (let i = 0; i < pairs; i++) {
    if (!addPair(load<i32>(ATTRIBUTES_AT + i * 8), load<i32>(ATTRIBUTES_AT + i * 8, 4), special)) return NOT_CANONICAL;
  }
  finishLine(sharedWord(SHARED_LEVEL_NUMBER), linesOffset);
  return BEHIND_RECORD;
}

function readTimestamp(at: i32, end: i32): bool {
  while (at < end) {
    const tag: i32 = load<u8>(at);
    at = varintEnd(at + 1, end);
    if (at === 0) return false;
    if (tag === SECONDS) seconds = varintValue;
    else if (tag === NANOS) nanos = varintValue;
    else return false;
  }
  return seconds <= MAX_SECONDS && nanos < NS_PER_SECOND;
}

function addPair(at: i32, end: i32, special: i32): bool {
  if (at >= end || load<u8>(at) !== NAME) return false;
  const nameEnd = delimitedEnd(at + 1, end);
  const name = fieldStart;
  return nameEnd !== 0 && isOnlyField(nameEnd, end, VALUE) && addTextTag(name, nameEnd, fieldStart, end, special);
}
