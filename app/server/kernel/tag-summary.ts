import { COMMA, QUOTE, copyBytes, isSame, stringEnd, textEnd } from "./bytes";
import {
  MAX_TAG_KEYS,
  MAX_TAG_VALUES,
  MAX_TAG_VALUE_BYTES,
  TAG_KEY_SLOT_BYTES,
  TAG_SLOTS_AT,
  TAG_TEXTS_AT,
} from "./layout";

/*
 * The distinct tag values of a batch, gathered by comparing bytes. A slot: key, its length, number of values (-1 once
 * they are many or long), then a place and a length for each value. Texts are as in the lines, without quotes.
 */

let keys = 0;
let nextText = TAG_TEXTS_AT;
let isComplete = true;

export function clearTagSummary(): void {
  keys = 0;
  nextText = TAG_TEXTS_AT;
  isComplete = true;
}

export function tagKeys(): i32 {
  return keys;
}

/** tagsAreComplete is false when there were more keys than slots. */
export function tagsAreComplete(): bool {
  return isComplete;
}

/** addTags adds the tags whose opening brace is at `at`; they were canonical when they were stored. */
export function addTags(at: i32, end: i32): void {
  at++;
  if (load<u8>(at) !== QUOTE) return;
  // Lines of one service list their tags in one order, so the next key is nearly always the next one known.
  let expected = 0;
  while (true) {
    const key = at + 1;
    const keyEnd = stringEnd(key, end);
    const value = keyEnd + 3;
    const valueEnd = stringEnd(value, end);
    const slot = slotOf(key, keyEnd - key, expected);
    if (slot !== 0 && load<i32>(slot, 8) >= 0) addValue(slot, value, valueEnd - value);
    at = valueEnd + 1;
    if (load<u8>(at) !== COMMA) return;
    at++;
    expected++;
  }
}

function slotOf(key: i32, length: i32, expected: i32): i32 {
  const likely = TAG_SLOTS_AT + expected * TAG_KEY_SLOT_BYTES;
  if (expected < keys && isText(likely, key, length)) return likely;
  const free = TAG_SLOTS_AT + keys * TAG_KEY_SLOT_BYTES;
  for (let slot = TAG_SLOTS_AT; slot < free; slot += TAG_KEY_SLOT_BYTES) if (isText(slot, key, length)) return slot;
  if (keys === MAX_TAG_KEYS) {
    isComplete = false;
    return 0;
  }
  keys++;
  keepText(free, key, length);
  store<i32>(free, 0, 8);
  return free;
}

function addValue(slot: i32, value: i32, length: i32): void {
  const count = load<i32>(slot, 8);
  const free = slot + 12 + count * 8;
  for (let known = slot + 12; known < free; known += 8) if (isText(known, value, length)) return;
  // PostgreSQL's jsonb cannot hold NUL, so a value with escapes is not listed.
  const isListable = length <= MAX_TAG_VALUE_BYTES && textEnd(value, value + length) >= value + length;
  if (!isListable || count === MAX_TAG_VALUES) {
    store<i32>(slot, -1, 8);
    return;
  }
  keepText(free, value, length);
  store<i32>(slot, count + 1, 8);
}

function isText(place: i32, text: i32, length: i32): bool {
  return load<i32>(place, 4) === length && isSame(load<i32>(place), text, length);
}

function keepText(place: i32, text: i32, length: i32): void {
  store<i32>(place, nextText);
  store<i32>(place, length, 4);
  nextText = copyBytes(nextText, text, length);
}
