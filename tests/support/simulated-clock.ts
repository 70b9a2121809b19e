import type { Clock } from "#app/server/system/clock.ts";

interface Timer {
  atMs: number;
  fire: () => void;
}

/** SimulatedClock is the time of a world in which several processes live and die; it moves from timer to timer. */
export class SimulatedClock {
  #nowMs: number;
  #timers: Timer[] = [];

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(ms: number, fire: () => void): Timer {
    const timer = { atMs: this.#nowMs + ms, fire };
    let at = this.#timers.length;
    while (at > 0 && (this.#timers[at - 1] as Timer).atMs > timer.atMs) at--;
    this.#timers.splice(at, 0, timer);
    return timer;
  }

  /** Lets everything happen that is due until then, or until `isDone`. */
  async runFor(ms: number, isDone: () => boolean = () => false): Promise<void> {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (isDone()) return;
      const next = this.#timers[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#timers.shift();
      this.#nowMs = next.atMs;
      next.fire();
    }
    this.#nowMs = untilMs;
  }

  /** The clock of one process: a sleep of one that has died never ends. */
  of(process: { isDead: boolean }): Clock {
    return {
      nowMs: () => this.#nowMs,
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          if (signal?.aborted === true) {
            reject(signal.reason as Error);
            return;
          }
          const onAbort = () => {
            const at = this.#timers.indexOf(timer);
            if (at !== -1) this.#timers.splice(at, 1);
            if (!process.isDead) reject(signal?.reason as Error);
          };
          const timer = this.after(ms, () => {
            signal?.removeEventListener("abort", onAbort);
            if (!process.isDead) resolve();
          });
          signal?.addEventListener("abort", onAbort, { once: true });
        }),
    };
  }
}
