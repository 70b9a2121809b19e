/**
 * MemoryBudget bounds what request bodies take together. A request reserves before it reads; one that gets nothing is told to
 * come again, instead of everybody's requests failing for lack of memory.
 */
export class MemoryBudget {
  readonly #maxBytes: number;
  #usedBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** tryReserve takes `bytes` and returns true, or false when they are not to be had. */
  tryReserve(bytes: number): boolean {
    if (this.#usedBytes + bytes > this.#maxBytes) return false;
    this.#usedBytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#usedBytes -= bytes;
  }
}
