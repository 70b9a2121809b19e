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
