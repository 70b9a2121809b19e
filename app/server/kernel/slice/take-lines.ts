import { COMMA, QUOTE, copyBytes, isSame, stringEnd } from "../bytes";
import { timestampMs, timestampSubMsNs } from "../timestamp";
import {
  FROM_ID_AT,
  FROM_MS_AT,
  FROM_SUB_MS_NS_AT,
  ID_AT,
  ID_BYTES,
  KEYS,
  KEY_COUNT,
  LINES_END,
  LINES_LIMIT,
  MAX_ROWS,
  ROWS,
  ROW_BYTES,
  ROW_HAS_REST,
  ROW_LEVEL,
  ROW_LEVEL_ORIGINAL,
  ROW_LINE,
  ROW_MESSAGE,
  ROW_MS,
  ROW_SERVICE,
  ROW_SERVICE_NUMBER,
  ROW_SUB_MS_NS,
  ROW_TABLE,
  ROW_TAGS,
  ROW_VALUE_NUMBER,
  SERVICE_NAMES_AT,
  SORT_KEY,
  TO_ID_AT,
  TO_MS_AT,
  TO_SUB_MS_NS_AT,
  VALUES,
  VALUE_NAMES_AT,
} from "./layout";
import { numberOf } from "./names";
import { setWord, word } from "./slice-words";
import { lineFeed, readLineTime } from "./survey-lines";
import { addWords } from "./words";

const LETTER_L: i32 = 108;

/** Lengths of `","service":"`, `","level":"`, `","levelOriginal":"`, `","message":"` and `","tags":`. */
const SERVICE_START_BYTES: i32 = 13;
const LEVEL_START_BYTES: i32 = 11;
const LEVEL_ORIGINAL_START_BYTES: i32 = 19;
const MESSAGE_START_BYTES: i32 = 13;
const TAGS_START_BYTES: i32 = 9;

/** takeLines takes those of the stored lines in `[at, end)` that belong to the slice. False when there are more than were announced. */
export function takeLines(at: i32, end: i32): bool {
  while (at < end) {
    const next = lineFeed(at, end) + 1;
    const timeEnd = readLineTime(at);
    if (timeEnd === 0) return false;
    if (!isBefore(at, FROM_MS_AT, FROM_SUB_MS_NS_AT, FROM_ID_AT) && isBefore(at, TO_MS_AT, TO_SUB_MS_NS_AT, TO_ID_AT)) {
      if (word(ROWS) === word(MAX_ROWS) || word(LINES_END) + next - at > word(LINES_LIMIT)) return false;
      takeLine(at, timeEnd, next);
    }
    at = next;
  }
  return true;
}

/** isBefore compares the line whose time was read last with a key. */
function isBefore(line: i32, ms: i32, subMsNs: i32, id: i32): bool {
  if (timestampMs !== load<f64>(ms)) return timestampMs < load<f64>(ms);
  if (timestampSubMsNs !== load<u32>(subMsNs)) return timestampSubMsNs < load<u32>(subMsNs);
  return memory.compare(line + ID_AT, id, ID_BYTES) < 0;
}

function takeLine(source: i32, sourceTimeEnd: i32, sourceEnd: i32): void {
  const line = word(LINES_END);
  const rows = word(ROWS);
  const row = word(ROW_TABLE) + rows * ROW_BYTES;
  const lineEnd = copyBytes(line, source, sourceEnd - source);
  setWord(LINES_END, lineEnd);
  setWord(ROWS, rows + 1);
  store<f64>(row, timestampMs, ROW_MS);
  store<u32>(row, timestampSubMsNs, ROW_SUB_MS_NS);
  store<i32>(row, line, ROW_LINE);
  let at = line + (sourceTimeEnd - source) + SERVICE_START_BYTES;
  let end = stringEnd(at, lineEnd);
  storePlace(row + ROW_SERVICE, at, end);
  store<i32>(row, numberOf(SERVICE_NAMES_AT, at, end - at), ROW_SERVICE_NUMBER);
  at = end + LEVEL_START_BYTES;
  end = stringEnd(at, lineEnd);
  storePlace(row + ROW_LEVEL, at, end);
  if (load<u8>(end + 3) === LETTER_L) {
    at = end + LEVEL_ORIGINAL_START_BYTES;
    end = stringEnd(at, lineEnd);
    storePlace(row + ROW_LEVEL_ORIGINAL, at, end);
  } else storePlace(row + ROW_LEVEL_ORIGINAL, 0, 0);
  at = end + MESSAGE_START_BYTES;
  end = stringEnd(at, lineEnd);
  storePlace(row + ROW_MESSAGE, at, end);
  addWords(at, end);
  at = end + TAGS_START_BYTES;
  storePlace(row + ROW_TAGS, at, lineEnd - 2);
  takeTags(row, rows, at, lineEnd);
}

function storePlace(place: i32, start: i32, end: i32): void {
  store<i32>(place, start);
  store<i32>(place, end, 4);
}

/** takeTags notes the values of promoted keys among the tags whose opening brace is at `at`. */
function takeTags(row: i32, rowNumber: i32, at: i32, end: i32): void {
  const keyCount = word(KEY_COUNT);
  const values = word(VALUES) + rowNumber * keyCount * 8;
  const sortKey = word(SORT_KEY);
  memory.fill(values, 0, keyCount * 8);
  store<i32>(row, -1, ROW_VALUE_NUMBER);
  store<i32>(row, 0, ROW_HAS_REST);
  at++;
  if (load<u8>(at) !== QUOTE) return;
  // Lines of one service list their tags in one order, which is often that of the keys.
  let expected = 0;
  while (true) {
    const key = at + 1;
    const keyEnd = stringEnd(key, end);
    const value = keyEnd + 3;
    const valueEnd = stringEnd(value, end);
    const promoted = promotedKey(key, keyEnd - key, expected);
    if (promoted === -1) store<i32>(row, 1, ROW_HAS_REST);
    else {
      storePlace(values + promoted * 8, value, valueEnd);
      if (promoted === sortKey) store<i32>(row, numberOf(VALUE_NAMES_AT, value, valueEnd - value), ROW_VALUE_NUMBER);
      expected = promoted + 1;
    }
    at = valueEnd + 1;
    if (load<u8>(at) !== COMMA) return;
    at++;
  }
}

/** promotedKey returns the number of a key, which lies in a line, or -1. */
export function promotedKey(key: i32, length: i32, expected: i32): i32 {
  const keys = word(KEYS);
  const count = word(KEY_COUNT);
  if (expected < count && isKey(keys + expected * 8, key, length)) return expected;
  for (let i = 0; i < count; i++) if (isKey(keys + i * 8, key, length)) return i;
  return -1;
}

function isKey(place: i32, key: i32, length: i32): bool {
  return load<i32>(place, 4) === length && isSame(load<i32>(place), key, length);
}
