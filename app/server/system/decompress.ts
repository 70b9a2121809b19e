import { Decompressor } from "zstd-napi";

let decompressor = new Decompressor();

/** Where a frame's descriptor is, and the bits that are set in it when the frame says how large its content is. */
const DESCRIPTOR_AT = 4;
const SIZE_BITS = 0b1110_0000;

/**
 * decompress returns the content of a zstd frame; what is damaged throws, or is short where it does not say its size. It
 * goes before zstd-napi's own function, whose one decoder stays in the middle of a damaged frame and refuses every sound
 * one from then on.
 */
export function decompress(bytes: Buffer): Buffer {
  let isInOrder = false;
  try {
    const content = decompressor.decompress(bytes);
    isInOrder = ((bytes[DESCRIPTOR_AT] ?? 0) & SIZE_BITS) !== 0;
    return content;
  } finally {
    if (!isInOrder) decompressor = new Decompressor();
  }
}
