import { copyBytes } from "../bytes";
import {
  COUNTS,
  FIRST_PROMOTED_COLUMN,
  GREATEST_AT,
  LEAST_AT,
  LEVEL_ORIGINAL_COLUMN,
  NO_TEXT,
  ORDER,
  PAGE_START,
  PRESENT,
  REST_COLUMN,
  ROWS,
  ROW_BYTES,
  ROW_NS,
  ROW_TABLE,
  SPARE,
  TEXTS_LIST,
  TEXT_BYTES,
  WIDE_NUMBERS,
} from "./layout";
import { writeDeltas, writeRuns } from "./parquet-encodings";
import { setWord, word } from "./slice-words";
import { countOf, numberAt, textsOf } from "./texts";
import { unescape } from "./unescape";

/*
 * The pages of a column, as they are before compression: levels, if a row may be without a value, then the values of the
 * rows in their order. Each function writes at `to` and returns the position behind what it wrote.
 */

/** What writeTexts may write before the texts: their lengths in at most five bytes each, levels, and headers. */
const LENGTH_BYTES: i32 = 6;
const HEADER_BYTES: i32 = 256;

/** writeDictionary writes a column's texts in the order of their numbers, each behind its length. */
export function writeDictionary(column: i32, to: i32): i32 {
  const count = countOf(column);
  for (let number = 0; number < count; number++) {
    const end = writeText(column, number, to + 4);
    store<i32>(to, end - to - 4);
    to = end;
  }
  return to;
}

/** writeNumbers writes the rows' numbers in the dictionary. */
export function writeNumbers(column: i32, to: i32): i32 {
  setWord(PAGE_START, to);
  to = takeNumbers(column, to);
  const bits = max(1, 32 - clz(countOf(column) - 1));
  store<u8>(to, bits as u8);
  return writeRuns(word(SPARE), word(PRESENT), bits, to + 1);
}

/** writeTexts writes the rows' texts themselves: first all lengths, then all texts. */
export function writeTexts(column: i32, to: i32): i32 {
  let lengthsAt = takeNumbers(column, to);
  const present = word(PRESENT);
  const lengths = word(WIDE_NUMBERS);
  const start = to + HEADER_BYTES + word(ROWS) * LENGTH_BYTES;
  let end = start;
  for (let i = 0; i < present; i++) {
    const before = end;
    end = writeText(column, load<i32>(word(SPARE) + i * 4), before);
    store<i64>(lengths + i * 8, end - before);
  }
  lengthsAt = writeDeltas(lengths, present, lengthsAt);
  // What stands before the texts is moved up to them: it is less.
  setWord(PAGE_START, start - (lengthsAt - to));
  memory.copy(word(PAGE_START), to, lengthsAt - to);
  return end;
}

function writeText(column: i32, number: i32, to: i32): i32 {
  const listed = load<i32>(textsOf(column), TEXTS_LIST) + number * TEXT_BYTES;
  const start = load<i32>(listed);
  const length = load<i32>(listed, 4);
  return column === REST_COLUMN ? copyBytes(to, start, length) : unescape(to, start, start + length);
}

/** takeNumbers puts the numbers of the rows that have a text into SPARE, and writes the levels. */
function takeNumbers(column: i32, to: i32): i32 {
  const rows = word(ROWS);
  const numbers = numberAt(column, 0);
  const levels = word(COUNTS);
  let next = word(SPARE);
  for (let i = 0; i < rows; i++) {
    const number = load<i32>(numbers + load<i32>(word(ORDER) + i * 4) * 4);
    store<i32>(levels + i * 4, (number !== NO_TEXT) as i32);
    store<i32>(next, number);
    if (number !== NO_TEXT) next += 4;
  }
  setWord(PRESENT, (next - word(SPARE)) >> 2);
  const isOptional = column === LEVEL_ORIGINAL_COLUMN || column === REST_COLUMN || column >= FIRST_PROMOTED_COLUMN;
  return isOptional ? writeLevels(to) : to;
}

/** writeLevels writes which rows have a value, behind the length of that. */
function writeLevels(to: i32): i32 {
  const end = writeRuns(word(COUNTS), word(ROWS), 1, to + 4);
  store<i32>(to, end - to - 4);
  return end;
}

/** writeTimes writes the rows' times, cut to microseconds. */
export function writeTimes(to: i32): i32 {
  const rows = word(ROWS);
  for (let i = 0; i < rows; i++) store<i64>(word(WIDE_NUMBERS) + i * 8, nanoseconds(i) / 1000);
  setWord(PAGE_START, to);
  return writeWideNumbers(rows, to);
}

/** writeNanoseconds writes the times that microseconds do not say. */
export function writeNanoseconds(to: i32): i32 {
  const rows = word(ROWS);
  let present = 0;
  for (let i = 0; i < rows; i++) {
    const ns = nanoseconds(i);
    const isPresent = ns % 1000 !== 0;
    store<i32>(word(COUNTS) + i * 4, isPresent as i32);
    if (isPresent) store<i64>(word(WIDE_NUMBERS) + present++ * 8, ns);
  }
  setWord(PAGE_START, to);
  return writeWideNumbers(present, writeLevels(to));
}

/** nanoseconds is the time of the row at that place of the order. */
function nanoseconds(place: i32): i64 {
  return load<i64>(word(ROW_TABLE) + load<i32>(word(ORDER) + place * 4) * ROW_BYTES, ROW_NS);
}

function writeWideNumbers(count: i32, to: i32): i32 {
  const numbers = word(WIDE_NUMBERS);
  let least = i64.MAX_VALUE;
  let greatest = i64.MIN_VALUE;
  for (let at = numbers; at < numbers + count * 8; at += 8) {
    least = min(least, load<i64>(at));
    greatest = max(greatest, load<i64>(at));
  }
  store<i64>(LEAST_AT, least);
  store<i64>(GREATEST_AT, greatest);
  setWord(PRESENT, count);
  return writeDeltas(numbers, count, to);
}
