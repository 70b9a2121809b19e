import { MAX_LEVEL_ORIGINAL_BYTES } from "../ingest/entry-limits";
import { copyBytes } from "./bytes";
import { addTextTag, beginLine, beginTag, endTag, finishLine, hasLineRoom } from "./compose-line";
import {
  ATTRIBUTES_AT,
  BEHIND_RECORD,
  CUT,
  FULL,
  LEVELS_AT,
  MAX_COMPOSED_BYTES,
  MAX_COMPOSED_TAGS,
  NOT_CANONICAL,
  SEVERITY_AT,
  SPECIAL_TRACE,
  UNKNOWN_LEVEL_NAME,
} from "./layout";
import { stop, unknownName } from "./lines";
import { findName } from "./names";
import { mayBeOpened } from "./open-line";
import { delimitedEnd, fieldStart, isOnlyField, varintEnd, varintValue } from "./protobuf";
import { writeHex, writeInteger } from "./write-text";

/*
 * ScopeLogs{2 log_records}, LogRecord{1 time, 2 severity number, 3 severity text, 5 body, 6 attributes, 7 dropped, 8 flags,
 * 9 trace id, 10 span id, 11 observed time}, KeyValue{1 key, 2 value}, AnyValue{1 string, 2 bool, 3 int64}.
 * The tags of protobuf: the number of the field times eight plus its wire type.
 */
const LOG_RECORDS: i32 = 18;
const TIME: i32 = 9;
const SEVERITY_NUMBER: i32 = 16;
const SEVERITY_TEXT: i32 = 26;
const BODY: i32 = 42;
const ATTRIBUTES: i32 = 50;
const DROPPED: i32 = 56;
const FLAGS: i32 = 69;
const TRACE_ID: i32 = 74;
const SPAN_ID: i32 = 82;
const OBSERVED_TIME: i32 = 89;
const KEY: i32 = 10;
const VALUE: i32 = 18;
const STRING: i32 = 10;
const BOOL: i32 = 16;
const INT64: i32 = 24;

const MAX_SEVERITY: i32 = 24;
const NS_PER_MS: u64 = 1_000_000;
const MAX_ID_BYTES: i32 = 32;
const TRACE_ID_KEY = memory.data<u8>([116, 114, 97, 99, 101, 95, 105, 100, 0, 0, 0, 0, 0, 0, 0, 0]) as i32;
const TRACE_ID_KEY_BYTES: i32 = 8;
const SPAN_ID_KEY = memory.data<u8>([115, 112, 97, 110, 95, 105, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0]) as i32;
const SPAN_ID_KEY_BYTES: i32 = 7;
/** `true` and `fals`, little-endian. */
const TRUE: u32 = 0x65757274;
const FALS: u32 = 0x736c6166;
const LETTER_E: u8 = 101;

/**
 * decodeLogRecords takes the records that follow each other from `at` on, as long as they are what senders usually write.
 * It returns why it stopped, and leaves where in the stop words: BEHIND_RECORD at `end`. `opens` says whether texts that
 * may be JSON or logfmt are left to be opened; `linesOffset` and `latestMs` are as in decodeLines.
 */
export function decodeLogRecords(at: i32, end: i32, opens: bool, linesOffset: i32, latestMs: f64): i32 {
  while (at < end) {
    if (load<u8>(at) !== LOG_RECORDS) return stop(at, NOT_CANONICAL);
    const next = delimitedEnd(at + 1, end);
    if (next === 0) return stop(at, CUT);
    const reason = takeLogRecord(fieldStart, next, opens, linesOffset, latestMs);
    if (reason !== BEHIND_RECORD) return stop(at, reason);
    at = next;
  }
  return stop(at, BEHIND_RECORD);
}

function takeLogRecord(start: i32, end: i32, opens: bool, linesOffset: i32, latestMs: f64): i32 {
  if (end - start > MAX_COMPOSED_BYTES) return NOT_CANONICAL;
  let time: u64 = 0;
  let observedTime: u64 = 0;
  let severity: i32 = 0;
  let severityText: i32 = 0;
  let severityTextEnd: i32 = 0;
  let body: i32 = 0;
  let bodyEnd: i32 = 0;
  let traceId: i32 = 0;
  let traceIdEnd: i32 = 0;
  let spanId: i32 = 0;
  let spanIdEnd: i32 = 0;
  let attributes: i32 = 0;
  let at = start;
  while (at < end) {
    const tag: i32 = load<u8>(at++);
    switch (tag) {
      case TIME:
        time = load<u64>(at);
        at += 8;
        break;
      case OBSERVED_TIME:
        observedTime = load<u64>(at);
        at += 8;
        break;
      case FLAGS:
        at += 4;
        break;
      case SEVERITY_NUMBER:
        severity = load<u8>(at++);
        if (severity > MAX_SEVERITY) return NOT_CANONICAL;
        break;
      case DROPPED:
        at = varintEnd(at, end);
        if (at === 0) return NOT_CANONICAL;
        break;
      default: {
        const fieldEnd = delimitedEnd(at, end);
        if (fieldEnd === 0) return NOT_CANONICAL;
        at = fieldEnd;
        switch (tag) {
          case SEVERITY_TEXT:
            severityText = fieldStart;
            severityTextEnd = fieldEnd;
            break;
          case BODY:
            body = fieldStart;
            bodyEnd = fieldEnd;
            break;
          case ATTRIBUTES:
            if (attributes === MAX_COMPOSED_TAGS) return NOT_CANONICAL;
            store<i32>(ATTRIBUTES_AT + attributes * 8, fieldStart);
            store<i32>(ATTRIBUTES_AT + attributes * 8, fieldEnd, 4);
            attributes++;
            break;
          case TRACE_ID:
            traceId = fieldStart;
            traceIdEnd = fieldEnd;
            break;
          case SPAN_ID:
            spanId = fieldStart;
            spanIdEnd = fieldEnd;
            break;
          default:
            return NOT_CANONICAL;
        }
      }
    }
  }
  if (at !== end) return NOT_CANONICAL;
  if (time === 0) time = observedTime;
  const ms = time / NS_PER_MS;
  if (time === 0 || (ms as f64) > latestMs) return NOT_CANONICAL;
  if (!isOnlyField(body, bodyEnd, STRING)) return NOT_CANONICAL;
  const text = fieldStart;
  if (opens && mayBeOpened(text, bodyEnd)) return NOT_CANONICAL;
  if (!hasLineRoom(end - start)) return FULL;

  const severityTextBytes = severityTextEnd - severityText;
  if (severityTextBytes > MAX_LEVEL_ORIGINAL_BYTES) return NOT_CANONICAL;
  // The number is below every byte that a level of JSON begins with, so both have their levels in one table.
  store<u8>(SEVERITY_AT, severity as u8);
  copyBytes(SEVERITY_AT + 1, severityText, severityTextBytes);
  const level = findName(LEVELS_AT, SEVERITY_AT, severityTextBytes + 1, 0);
  if (level === 0) return unknownName(UNKNOWN_LEVEL_NAME, SEVERITY_AT, severityTextBytes + 1);

  const subMsNs = (time - ms * NS_PER_MS) as u32;
  if (!beginLine(ms, subMsNs, load<i32>(level, 8), load<i32>(level, 12), text, bodyEnd)) return NOT_CANONICAL;
  for (let i = 0; i < attributes; i++) {
    if (!addAttribute(load<i32>(ATTRIBUTES_AT + i * 8), load<i32>(ATTRIBUTES_AT + i * 8, 4))) return NOT_CANONICAL;
  }
  if (!addId(TRACE_ID_KEY, TRACE_ID_KEY_BYTES, traceId, traceIdEnd)) return NOT_CANONICAL;
  if (!addId(SPAN_ID_KEY, SPAN_ID_KEY_BYTES, spanId, spanIdEnd)) return NOT_CANONICAL;
  finishLine(load<i32>(level, 16), linesOffset);
  return BEHIND_RECORD;
}

function addAttribute(at: i32, end: i32): bool {
  if (at >= end || load<u8>(at) !== KEY) return false;
  const keyEnd = delimitedEnd(at + 1, end);
  const key = fieldStart;
  if (keyEnd === 0 || !isOnlyField(keyEnd, end, VALUE)) return false;
  const value = fieldStart;
  if (value >= end) return false;
  const type: i32 = load<u8>(value);
  switch (type) {
    case STRING:
      return isOnlyField(value, end, STRING) && addTextTag(key, keyEnd, fieldStart, end, SPECIAL_TRACE);
    case BOOL: {
      const flag: i32 = load<u8>(value, 1);
      if (value + 2 !== end || flag > 1) return false;
      const to = beginTag(key, keyEnd, SPECIAL_TRACE);
      if (to === 0) return false;
      store<u32>(to, flag === 1 ? TRUE : FALS);
      store<u8>(to, LETTER_E, 4);
      return endTag(flag === 1 ? to + 4 : to + 5);
    }
    case INT64: {
      if (varintEnd(value + 1, end) !== end) return false;
      const to = beginTag(key, keyEnd, SPECIAL_TRACE);
      return to !== 0 && endTag(writeInteger(to, varintValue as i64));
    }
    default:
      return false;
  }
}

/** An id of zeros is how some senders say that there is none. */
function addId(key: i32, keyBytes: i32, id: i32, idEnd: i32): bool {
  if (idEnd - id > MAX_ID_BYTES) return false;
  let isThere = false;
  for (let at = id; at < idEnd; at++) if (load<u8>(at) !== 0) isThere = true;
  if (!isThere) return true;
  const to = beginTag(key, key + keyBytes, 0);
  return to !== 0 && endTag(writeHex(to, id, idEnd));
}
