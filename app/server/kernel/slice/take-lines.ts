import { COMMA, QUOTE, copyBytes, isSame, stringEnd } from "../bytes";
import { timestampMs, timestampSubMsNs } from "../timestamp";
import {
  FIRST_PROMOTED_COLUMN,
  FIRST_NS_AT,
  FROM_ID_AT,
  FROM_MS_AT,
  FROM_SUB_MS_NS_AT,
  ID_AT,
  ID_BYTES,
  ID_INDEX_BYTES,
  ID_INDEX_COLUMN,
  ID_REQUEST_BYTES,
  ID_REQUEST_COLUMN,
  KEYS,
  KEY_COUNT,
  LAST_NS_AT,
  LEVEL_COLUMN,
  LEVEL_ORIGINAL_COLUMN,
  LINES_END,
  LINES_LIMIT,
  LONGEST_LINE,
  MAX_ROWS,
  MESSAGE_COLUMN,
  NOT_AS_SAID,
  REST_COLUMN,
  REST_END,
  ROWS,
  ROW_BYTES,
  ROW_LINE,
  ROW_NS,
  ROW_TABLE,
  SERVICE_COLUMN,
  TAKEN,
  TOO_LARGE,
  TO_ID_AT,
  TO_MS_AT,
  TO_SUB_MS_NS_AT,
} from "./layout";
import { setWord, word } from "./slice-words";
import { lineFeed, readLineTime } from "./survey-lines";
import { takeText } from "./texts";
import { addWords } from "./words";

const OPEN_BRACE: i32 = 123;
const CLOSE_BRACE: i32 = 125;
const LETTER_L: i32 = 108;

/** Lengths of `","service":"`, `","level":"`, `","levelOriginal":"`, `","message":"` and `","tags":`. */
const SERVICE_START_BYTES: i32 = 13;
const LEVEL_START_BYTES: i32 = 11;
const LEVEL_ORIGINAL_START_BYTES: i32 = 19;
const MESSAGE_START_BYTES: i32 = 13;
const TAGS_START_BYTES: i32 = 9;

/** takeLines takes those of the stored lines in `[at, end)` that belong to the slice. */
export function takeLines(at: i32, end: i32): i32 {
  while (at < end) {
    const next = lineFeed(at, end) + 1;
    const timeEnd = readLineTime(at);
    if (timeEnd === 0) return NOT_AS_SAID;
    if (!isBefore(at, FROM_MS_AT, FROM_SUB_MS_NS_AT, FROM_ID_AT) && isBefore(at, TO_MS_AT, TO_SUB_MS_NS_AT, TO_ID_AT)) {
      if (word(ROWS) === word(MAX_ROWS)) return NOT_AS_SAID;
      if (word(LINES_END) + next - at > word(LINES_LIMIT)) return TOO_LARGE;
      takeLine(at, timeEnd, next);
    }
    at = next;
  }
  return TAKEN;
}

/** isBefore compares the line whose time was read last with a key. */
function isBefore(line: i32, ms: i32, subMsNs: i32, id: i32): bool {
  if (timestampMs !== load<f64>(ms)) return timestampMs < load<f64>(ms);
  if (timestampSubMsNs !== load<u32>(subMsNs)) return timestampSubMsNs < load<u32>(subMsNs);
  return memory.compare(line + ID_AT, id, ID_BYTES) < 0;
}

function takeLine(source: i32, sourceTimeEnd: i32, sourceEnd: i32): void {
  const line = word(LINES_END);
  const row = word(ROWS);
  const known = word(ROW_TABLE) + row * ROW_BYTES;
  const lineEnd = copyBytes(line, source, sourceEnd - source);
  setWord(LINES_END, lineEnd);
  setWord(ROWS, row + 1);
  const ns = (timestampMs as i64) * 1_000_000 + timestampSubMsNs;
  store<i64>(known, ns, ROW_NS);
  store<i32>(known, line, ROW_LINE);
  store<i64>(FIRST_NS_AT, min(load<i64>(FIRST_NS_AT), ns));
  store<i64>(LAST_NS_AT, max(load<i64>(LAST_NS_AT), ns));
  setWord(LONGEST_LINE, max(word(LONGEST_LINE), sourceEnd - source));
  takeText(ID_REQUEST_COLUMN, row, line + ID_AT, ID_REQUEST_BYTES);
  takeText(ID_INDEX_COLUMN, row, line + ID_AT + ID_REQUEST_BYTES + 1, ID_INDEX_BYTES);
  let at = line + (sourceTimeEnd - source) + SERVICE_START_BYTES;
  let end = stringEnd(at, lineEnd);
  takeText(SERVICE_COLUMN, row, at, end - at);
  at = end + LEVEL_START_BYTES;
  end = stringEnd(at, lineEnd);
  takeText(LEVEL_COLUMN, row, at, end - at);
  if (load<u8>(end + 3) === LETTER_L) {
    at = end + LEVEL_ORIGINAL_START_BYTES;
    end = stringEnd(at, lineEnd);
    takeText(LEVEL_ORIGINAL_COLUMN, row, at, end - at);
  }
  at = end + MESSAGE_START_BYTES;
  end = stringEnd(at, lineEnd);
  if (takeText(MESSAGE_COLUMN, row, at, end - at)) addWords(at, end);
  takeTags(row, end + TAGS_START_BYTES, lineEnd);
}

/** takeTags takes the tags whose opening brace is at `at`: those without a column together, spelled as they are. */
function takeTags(row: i32, at: i32, end: i32): void {
  at++;
  if (load<u8>(at) !== QUOTE) return;
  const rest = word(REST_END);
  let restEnd = rest;
  // Lines of one service list their tags in one order, which is often that of the keys.
  let expected = 0;
  while (true) {
    const key = at + 1;
    const keyEnd = stringEnd(key, end);
    const value = keyEnd + 3;
    const valueEnd = stringEnd(value, end);
    const promoted = promotedKey(key, keyEnd - key, expected);
    if (promoted === -1) {
      store<u8>(restEnd, restEnd === rest ? OPEN_BRACE : COMMA);
      restEnd = copyBytes(restEnd + 1, at, valueEnd + 1 - at);
    } else {
      takeText(FIRST_PROMOTED_COLUMN + promoted, row, value, valueEnd - value);
      expected = promoted + 1;
    }
    at = valueEnd + 1;
    if (load<u8>(at) !== COMMA) break;
    at++;
  }
  if (restEnd === rest) return;
  store<u8>(restEnd++, CLOSE_BRACE);
  if (takeText(REST_COLUMN, row, rest, restEnd - rest)) setWord(REST_END, restEnd);
}

/** promotedKey returns the number of a key, which lies in a line, or -1. */
function promotedKey(key: i32, length: i32, expected: i32): i32 {
  const keys = word(KEYS);
  const count = word(KEY_COUNT);
  if (expected < count && isKey(keys + expected * 8, key, length)) return expected;
  for (let i = 0; i < count; i++) if (isKey(keys + i * 8, key, length)) return i;
  return -1;
}

function isKey(place: i32, key: i32, length: i32): bool {
  return load<i32>(place, 4) === length && isSame(load<i32>(place), key, length);
}
