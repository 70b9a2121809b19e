/** Smaller bodies come in one piece; larger ones are rare, and their memory is better used for something else. */
const MIN_BYTES = 64 * 1024;
const MAX_BYTES = 1024 * 1024;
const MAX_KEPT = 8;

const kept: Buffer[] = [];

/**
 * takeBodyMemory returns memory for a body of a known size, with whatever was in it before; null when the size is not for
 * keeping. A quarter of a MiB taken anew with every request would make V8 collect garbage at every second one.
 */
export function takeBodyMemory(bytes: number): Buffer | null {
  if (bytes < MIN_BYTES || bytes > MAX_BYTES) return null;
  const at = kept.findIndex((memory) => memory.length >= bytes);
  if (at === -1) return Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(bytes)));
  return kept.splice(at, 1)[0] as Buffer;
}

/** giveBodyMemory lets another body have the memory; nothing may point into it any more. */
export function giveBodyMemory(memory: Buffer): void {
  if (kept.length < MAX_KEPT) kept.push(memory);
}
