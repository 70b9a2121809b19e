import { isSame } from "../bytes";
import {
  MAX_ROWS,
  NUMBERS,
  SLOT_BYTES,
  TEXTS_AT,
  TEXTS_BYTES,
  TEXTS_COUNT,
  TEXTS_LIMIT,
  TEXTS_LIST,
  TEXTS_MASK,
  TEXTS_SLOTS,
  TEXTS_TOTAL_BYTES,
  TEXT_BYTES,
} from "./layout";
import { word } from "./slice-words";

/*
 * The texts of a column, numbered from 0 in the order in which they first occur: distinct ones up to the column's limit,
 * then every one by itself. They stay where they were found. A slot: the text's number plus one, and its hash.
 */

export function textsOf(column: i32): i32 {
  return TEXTS_AT + column * TEXTS_BYTES;
}

/** numberAt is where the number of a row's text stands. */
export function numberAt(column: i32, row: i32): i32 {
  return word(NUMBERS) + (column * word(MAX_ROWS) + row) * 4;
}

export function countOf(column: i32): i32 {
  return load<i32>(textsOf(column), TEXTS_COUNT);
}

/** takeText gives a row its text, and returns whether that was not known. */
export function takeText(column: i32, row: i32, text: i32, length: i32): bool {
  const texts = textsOf(column);
  const count = load<i32>(texts, TEXTS_COUNT);
  store<i32>(texts, load<i32>(texts, TEXTS_TOTAL_BYTES) + length, TEXTS_TOTAL_BYTES);
  const number = count < load<i32>(texts, TEXTS_LIMIT) ? numberOf(texts, text, length) : addText(texts, text, length);
  store<i32>(numberAt(column, row), number);
  return number === count;
}

function addText(texts: i32, text: i32, length: i32): i32 {
  const number = load<i32>(texts, TEXTS_COUNT);
  const listed = load<i32>(texts, TEXTS_LIST) + number * TEXT_BYTES;
  store<i32>(listed, text);
  store<i32>(listed, length, 4);
  store<i32>(texts, number + 1, TEXTS_COUNT);
  return number;
}

function numberOf(texts: i32, text: i32, length: i32): i32 {
  const slots = load<i32>(texts, TEXTS_SLOTS);
  const mask = load<i32>(texts, TEXTS_MASK);
  const list = load<i32>(texts, TEXTS_LIST);
  const hash = hashOf(text, length);
  let place = hash & mask;
  while (true) {
    const slot = slots + place * SLOT_BYTES;
    const known = load<i32>(slot);
    if (known === 0) {
      store<i32>(slot, load<i32>(texts, TEXTS_COUNT) + 1);
      store<i32>(slot, hash, 4);
      return addText(texts, text, length);
    }
    if (load<i32>(slot, 4) === hash) {
      const listed = list + (known - 1) * TEXT_BYTES;
      if (load<i32>(listed, 4) === length && isSame(load<i32>(listed), text, length)) return known - 1;
    }
    place = (place + 1) & mask;
  }
}

/** All bytes count: values of a tag may be alike at both ends. */
function hashOf(text: i32, length: i32): i32 {
  let hash: u64 = length;
  const end = text + length;
  for (; text + 8 <= end; text += 8) hash = mix(hash ^ load<u64>(text));
  const left = (end - text) as u64;
  if (left > 0) hash = mix(hash ^ (load<u64>(text) & (((1 as u64) << (left * 8)) - 1)));
  return (hash ^ (hash >> 32)) as i32;
}

function mix(hash: u64): u64 {
  hash *= 0x9e3779b97f4a7c15;
  return hash ^ (hash >> 29);
}
