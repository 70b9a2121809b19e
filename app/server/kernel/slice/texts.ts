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
 * then every one by itself. They stay where they were found. A slot: the text's number plus one, its length, and a key, which
 * is the text itself if that has at most eight bytes: then nothing but the slot is looked at.
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
  const key = length > KEY_BYTES ? hashOf(text, length) : shortText(text, length);
  let slot = findSlot(texts, key, length);
  for (; load<i32>(slot) !== 0; slot = nextSlot(texts, slot)) {
    if (load<u64>(slot, 8) !== key || load<i32>(slot, 4) !== length) continue;
    const number = load<i32>(slot) - 1;
    const listed = load<i32>(texts, TEXTS_LIST) + number * TEXT_BYTES;
    if (length <= KEY_BYTES || isSame(load<i32>(listed), text, length)) return number;
  }
  const number = addText(texts, text, length);
  fillSlot(slot, number + 1, length, key);
  if (number * 2 > load<i32>(texts, TEXTS_MASK)) growSlots(texts);
  return number;
}

function fillSlot(slot: i32, numberPlusOne: i32, length: i32, key: u64): void {
  store<i32>(slot, numberPlusOne);
  store<i32>(slot, length, 4);
  store<u64>(slot, key, 8);
}

function findSlot(texts: i32, key: u64, length: i32): i32 {
  const place = ((mix(key ^ length) >> 32) as i32) & load<i32>(texts, TEXTS_MASK);
  return load<i32>(texts, TEXTS_SLOTS) + place * SLOT_BYTES;
}

function nextSlot(texts: i32, slot: i32): i32 {
  const slots = load<i32>(texts, TEXTS_SLOTS);
  return slots + ((slot - slots + SLOT_BYTES) & (load<i32>(texts, TEXTS_MASK) * SLOT_BYTES));
}

function growSlots(texts: i32): void {
  const slots = load<i32>(texts, TEXTS_SLOTS);
  const bytes = (load<i32>(texts, TEXTS_MASK) + 1) * SLOT_BYTES;
  store<i32>(texts, slots + bytes, TEXTS_SLOTS);
  store<i32>(texts, load<i32>(texts, TEXTS_MASK) * 2 + 1, TEXTS_MASK);
  memory.fill(slots + bytes, 0, bytes * 2);
  for (let at = slots; at < slots + bytes; at += SLOT_BYTES) {
    if (load<i32>(at) === 0) continue;
    const key = load<u64>(at, 8);
    const length = load<i32>(at, 4);
    let slot = findSlot(texts, key, length);
    while (load<i32>(slot) !== 0) slot = nextSlot(texts, slot);
    fillSlot(slot, load<i32>(at), length, key);
  }
}

const KEY_BYTES: i32 = 8;

function shortText(text: i32, length: i32): u64 {
  if (length === 0) return 0;
  const unused = (64 - length * 8) as u64;
  return (load<u64>(text) << unused) >> unused;
}

/** All bytes count: values of a tag may be alike at both ends. */
function hashOf(text: i32, length: i32): u64 {
  let hash: u64 = length;
  const end = text + length;
  for (; text + 8 <= end; text += 8) hash = mix(hash ^ load<u64>(text));
  return mix(hash ^ shortText(text, end - text));
}

function mix(hash: u64): u64 {
  hash *= 0x9e3779b97f4a7c15;
  return hash ^ (hash >> 29);
}
