/** Verdict is what became of lines that had to be found once. */
export interface Verdict {
  /** Each line is told of once. */
  wrong: { message: string; times: number }[];
  isSound: boolean;
}

/** ExpectedLines is the acknowledged lines that a search over the last `windowMs` has to find. */
export class ExpectedLines {
  readonly #windowMs: number;
  /** Messages with their time, oldest first. */
  readonly #lines = new Map<string, number>();
  readonly #reported = new Set<string>();

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  add(message: string, atMs: number): void {
    this.#lines.set(message, atMs);
  }

  /** Judges what a search that was asked for the window before `nowMs` found of each message. */
  judge(found: ReadonlyMap<string, number>, nowMs: number): Verdict {
    const verdict: Verdict = { wrong: [], isSound: true };
    for (const [message, atMs] of this.#lines) {
      // Before anything else: what has left the window since the last round was not searched for.
      if (atMs < nowMs - this.#windowMs) {
        this.#lines.delete(message);
        this.#reported.delete(message);
        continue;
      }
      const times = found.get(message) ?? 0;
      if (times === 1) continue;
      verdict.isSound = false;
      if (this.#reported.has(message)) continue;
      this.#reported.add(message);
      verdict.wrong.push({ message, times });
    }
    return verdict;
  }
}
