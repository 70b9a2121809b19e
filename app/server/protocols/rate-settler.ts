import { exchangeUsage, type Exchange } from "#app/server/catalog/rate-usage.ts";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import type { RateLimiter } from "#app/server/protocols/rate-limiter.ts";
import type { Clock } from "#app/server/system/clock.ts";
import type { Logger } from "#app/server/system/logger.ts";

export interface RateSettlerOptions {
  database: CatalogDatabase;
  rates: RateLimiter;
  walId: string;
  clock: Clock;
  logger: Logger;
}

const SETTLE_INTERVAL_MS = 1_000;
/** While the database is away each process goes on with what it knows. */
const AWAY_INTERVAL_MS = 5_000;

/**
 * RateSettler makes the limits those of all processes together: every second each says what it took from which bucket and
 * takes what the others took from its own. Within a second several processes may give the same rest away; the debt of that
 * is paid before anything more is admitted, so that over time the rate holds exactly.
 */
export class RateSettler {
  readonly #options: RateSettlerOptions;
  readonly #stopping = new AbortController();
  /** What the others had taken when last heard of, by `<WAL> <bucket>`. */
  readonly #known = new Map<string, number>();
  #sinceMs: number | null = null;
  #loop: Promise<void> | null = null;

  constructor(options: RateSettlerOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#options.rates.isOn) this.#loop ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error("the settler stops"));
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const isSettled = await this.#settle();
      const waitMs = isSettled ? SETTLE_INTERVAL_MS : AWAY_INTERVAL_MS;
      await clock.sleep(waitMs, signal).catch(() => undefined);
    }
  }

  async #settle(): Promise<boolean> {
    const { database, rates, walId, logger } = this.#options;
    const usage = rates.takeUsed();
    try {
      this.#apply(await exchangeUsage(database, { walId, usage, sinceMs: this.#sinceMs }));
      return true;
    } catch (error) {
      rates.keepUsed(usage);
      logger.warn({ err: error }, "cannot tell other processes how much was sent: limits count for this one alone");
      return false;
    }
  }

  #apply({ nowMs, others }: Exchange): void {
    const { rates } = this.#options;
    for (const { walId, bucket, taken, madeMs } of others) {
      const name = `${walId} ${bucket}`;
      const before = this.#known.get(name);
      this.#known.set(name, taken);
      // What was taken before this process looked for the first time is the past.
      const isPast = before === undefined && (this.#sinceMs === null || madeMs < this.#sinceMs);
      if (isPast) continue;
      // A bucket that its process forgot and made anew counts from 0 again.
      const amount = before === undefined || taken < before ? taken : taken - before;
      if (amount > 0) rates.takeElsewhere(bucket, amount);
    }
    this.#sinceMs = nowMs;
    if (this.#known.size <= MAX_KNOWN) return;
    this.#known.clear();
    this.#sinceMs = null;
  }
}

/** Buckets of dead processes would be remembered for ever; after so many everything is looked at anew, as at the start. */
const MAX_KNOWN = 100_000;
