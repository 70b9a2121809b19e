import { expireBatches, type ExpireOptions } from "#app/server/retention/expire-batches.ts";
import { sweepObjects } from "#app/server/retention/sweep-objects.ts";
import type { Clock } from "#app/server/system/clock.ts";

export interface RetentionWorkerOptions extends ExpireOptions {
  clock: Clock;
  intervalMs: number;
  sweepIntervalMs: number;
}

/** RetentionWorker expires batches every now and then, and sweeps the bucket less often. Several processes may do it at once. */
export class RetentionWorker {
  readonly figures = { objects: 0, bytes: 0, failures: 0 };
  readonly #options: RetentionWorkerOptions;
  readonly #stopping = new AbortController();
  #loop: Promise<void> | null = null;

  constructor(options: RetentionWorkerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Ends what is running at its next step; hidden batches stay hidden and are deleted after the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error("retention stops"));
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { clock, intervalMs, sweepIntervalMs, logger } = this.#options;
    const { signal } = this.#stopping;
    let sweptAtMs = clock.nowMs();
    for (;;) {
      await clock.sleep(intervalMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        const { objects, bytes } = await expireBatches(this.#options, signal);
        this.figures.objects += objects;
        this.figures.bytes += bytes;
        if (clock.nowMs() - sweptAtMs < sweepIntervalMs) continue;
        await sweepObjects(this.#options, signal);
        sweptAtMs = clock.nowMs();
      } catch (error) {
        if (signal.aborted) return;
        this.figures.failures++;
        logger.warn({ err: error }, "cannot expire or sweep now; the next round tries again");
      }
    }
  }
}
