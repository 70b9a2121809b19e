import { isSame } from "../bytes";
import { NAME_BYTES, NAME_SLOT_BYTES } from "./layout";

/*
 * Distinct texts, numbered from 0 in the order in which they first occur. They stay where they were found. A slot: the
 * text's number plus one, its hash, its length, its start.
 */

/** numberOf returns the number of a text; `names` are the slots, their number less one, texts and count of layout.ts. */
export function numberOf(names: i32, text: i32, length: i32): i32 {
  const slots = load<i32>(names);
  const mask = load<i32>(names, 4);
  const hash = hashOf(text, length);
  let place = hash & mask;
  while (true) {
    const slot = slots + place * NAME_SLOT_BYTES;
    const known = load<i32>(slot);
    if (known === 0) {
      const number = load<i32>(names, 12);
      store<i32>(slot, number + 1);
      store<i32>(slot, hash, 4);
      store<i32>(slot, length, 8);
      store<i32>(slot, text, 12);
      const listed = load<i32>(names, 8) + number * NAME_BYTES;
      store<i32>(listed, text);
      store<i32>(listed, length, 4);
      store<i32>(names, number + 1, 12);
      return number;
    }
    if (load<i32>(slot, 4) === hash && load<i32>(slot, 8) === length && isSame(load<i32>(slot, 12), text, length))
      return known - 1;
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
