import { LRUCache } from "lru-cache";
import { AkavelogError } from "#app/core/errors.ts";
import { TokenBucket, type Quota } from "#app/server/protocols/token-bucket.ts";
import type { Clock } from "#app/server/system/clock.ts";

/** RateLimitedError: a project or a key sends more than it may; nothing was read. */
export class RateLimitedError extends AkavelogError {
  readonly retryAfterMs: number;
  readonly headers: Record<string, string>;
  constructor({ unit, owner }: Kind, retryAfterMs: number, headers: Record<string, string>) {
    super("RATE_LIMITED", `cannot take logs: the ${owner} sends more ${unit} than its rate limit allows`);
    this.retryAfterMs = retryAfterMs;
    this.headers = headers;
  }
}

/** RateLimits are the quotas that are set; each project and each key has a bucket of its own for each of them. */
export type RateLimits = readonly (Kind & { quota: Quota })[];

interface Kind {
  owner: "project" | "key";
  unit: "bytes" | "records";
}

/** Sender is whose buckets a request is taken from. */
export interface Sender {
  projectId: string;
  keyId: string;
}

/** BucketUsage is what one process took from a bucket since it made it. */
export interface BucketUsage {
  bucket: string;
  taken: number;
}

/** A project that was quiet for so long that it falls out of the table has a full bucket anyway, mostly. */
const MAX_BUCKETS = 40_000;

/** RateLimiter holds the token buckets of this process; see rate-settler.ts for those of the others. */
export class RateLimiter {
  readonly #limits: RateLimits;
  readonly #clock: Clock;
  readonly #buckets = new LRUCache<string, TokenBucket>({ max: MAX_BUCKETS });
  /** Buckets that something was taken from since others were told. */
  readonly #used = new Set<string>();

  constructor(limits: RateLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  get isOn(): boolean {
    return this.#limits.length > 0;
  }

  /**
   * admit lets a request pass before its body is read, and takes the bytes that it announces at once: those that come
   * together must not all see the same full bucket. Throws RateLimitedError.
   */
  admit(sender: Sender, announcedBytes: number): void {
    if (this.#limits.length === 0) return;
    let longestMs = 0;
    let full: Kind | null = null;
    for (const limit of this.#limits) {
      const { waitMs } = this.#bucketOf(limit, sender);
      if (waitMs <= longestMs) continue;
      longestMs = waitMs;
      full = limit;
    }
    if (full !== null) throw new RateLimitedError(full, longestMs, this.headersOf(sender));
    this.charge(sender, announcedBytes, 0);
  }

  /** charge takes what a request turned out to be beyond what was announced. */
  charge(sender: Sender, bytes: number, records: number): void {
    for (const limit of this.#limits) {
      const amount = limit.unit === "bytes" ? bytes : records;
      if (amount <= 0) continue;
      this.#bucketOf(limit, sender).take(amount);
      this.#used.add(bucketName(limit, sender));
    }
  }

  /** headersOf tells a sender of the quota that it has least left of; of no limits nothing. */
  headersOf(sender: Sender): Record<string, string> {
    let tightest: { limit: RateLimits[number]; bucket: TokenBucket; share: number } | null = null;
    for (const limit of this.#limits) {
      const bucket = this.#bucketOf(limit, sender);
      const share = bucket.level / limit.quota.burst;
      if (tightest === null || share < tightest.share) tightest = { limit, bucket, share };
    }
    if (tightest === null) return {};
    const { quota, owner, unit } = tightest.limit;
    const { level } = tightest.bucket;
    return {
      "ratelimit-policy": `${quota.burst};w=${Math.ceil(quota.burst / quota.perS)};comment="${unit} of this ${owner}"`,
      "ratelimit-limit": String(quota.burst),
      "ratelimit-remaining": String(Math.max(0, Math.floor(level))),
      "ratelimit-reset": String(Math.ceil((quota.burst - level) / quota.perS)),
    };
  }

  /** takeUsed returns what changed since the last call, for other processes. */
  takeUsed(): BucketUsage[] {
    const usage: BucketUsage[] = [];
    for (const bucket of this.#used) {
      const taken = this.#buckets.peek(bucket)?.taken;
      if (taken !== undefined) usage.push({ bucket, taken });
    }
    this.#used.clear();
    return usage;
  }

  /** keepUsed puts back what could not be told. */
  keepUsed(usage: readonly BucketUsage[]): void {
    for (const { bucket } of usage) this.#used.add(bucket);
  }

  /** takeElsewhere takes what another process took. Processes with other limits may name buckets that this one lacks. */
  takeElsewhere(bucket: string, amount: number): void {
    const limit = this.#limits.find((each) => bucket.startsWith(`${each.owner}:${each.unit}:`));
    if (limit !== undefined) this.#bucket(bucket, limit.quota).takeElsewhere(amount);
  }

  #bucketOf(limit: RateLimits[number], sender: Sender): TokenBucket {
    return this.#bucket(bucketName(limit, sender), limit.quota);
  }

  #bucket(name: string, quota: Quota): TokenBucket {
    let bucket = this.#buckets.get(name);
    if (bucket === undefined) this.#buckets.set(name, (bucket = new TokenBucket(quota, this.#clock)));
    return bucket;
  }
}

function bucketName({ owner, unit }: Kind, { projectId, keyId }: Sender): string {
  return `${owner}:${unit}:${owner === "project" ? projectId : keyId}`;
}
