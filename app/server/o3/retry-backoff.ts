import { ObjectStoreError } from "#app/server/o3/object-store.ts";
import type { Clock } from "#app/server/system/clock.ts";

export interface BackoffBounds {
  /** Upper bound of the first delay; it doubles with every further attempt. */
  firstDelayMs: number;
  /** No delay is longer, however many attempts failed. */
  maxDelayMs: number;
}

/** A store that is back after an outage is found within half a minute; one that struggles gets 2 requests a minute. */
export const UPLOAD_BACKOFF: BackoffBounds = { firstDelayMs: 200, maxDelayMs: 30_000 };

/**
 * backoffMs is the wait before the next try after `earlierRetries` retries (0 before the first): from 0 to the bound.
 * "Full jitter": processes that lost the store at the same moment do not come back to it at the same moment.
 */
export function backoffMs(
  earlierRetries: number,
  random: () => number,
  bounds: BackoffBounds = UPLOAD_BACKOFF,
): number {
  const boundMs = Math.min(bounds.maxDelayMs, bounds.firstDelayMs * 2 ** earlierRetries);
  return Math.floor(random() * boundMs);
}

export interface RetryOptions {
  clock: Clock;
  /** Uniform in [0, 1). */
  random: () => number;
  /** Tries in all; Infinity for work that only the signal may end. */
  maxAttempts: number;
  bounds?: BackoffBounds;
  signal?: AbortSignal;
  /** Told of every failure that is tried again, for logs and counters. */
  onRetry?: (error: ObjectStoreError, attempt: number, delayMs: number) => void;
}

/**
 * retryWithBackoff repeats `work` while it throws a retryable ObjectStoreError, and throws the last error on.
 * `work` is told the number of failed attempts before it: above 0, a put has to look for its own success first.
 */
export async function retryWithBackoff<T>(
  work: (failedAttempts: number) => Promise<T>,
  options: RetryOptions,
): Promise<T> {
  for (let failedAttempts = 0; ;) {
    try {
      return await work(failedAttempts);
    } catch (error) {
      failedAttempts += 1;
      const isWorthwhile = error instanceof ObjectStoreError && error.retryable;
      if (!isWorthwhile || failedAttempts >= options.maxAttempts) throw error;
      const delayMs = backoffMs(failedAttempts - 1, options.random, options.bounds);
      options.onRetry?.(error, failedAttempts, delayMs);
      await options.clock.sleep(delayMs, options.signal);
    }
  }
}
