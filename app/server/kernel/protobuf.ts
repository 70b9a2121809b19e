/*
 * The pieces of protobuf's encoding (https://protobuf.dev/programming-guides/encoding). A position of 0 means that the
 * bytes are none, or none that senders usually write: the general path looks at them again.
 */

/** Where the field begins whose end `delimitedEnd` returned last. */
export let fieldStart: i32 = 0;
/** The number whose end `varintEnd` returned last. */
export let varintValue: u64 = 0;

/** No field of a record that is taken here needs a length of more bytes. */
const MAX_LENGTH_SHIFT: i32 = 21;

/** delimitedEnd returns the position behind the field whose length is at `at`; 0 when it goes beyond `end`. */
export function delimitedEnd(at: i32, end: i32): i32 {
  let byte: i32 = load<u8>(at++);
  let length = byte & 127;
  for (let shift = 7; byte >= 128; shift += 7) {
    if (shift > MAX_LENGTH_SHIFT) return 0;
    byte = load<u8>(at++);
    length |= (byte & 127) << shift;
  }
  fieldStart = at;
  return at + length > end ? 0 : at + length;
}

/** isOnlyField tells whether a message that ends at `end` has one field with this tag; its bytes begin at `fieldStart`. */
export function isOnlyField(at: i32, end: i32, tag: i32): bool {
  return at < end && load<u8>(at) === tag && delimitedEnd(at + 1, end) === end;
}

/** varintEnd returns the position behind a number of at most 64 bits. */
export function varintEnd(at: i32, end: i32): i32 {
  varintValue = 0;
  for (let shift: u64 = 0; shift < 63 && at < end; shift += 7) {
    const byte: u64 = load<u8>(at++);
    varintValue |= (byte & 127) << shift;
    if (byte < 128) return at;
  }
  // The tenth byte has room for one bit only.
  if (at >= end || load<u8>(at) > 1) return 0;
  varintValue |= (load<u8>(at) as u64) << 63;
  return at + 1;
}
