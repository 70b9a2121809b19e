import type { Matcher } from "#app/server/search/compile-matcher.ts";

/** TailPiece is what one take gives: encoded entries, or how many are missing at this place. */
export type TailPiece = { entries: Buffer[] } | { dropped: number };

/** What waits for one reader; together with the socket's buffer this bounds what a slow reader costs. */
const MAX_WAITING_BYTES = 768 * 1024;
/** Entries of one take. */
const TAKE_BYTES = 64 * 1024;

/** TailReader is one live follow: what it has not taken yet, within bounds. What does not fit is counted and dropped. */
export class TailReader {
  readonly matches: Matcher;
  readonly #waiting: Buffer[] = [];
  #waitingBytes = 0;
  /** Entries that came after the waiting ones and found no room; nothing is added behind them before they are told. */
  #dropped = 0;
  #wakeUp: (() => void) | null = null;

  constructor(matches: Matcher) {
    this.matches = matches;
  }

  add(entry: Buffer): void {
    const hasRoom = this.#waiting.length === 0 || this.#waitingBytes + entry.length <= MAX_WAITING_BYTES;
    if (this.#dropped > 0 || !hasRoom) {
      this.drop(1);
      return;
    }
    this.#waiting.push(entry);
    this.#waitingBytes += entry.length;
    this.#wakeUp?.();
  }

  /** Counts entries that nobody looked at, or that found no room. */
  drop(entries: number): void {
    this.#dropped += entries;
    this.#wakeUp?.();
  }

  /** The next piece, or null when there is none within `patience`, which ends with its signal. */
  async take(patience: (signal: AbortSignal) => Promise<unknown>): Promise<TailPiece | null> {
    if (this.#isEmpty) {
      const over = new AbortController();
      const woken = new Promise<void>((resolve) => (this.#wakeUp = resolve));
      await Promise.race([woken, patience(over.signal).catch(() => undefined)]);
      over.abort();
      this.#wakeUp = null;
    }
    if (this.#waiting.length > 0) return { entries: this.#takeEntries() };
    if (this.#dropped === 0) return null;
    const dropped = this.#dropped;
    this.#dropped = 0;
    return { dropped };
  }

  get #isEmpty(): boolean {
    return this.#waiting.length === 0 && this.#dropped === 0;
  }

  #takeEntries(): Buffer[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#waiting.length && bytes < TAKE_BYTES) bytes += (this.#waiting[count++] as Buffer).length;
    this.#waitingBytes -= bytes;
    return this.#waiting.splice(0, count);
  }
}
