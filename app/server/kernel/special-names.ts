import { copyBytes, isSame } from "./bytes";
import { SPECIAL_NAMES_AT, SPECIAL_SLOTS, SPECIAL_SLOT_BYTES, SPECIAL_TEXTS_AT } from "./layout";
import { hashOf } from "./names";

/*
 * Names of tags that are more than tags: which they are the caller says once, and flags say for whom. There are some
 * dozens, so the table is never full.
 */

let nextText: i32 = SPECIAL_TEXTS_AT;

export function addSpecialName(name: i32, length: i32, flags: i32): void {
  const hash = hashOf(name, length);
  const slot = findSlot(name, length, hash);
  store<i32>(slot, nextText);
  store<i32>(slot, length, 4);
  store<i32>(slot, hash, 8);
  store<i32>(slot, flags, 12);
  nextText = copyBytes(nextText, name, length);
}

/** flagsOfName returns 0 for a name that is only a tag. */
export function flagsOfName(name: i32, length: i32): i32 {
  const slot = findSlot(name, length, hashOf(name, length));
  return load<i32>(slot) === 0 ? 0 : load<i32>(slot, 12);
}

function findSlot(name: i32, length: i32, hash: i32): i32 {
  let index = hash & (SPECIAL_SLOTS - 1);
  while (true) {
    const slot = SPECIAL_NAMES_AT + index * SPECIAL_SLOT_BYTES;
    const known = load<i32>(slot);
    if (known === 0) return slot;
    if (load<i32>(slot, 8) === hash && load<i32>(slot, 4) === length && isSame(known, name, length)) return slot;
    index = (index + 1) & (SPECIAL_SLOTS - 1);
  }
}
