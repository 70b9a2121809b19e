/**
 * MemoryBudget bounds what request bodies take together. A request reserves before it reads; one that gets nothing is told to
 * come again, instead of everybody's requests failing for lack of memory.
 */
export class MemoryBudget {
  readonly #maxBytes: number;
  readonly #usedBytes = new Map<string, number>();
  #totalBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get usedBytes(): number {
    return this.#totalBytes;
  }

  /**
   * tryReserve takes `bytes` and returns true, or false when they are not to be had. A project that holds some already gets
   * no more than half of all, so that another finds room however much the first one sends.
   */
  tryReserve(projectId: string, bytes: number): boolean {
    const held = this.#usedBytes.get(projectId) ?? 0;
    if (this.#totalBytes + bytes > this.#maxBytes) return false;
    if (held > 0 && held + bytes > this.#maxBytes / 2) return false;
    this.#usedBytes.set(projectId, held + bytes);
    this.#totalBytes += bytes;
    return true;
  }

  release(projectId: string, bytes: number): void {
    const left = (this.#usedBytes.get(projectId) ?? 0) - bytes;
    if (left > 0) this.#usedBytes.set(projectId, left);
    else this.#usedBytes.delete(projectId);
    this.#totalBytes -= bytes;
  }
}
