import { BACKSLASH } from "../bytes";
import {
  HAS_ZERO_WORD,
  ODD_MESSAGES,
  ODD_MESSAGE_COUNT,
  PAIR_BYTES,
  WORD_COUNT,
  WORD_SET,
  WORD_SET_PLACES,
} from "./layout";
import { setWord, word } from "./slice-words";

/*
 * The distinct words of messages, as app/server/search/word-filter.ts hashes them: that file and this one change together,
 * and a test compares what they find.
 */

const FIRST_BASIS: u32 = 0x811c9dc5;
const SECOND_BASIS: u32 = 0x9747b28c;
const FIRST_PRIME: u32 = 0x01000193;
const SECOND_PRIME: u32 = 0x5bd1e995;
const BITS_SET = 7;

const LOWER: u32 = 0;
const CAPITALISED: u32 = 1;
const UPPER: u32 = 2;
const MIXED: u32 = 3;

const LETTER_U: i32 = 117;
const UNDERSCORE: i32 = 95;
const PAGE_BYTES = 65_536;

/** For a byte: 0 outside words, else its lower case; capitals have 256 added, other letters 512. */
const folded = memory.data(512);
for (let byte = 48; byte < 58; byte++) store<u16>(folded + byte * 2, byte as u16);
for (let byte = 97; byte < 123; byte++) {
  store<u16>(folded + byte * 2, (byte | 512) as u16);
  store<u16>(folded + (byte - 32) * 2, (byte | 256) as u16);
}
store<u16>(folded + UNDERSCORE * 2, UNDERSCORE as u16);

/** addWords adds the words of the message at `[at, end)`, or notes it when it is not ASCII. */
export function addWords(at: i32, end: i32): void {
  const start = at;
  while (at < end) {
    const byte: i32 = load<u8>(at);
    if (byte >= 128) return noteMessage(start, end);
    if (byte === BACKSLASH) {
      // What is escaped is a quote, a backslash or a control character: no part of a word.
      at += load<u8>(at, 1) === LETTER_U ? 6 : 2;
      continue;
    }
    let known: u32 = load<u16>(folded + byte * 2);
    if (known === 0) {
      at++;
      continue;
    }
    const startsWithCapital = (known & 256) !== 0;
    let first = FIRST_BASIS;
    let second = SECOND_BASIS;
    let capitals = 0;
    let small = 0;
    do {
      capitals += (known >> 8) & 1;
      small += known >> 9;
      first = stepFirst(first, known & 255);
      second = stepSecond(second, known & 255);
      at++;
      if (at >= end) break;
      known = load<u16>(folded + (load<u8>(at) as i32) * 2);
    } while (known !== 0);
    if (at < end && load<u8>(at) >= 128) return noteMessage(start, end);
    addWord(finish(stepFirst(first, LOWER)), finish(stepSecond(second, LOWER)));
    if (capitals === 0) continue;
    const form = capitals === 1 && startsWithCapital ? CAPITALISED : small === 0 ? UPPER : MIXED;
    addWord(finish(stepFirst(first, form)), finish(stepSecond(second, form)));
  }
}

function noteMessage(start: i32, end: i32): void {
  const count = word(ODD_MESSAGE_COUNT);
  const place = word(ODD_MESSAGES) + count * 8;
  store<i32>(place, start);
  store<i32>(place, end, 4);
  setWord(ODD_MESSAGE_COUNT, count + 1);
}

function stepFirst(hash: u32, byte: u32): u32 {
  return (hash ^ byte) * FIRST_PRIME;
}

function stepSecond(hash: u32, byte: u32): u32 {
  return (rotl(hash, 13) ^ byte) * SECOND_PRIME;
}

function finish(hash: u32): u32 {
  hash ^= hash >> 16;
  hash *= 0x85ebca6b;
  hash ^= hash >> 13;
  hash *= 0xc2b2ae35;
  return hash ^ (hash >> 16);
}

/** addWord adds a pair of finished hashes. */
export function addWord(first: u32, second: u32): void {
  const pair = (first as u64) | ((second as u64) << 32);
  if (pair === 0) {
    setWord(HAS_ZERO_WORD, 1);
    return;
  }
  const places = word(WORD_SET_PLACES);
  if (!addPair(word(WORD_SET), places - 1, pair)) return;
  const count = word(WORD_COUNT) + 1;
  setWord(WORD_COUNT, count);
  if (count * 2 > places) growSet();
}

function addPair(set: i32, mask: i32, pair: u64): bool {
  let place = ((pair ^ (pair >> 32)) as i32) & mask;
  while (true) {
    const known = load<u64>(set + place * PAIR_BYTES);
    if (known === pair) return false;
    if (known === 0) {
      store<u64>(set + place * PAIR_BYTES, pair);
      return true;
    }
    place = (place + 1) & mask;
  }
}

/** Nothing lies behind the set yet, so a larger one goes there; what it leaves is free again with the next slice. */
function growSet(): void {
  const set = word(WORD_SET);
  const places = word(WORD_SET_PLACES);
  const larger = set + places * PAIR_BYTES;
  const end = larger + places * 2 * PAIR_BYTES;
  const missing = end - memory.size() * PAGE_BYTES;
  if (missing > 0 && memory.grow((missing + PAGE_BYTES - 1) / PAGE_BYTES) === -1) unreachable();
  memory.fill(larger, 0, places * 2 * PAIR_BYTES);
  for (let at = set; at < larger; at += PAIR_BYTES) {
    const pair = load<u64>(at);
    if (pair !== 0) addPair(larger, places * 2 - 1, pair);
  }
  setWord(WORD_SET, larger);
  setWord(WORD_SET_PLACES, places * 2);
}

/** fillFilter sets the bits of all words in a filter whose bytes are zero. */
export function fillFilter(filter: i32, bytes: i32): void {
  const set = word(WORD_SET);
  const end = set + word(WORD_SET_PLACES) * PAIR_BYTES;
  if (word(HAS_ZERO_WORD) !== 0) setBits(filter, bytes, 0);
  for (let at = set; at < end; at += PAIR_BYTES) {
    const pair = load<u64>(at);
    if (pair !== 0) setBits(filter, bytes, pair);
  }
}

function setBits(filter: i32, bytes: i32, pair: u64): void {
  const bits = (bytes as u32) * 8;
  const step = (pair >> 32) as u32;
  let bit = pair as u32;
  for (let i = 0; i < BITS_SET; i++) {
    const place = bit % bits;
    const byte = filter + (place >> 3);
    store<u8>(byte, load<u8>(byte) | ((1 as u8) << ((place & 7) as u8)));
    bit += step;
  }
}
