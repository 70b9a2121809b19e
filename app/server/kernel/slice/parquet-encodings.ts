/*
 * Encodings of Parquet (https://parquet.apache.org/docs/file-format/data-pages/encodings). Each function returns the position
 * behind what it wrote, and may write some bytes more.
 */

/** Values in groups of eight; a group's bits are whole bytes. */
const GROUP: i32 = 8;
/** A run shorter than this costs less among others. */
const MIN_RUN: i32 = 8;

/** writeRuns writes numbers of 32 bits in so many bits each, repeated ones once: the hybrid of RLE and bit packing. */
export function writeRuns(numbers: i32, count: i32, bits: i32, to: i32): i32 {
  let i = 0;
  while (i < count) {
    const repeated = runLength(numbers, i, count, count);
    if (repeated >= MIN_RUN || repeated === count - i) {
      to = writeVarint(to, (repeated as u64) << 1);
      const value = load<u32>(numbers + i * 4);
      for (let written = 0; written < bits; written += 8) store<u8>(to++, (value >> (written as u32)) as u8);
      i += repeated;
      continue;
    }
    let end = i + GROUP;
    while (end < count && runLength(numbers, end, count, MIN_RUN) < MIN_RUN) end += GROUP;
    const groups = (end - i) / GROUP;
    to = writeVarint(to, ((groups as u64) << 1) | 1);
    startBits(to);
    for (; i < end; i++) writeBits(i < count ? (load<u32>(numbers + i * 4) as u64) : 0, bits);
    to = endBits();
  }
  return to;
}

/** runLength is how often a number is repeated from `i` on, as far as is asked for. */
function runLength(numbers: i32, i: i32, count: i32, most: i32): i32 {
  const value = load<u32>(numbers + i * 4);
  const stop = min(count, i + most);
  let end = i + 1;
  while (end < stop && load<u32>(numbers + end * 4) === value) end++;
  return end - i;
}

/** How many differences share their least, and how many of these their number of bits. */
const BLOCK: i32 = 128;
const MINIBLOCKS: i32 = 4;
const MINIBLOCK: i32 = BLOCK / MINIBLOCKS;

/** writeDeltas writes numbers of 64 bits as DELTA_BINARY_PACKED, and leaves their differences in their place. */
export function writeDeltas(numbers: i32, count: i32, to: i32): i32 {
  to = writeVarint(to, BLOCK);
  to = writeVarint(to, MINIBLOCKS);
  to = writeVarint(to, count);
  to = writeVarint(to, count === 0 ? 0 : zigzag(load<i64>(numbers)));
  for (let i = count - 1; i > 0; i--) {
    const at = numbers + i * 8;
    store<i64>(at, load<i64>(at) - load<i64>(at - 8));
  }
  for (let i = 1; i < count; i += BLOCK) to = writeBlock(numbers, i, min(i + BLOCK, count), to);
  return to;
}

function writeBlock(numbers: i32, from: i32, end: i32, to: i32): i32 {
  let least = load<i64>(numbers + from * 8);
  for (let i = from + 1; i < end; i++) least = min(least, load<i64>(numbers + i * 8));
  to = writeVarint(to, zigzag(least));
  const widths = to;
  store<u32>(widths, 0);
  to += MINIBLOCKS;
  for (let i = from; i < end; i += MINIBLOCK) {
    let all: u64 = 0;
    const stop = min(i + MINIBLOCK, end);
    for (let k = i; k < stop; k++) all |= (load<i64>(numbers + k * 8) - least) as u64;
    const bits = (64 - clz(all)) as i32;
    store<u8>(widths + (i - from) / MINIBLOCK, bits as u8);
    startBits(to);
    for (let k = i; k < i + MINIBLOCK; k++)
      writeBits(k < stop ? ((load<i64>(numbers + k * 8) - least) as u64) : 0, bits);
    to = endBits();
  }
  return to;
}

function zigzag(value: i64): u64 {
  return ((value << 1) ^ (value >> 63)) as u64;
}

export function writeVarint(to: i32, value: u64): i32 {
  for (; value > 127; value >>= 7) store<u8>(to++, ((value & 127) | 128) as u8);
  store<u8>(to++, value as u8);
  return to;
}

let bitsAt: i32 = 0;
let pending: u64 = 0;
let pendingBits: i32 = 0;

function startBits(at: i32): void {
  bitsAt = at;
  pending = 0;
  pendingBits = 0;
}

function writeBits(value: u64, bits: i32): void {
  pending |= value << (pendingBits as u64);
  pendingBits += bits;
  if (pendingBits < 64) return;
  store<u64>(bitsAt, pending);
  bitsAt += 8;
  pendingBits -= 64;
  // Shifts count modulo 64.
  pending = pendingBits === 0 ? 0 : value >> ((bits - pendingBits) as u64);
}

function endBits(): i32 {
  store<u64>(bitsAt, pending);
  return bitsAt + ((pendingBits + 7) >> 3);
}
