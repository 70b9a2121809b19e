import { MAX_PUBLISH_INTERVAL_MS, publishProgress } from "#app/server/alerts/process-progress.ts";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import type { Clock } from "#app/server/system/clock.ts";
import type { Logger } from "#app/server/system/logger.ts";

export interface ProgressPublisherOptions {
  database: CatalogDatabase;
  /** This process's own WAL, which names it. */
  walId: string;
  committedThroughMs: (nowMs: number) => number;
  intervalMs: number;
  clock: Clock;
  logger: Logger;
}

/** ProgressPublisher tells other processes every few seconds that this one is there and how far it is. */
export class ProgressPublisher {
  readonly #options: ProgressPublisherOptions;
  readonly #stopping = new AbortController();
  #loop: Promise<void> | null = null;

  constructor(options: ProgressPublisherOptions) {
    this.#options = options;
  }

  /** Others must know of this process before it acknowledges anything, so that they wait for it. */
  async start(): Promise<void> {
    await this.#publish();
    this.#loop ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error("the publisher stops"));
    await this.#loop;
  }

  get #intervalMs(): number {
    return Math.min(MAX_PUBLISH_INTERVAL_MS, this.#options.intervalMs);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#options.clock.sleep(this.#intervalMs, signal).catch(() => undefined);
      if (!signal.aborted) await this.#publish();
    }
  }

  async #publish(): Promise<void> {
    const { database, walId, committedThroughMs, clock, logger } = this.#options;
    try {
      await publishProgress(database, {
        walId,
        committedThroughMs: committedThroughMs(clock.nowMs()),
        intervalMs: this.#intervalMs,
      });
    } catch (error) {
      // Until it works again the others wait for this process, and then mark what they evaluate as partial.
      logger.warn({ err: error }, "cannot tell the database how far this process is");
    }
  }
}
