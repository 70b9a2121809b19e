import type { Clock } from "#app/server/system/clock.ts";

/** Quota is how much may be taken a second, and how much at once after a pause. */
export interface Quota {
  perS: number;
  burst: number;
}

/**
 * TokenBucket fills at a constant rate up to its burst. It may go into debt, so that a request larger than the burst gets
 * through at all; what comes next then waits longer.
 */
export class TokenBucket {
  readonly quota: Quota;
  readonly #clock: Clock;
  #level: number;
  #filledAtMs: number;
  #taken = 0;

  constructor(quota: Quota, clock: Clock) {
    this.quota = quota;
    this.#clock = clock;
    this.#level = quota.burst;
    this.#filledAtMs = clock.nowMs();
  }

  /** What this process took since the bucket was made; other processes are told. */
  get taken(): number {
    return this.#taken;
  }

  /** May be negative. */
  get level(): number {
    const nowMs = this.#clock.nowMs();
    const { perS, burst } = this.quota;
    const elapsedMs = Math.max(0, nowMs - this.#filledAtMs);
    this.#level = Math.min(burst, this.#level + (elapsedMs / 1000) * perS);
    this.#filledAtMs = nowMs;
    return this.#level;
  }

  /** Until something may be taken again; 0 when that is now. */
  get waitMs(): number {
    const { level } = this;
    return level > 0 ? 0 : Math.ceil(((1 - level) / this.quota.perS) * 1000);
  }

  take(amount: number): void {
    this.#level = this.level - amount;
    this.#taken += amount;
  }

  /** takeElsewhere takes what other processes took. */
  takeElsewhere(amount: number): void {
    this.#level = this.level - amount;
  }
}
