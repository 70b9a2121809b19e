import { BACKSLASH, COMMA, QUOTE, copyBytes, stringEnd, textEnd } from "../bytes";
import {
  COLUMNS_AT,
  COLUMN_BITS,
  COLUMN_BYTES,
  COLUMN_END,
  COLUMN_START,
  FIRST_PROMOTED_COLUMN,
  ID_AT,
  ID_INDEX_BYTES,
  ID_INDEX_COLUMN,
  ID_REQUEST_BYTES,
  ID_REQUEST_COLUMN,
  KEY_COUNT,
  LEVEL_COLUMN,
  LEVEL_ORIGINAL_COLUMN,
  MESSAGE_COLUMN,
  ORDER,
  REST_COLUMN,
  ROWS,
  ROW_BYTES,
  ROW_HAS_REST,
  ROW_LEVEL,
  ROW_LEVEL_ORIGINAL,
  ROW_LINE,
  ROW_MESSAGE,
  ROW_MS,
  ROW_SERVICE,
  ROW_SUB_MS_NS,
  ROW_TABLE,
  ROW_TAGS,
  SERVICE_COLUMN,
  TIMESTAMP_COLUMN,
  TIMESTAMP_NS_COLUMN,
  VALUES,
} from "./layout";
import { word } from "./slice-words";
import { promotedKey } from "./take-lines";

const OPEN_BRACE: i32 = 123;
const CLOSE_BRACE: i32 = 125;
const LETTER_B: i32 = 98;
const LETTER_F: i32 = 102;
const LETTER_N: i32 = 110;
const LETTER_R: i32 = 114;
const LETTER_T: i32 = 116;
const LETTER_U: i32 = 117;
const REPLACEMENT = 0xfffd;

/** measureColumns notes for each column of texts how many bytes its values take at most, in place of its start. */
export function measureColumns(): void {
  const rows = word(ROWS);
  const keyCount = word(KEY_COUNT);
  for (let i = 0; i < rows; i++) {
    const row = word(ROW_TABLE) + i * ROW_BYTES;
    measureText(SERVICE_COLUMN, row + ROW_SERVICE);
    measureText(LEVEL_COLUMN, row + ROW_LEVEL);
    measureText(LEVEL_ORIGINAL_COLUMN, row + ROW_LEVEL_ORIGINAL);
    measureText(MESSAGE_COLUMN, row + ROW_MESSAGE);
    if (load<i32>(row, ROW_HAS_REST) !== 0) measureText(REST_COLUMN, row + ROW_TAGS);
    const values = word(VALUES) + i * keyCount * 8;
    for (let k = 0; k < keyCount; k++) measureText(FIRST_PROMOTED_COLUMN + k, values + k * 8);
  }
}

function measureText(column: i32, place: i32): void {
  const start = load<i32>(place);
  if (start === 0) return;
  const size = columnAt(column) + COLUMN_START;
  store<i32>(size, load<i32>(size) + 4 + load<i32>(place, 4) - start);
}

/**
 * writeColumns writes all rows in their order, each line while it is at hand: values as Parquet's PLAIN encoding has
 * them, numbers in eight bytes, texts behind their length in four. Bits of what a row does not have are zero already.
 */
export function writeColumns(): void {
  const rows = word(ROWS);
  const order = word(ORDER);
  const keyCount = word(KEY_COUNT);
  for (let i = 0; i < rows; i++) {
    const row = load<i32>(order + i * 4);
    const line = load<i32>(row, ROW_LINE);
    writeBytes(ID_REQUEST_COLUMN, line + ID_AT, ID_REQUEST_BYTES);
    writeBytes(ID_INDEX_COLUMN, line + ID_AT + ID_REQUEST_BYTES + 1, ID_INDEX_BYTES);
    writeTime(row, i);
    writeText(SERVICE_COLUMN, row + ROW_SERVICE);
    writeText(LEVEL_COLUMN, row + ROW_LEVEL);
    writeOptional(LEVEL_ORIGINAL_COLUMN, row + ROW_LEVEL_ORIGINAL, i);
    writeText(MESSAGE_COLUMN, row + ROW_MESSAGE);
    if (load<i32>(row, ROW_HAS_REST) !== 0) writeRest(row, i);
    const values = word(VALUES) + ((row - word(ROW_TABLE)) / ROW_BYTES) * keyCount * 8;
    for (let k = 0; k < keyCount; k++) writeOptional(FIRST_PROMOTED_COLUMN + k, values + k * 8, i);
  }
}

function columnAt(column: i32): i32 {
  return COLUMNS_AT + column * COLUMN_BYTES;
}

function setBit(column: i32, row: i32): void {
  const byte = load<i32>(columnAt(column), COLUMN_BITS) + (row >> 3);
  store<u8>(byte, load<u8>(byte) | ((1 as u8) << ((row & 7) as u8)));
}

function writeBytes(column: i32, start: i32, length: i32): void {
  const end = columnAt(column) + COLUMN_END;
  const to = load<i32>(end);
  store<i32>(to, length);
  store<i32>(end, copyBytes(to + 4, start, length));
}

function writeTime(row: i32, i: i32): void {
  const us = (load<f64>(row, ROW_MS) as i64) * 1000 + load<u32>(row, ROW_SUB_MS_NS) / 1000;
  const ns = load<u32>(row, ROW_SUB_MS_NS) % 1000;
  writeNumber(TIMESTAMP_COLUMN, us);
  if (ns === 0) return;
  setBit(TIMESTAMP_NS_COLUMN, i);
  writeNumber(TIMESTAMP_NS_COLUMN, us * 1000 + ns);
}

function writeNumber(column: i32, value: i64): void {
  const end = columnAt(column) + COLUMN_END;
  const to = load<i32>(end);
  store<i64>(to, value);
  store<i32>(end, to + 8);
}

function writeOptional(column: i32, place: i32, row: i32): void {
  if (load<i32>(place) === 0) return;
  setBit(column, row);
  writeText(column, place);
}

/** writeText writes what a string of JSON says. */
function writeText(column: i32, place: i32): void {
  const end = columnAt(column) + COLUMN_END;
  const to = load<i32>(end);
  const written = unescape(to + 4, load<i32>(place), load<i32>(place, 4));
  store<i32>(to, written - to - 4);
  store<i32>(end, written);
}

function unescape(to: i32, at: i32, end: i32): i32 {
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

/** writeRest writes the tags without a column as an object of JSON, spelled as they are. */
function writeRest(row: i32, i: i32): void {
  const column = columnAt(REST_COLUMN) + COLUMN_END;
  const lengthAt = load<i32>(column);
  const end = load<i32>(row, ROW_TAGS + 4);
  let at = load<i32>(row, ROW_TAGS) + 1;
  let to = lengthAt + 4;
  store<u8>(to++, OPEN_BRACE);
  while (load<u8>(at) === QUOTE) {
    const keyEnd = stringEnd(at + 1, end);
    const valueEnd = stringEnd(keyEnd + 3, end);
    if (promotedKey(at + 1, keyEnd - at - 1, 0) === -1) {
      if (to > lengthAt + 5) store<u8>(to++, COMMA);
      to = copyBytes(to, at, valueEnd + 1 - at);
    }
    at = valueEnd + 1;
    if (load<u8>(at) === COMMA) at++;
  }
  store<u8>(to++, CLOSE_BRACE);
  store<i32>(lengthAt, to - lengthAt - 4);
  store<i32>(column, to);
  setBit(REST_COLUMN, i);
}
