/** HashSet holds distinct pairs of 32-bit hashes in open addressing; a million of them must cost neither strings nor objects. */
export class HashSet {
  #pairs: Uint32Array;
  #mask: number;
  #size = 0;
  /** Zero marks an empty place, so the pair (0, 0) is kept beside. */
  #hasZero = false;

  constructor(expected = 1024) {
    let capacity = 16;
    while (capacity < expected * 2) capacity *= 2;
    this.#pairs = new Uint32Array(capacity * 2);
    this.#mask = capacity - 1;
  }

  get size(): number {
    return this.#size + (this.#hasZero ? 1 : 0);
  }

  add(first: number, second: number): void {
    if (first === 0 && second === 0) {
      this.#hasZero = true;
      return;
    }
    const pairs = this.#pairs;
    let place = (first ^ second) & this.#mask;
    for (;;) {
      const at = place * 2;
      if (pairs[at] === first && pairs[at + 1] === second) return;
      if (pairs[at] === 0 && pairs[at + 1] === 0) {
        pairs[at] = first;
        pairs[at + 1] = second;
        if (++this.#size * 2 > this.#mask) this.#grow();
        return;
      }
      place = (place + 1) & this.#mask;
    }
  }

  addAll(pairs: Uint32Array): void {
    for (let at = 0; at < pairs.length; at += 2) this.add(pairs[at] as number, pairs[at + 1] as number);
  }

  /** The pairs, one after another. */
  toPairs(): Uint32Array {
    const listed = new Uint32Array(this.size * 2);
    let to = this.#hasZero ? 2 : 0;
    for (let at = 0; at < this.#pairs.length; at += 2) {
      if (this.#pairs[at] === 0 && this.#pairs[at + 1] === 0) continue;
      listed[to++] = this.#pairs[at] as number;
      listed[to++] = this.#pairs[at + 1] as number;
    }
    return listed;
  }

  clear(): void {
    this.#pairs.fill(0);
    this.#size = 0;
    this.#hasZero = false;
  }

  #grow(): void {
    const old = this.#pairs;
    this.#pairs = new Uint32Array(old.length * 2);
    this.#mask = this.#pairs.length / 2 - 1;
    this.#size = 0;
    this.addAll(old.filter((_, at) => old[at & ~1] !== 0 || old[at | 1] !== 0));
  }
}
