import { LRUCache } from "lru-cache";
import { AkavelogError } from "#app/core/errors.ts";
import type { Clock } from "#app/server/system/clock.ts";

/** RateLimitedError: the project sends more than it may; nothing was read. */
export class RateLimitedError extends AkavelogError {
  readonly retryAfterMs: number;
  constructor(retryAfterMs: number) {
    super("RATE_LIMITED", "cannot take logs: the project sends more than its rate limit allows");
    this.retryAfterMs = retryAfterMs;
  }
}

export interface RateLimit {
  bytesPerS: number;
  burstBytes: number;
}

interface Bucket {
  bytes: number;
  filledAtMs: number;
}

/** A project that was quiet for so long that it falls out of the table has a full bucket anyway, mostly. */
const MAX_BUCKETS = 10_000;

/**
 * RateLimiter is a token bucket of bytes for each project of this process. A bucket may go into debt, so that a request larger
 * than the burst gets through at all; the next one then waits longer.
 */
export class RateLimiter {
  readonly #limit: RateLimit | null;
  readonly #clock: Clock;
  readonly #buckets = new LRUCache<string, Bucket>({ max: MAX_BUCKETS });

  constructor(limit: RateLimit | null, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
  }

  /**
   * admit lets a request pass before its body is read, and takes the bytes that it announces at once: those that come
   * together must not all see the same full bucket. Throws RateLimitedError.
   */
  admit(projectId: string, announcedBytes: number): void {
    if (this.#limit === null) return;
    const bucket = this.#bucketOf(projectId, this.#limit);
    if (bucket.bytes <= 0) {
      throw new RateLimitedError(Math.ceil(((1 - bucket.bytes) / this.#limit.bytesPerS) * 1000));
    }
    bucket.bytes -= announcedBytes;
  }

  /** charge takes bytes that turned up beyond what was announced. */
  charge(projectId: string, bytes: number): void {
    if (this.#limit !== null && bytes > 0) this.#bucketOf(projectId, this.#limit).bytes -= bytes;
  }

  #bucketOf(projectId: string, { bytesPerS, burstBytes }: RateLimit): Bucket {
    const nowMs = this.#clock.nowMs();
    let bucket = this.#buckets.get(projectId);
    if (bucket === undefined) {
      bucket = { bytes: burstBytes, filledAtMs: nowMs };
      this.#buckets.set(projectId, bucket);
    }
    const elapsedMs = Math.max(0, nowMs - bucket.filledAtMs);
    bucket.bytes = Math.min(burstBytes, bucket.bytes + (elapsedMs / 1000) * bytesPerS);
    bucket.filledAtMs = nowMs;
    return bucket;
  }
}
