/** Power of two, well above the services of one request and the spellings of levels. */
const SLOTS = 128;

interface Slot<T> {
  bytes: Buffer;
  value: T;
}

/**
 * SliceTable finds the value for a short slice of bytes without making a string of it: lines of one request have few
 * services and levels. Two slices of one slot take turns in it, which only costs time.
 */
export class SliceTable<T> {
  readonly #slots: (Slot<T> | undefined)[] = Array.from({ length: SLOTS });
  readonly #make: (text: string) => T;

  /** `make` is asked for a slice that is not there, and must return the same value for the same text. */
  constructor(make: (text: string) => T) {
    this.#make = make;
  }

  find(source: Buffer, start: number, end: number): T {
    const length = end - start;
    const first = length === 0 ? 0 : (source[start] as number);
    const last = length === 0 ? 0 : (source[end - 1] as number);
    const index = (length * 31 + first * 7 + last * 13 + (source[start + (length >> 1)] as number)) & (SLOTS - 1);
    const slot = this.#slots[index];
    if (slot !== undefined && isSame(slot.bytes, source, start, length)) return slot.value;
    const value = this.#make(source.toString("utf8", start, end));
    this.#slots[index] = { bytes: Buffer.from(source.subarray(start, end)), value };
    return value;
  }
}

function isSame(known: Buffer, source: Buffer, start: number, length: number): boolean {
  if (known.length !== length) return false;
  for (let i = 0; i < length; i++) {
    if (known[i] !== source[start + i]) return false;
  }
  return true;
}
