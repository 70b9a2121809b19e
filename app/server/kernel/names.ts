import { LEVELS_AT, NAMES_AT, NAMES_END, NAME_SLOTS, NAME_SLOT_BYTES, SERVICES_AT } from "./layout";
import { copyBytes, isSame } from "./bytes";

/*
 * Services and levels are few, so each is looked up by its bytes and stands for the segment of a line that goes with it.
 * A slot: name, its length, segment, its length, number, generation, hash, whether the sender's spelling is the segment's.
 */

/** Full enough to make probing long; then both tables start again, and their owners add what they need. */
const MAX_NAMES = NAME_SLOTS / 2;

let names = 0;
let nextByte: i32 = NAMES_AT;

export function hashOf(name: i32, length: i32): i32 {
  let head = load<u64>(name);
  let tail: u64 = 0;
  if (length >= 8) tail = load<u64>(name + length - 8);
  else head &= ((1 as u64) << ((length as u64) * 8)) - 1;
  let hash = head * 0x9e3779b97f4a7c15 + tail * 0xc2b2ae3d27d4eb4f + length;
  hash ^= hash >> 32;
  return (hash ^ (hash >> 15)) as i32;
}

/** findSlot returns the slot of a name, or the empty one where it belongs. */
function findSlot(table: i32, name: i32, length: i32, hash: i32): i32 {
  let index = hash & (NAME_SLOTS - 1);
  while (true) {
    const slot = table + index * NAME_SLOT_BYTES;
    const known = load<i32>(slot);
    if (known === 0) return slot;
    if (load<i32>(slot, 24) === hash && load<i32>(slot, 4) === length && isSame(known, name, length)) return slot;
    index = (index + 1) & (NAME_SLOTS - 1);
  }
}

/** findName returns the slot of a name of this generation, or 0. */
export function findName(table: i32, name: i32, length: i32, generation: i32): i32 {
  const slot = findSlot(table, name, length, hashOf(name, length));
  return load<i32>(slot) !== 0 && load<i32>(slot, 20) === generation ? slot : 0;
}

/**
 * addName adds a name, or gives a known one another number and generation. A generation is one block for services,
 * whose numbers are the block's; levels have the same numbers always.
 */
export function addName(
  table: i32,
  name: i32,
  length: i32,
  segment: i32,
  segmentLength: i32,
  number: i32,
  generation: i32,
  isCanonical: bool,
): void {
  const hash = hashOf(name, length);
  let slot = findSlot(table, name, length, hash);
  if (load<i32>(slot) === 0) {
    if (names === MAX_NAMES || nextByte + length + segmentLength + 32 > NAMES_END) {
      memory.fill(SERVICES_AT, 0, NAME_SLOTS * NAME_SLOT_BYTES);
      memory.fill(LEVELS_AT, 0, NAME_SLOTS * NAME_SLOT_BYTES);
      names = 0;
      nextByte = NAMES_AT;
      slot = findSlot(table, name, length, hash);
    }
    names++;
    store<i32>(slot, nextByte);
    store<i32>(slot, length, 4);
    nextByte = copyBytes(nextByte, name, length);
    store<i32>(slot, nextByte, 8);
    store<i32>(slot, segmentLength, 12);
    nextByte = copyBytes(nextByte, segment, segmentLength);
    store<i32>(slot, hash, 24);
    store<i32>(slot, isCanonical as i32, 28);
  }
  store<i32>(slot, number, 16);
  store<i32>(slot, generation, 20);
}
