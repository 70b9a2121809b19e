import { timingSafeEqual } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import type { ApiKeyScope } from "#app/core/project.ts";
import { hashApiKey, isWellFormedApiKey } from "#app/server/catalog/api-key-secret.ts";
import { findKeyOwner, touchApiKey, type KeyOwner } from "#app/server/catalog/api-keys.ts";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import { CatalogError } from "#app/server/ingest/batch-catalog.ts";
import { systemClock, type Clock } from "#app/server/system/clock.ts";

/** KeyIdentity is whom a valid key speaks for. */
export interface KeyIdentity {
  projectId: string;
  projectSlug: string;
  keyId: string;
  scopes: readonly ApiKeyScope[];
  /** The project's switches for lines that are themselves JSON or logfmt; they count as soon as a key's revocation does. */
  lines: { open: boolean; keepRaw: boolean };
}

export interface KeyAuthenticatorOptions {
  database: CatalogDatabase;
  logger: Logger;
  clock?: Clock;
}

/** A revoked key is refused everywhere within 5 s: this long an answer is used without asking again, the rest is for asking. */
const FRESH_MS = 3_000;
/** While the database is away, a key that was valid this recently stays so. */
const STALE_MS = 10 * 60_000;
/** A key that was valid a moment ago does not wait longer than this for a database that may be hanging. */
const PATIENCE_MS = 1_500;
/** After a failure the database is left alone for as long, and such keys do not wait at all. */
const AWAY_MS = 1_000;
const TOUCH_INTERVAL_MS = 60_000;
const MAX_KNOWN_KEYS = 10_000;
/** Apart from the known keys, so that a flood of made-up keys cannot push those out. */
const MAX_UNKNOWN_KEYS = 1_000;

interface Verified {
  owner: KeyOwner;
  verifiedAtMs: number;
}

/** KeyAuthenticator verifies API keys, from memory where that is safe. */
export class KeyAuthenticator {
  readonly #database: CatalogDatabase;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #known = new LRUCache<string, Verified>({ max: MAX_KNOWN_KEYS });
  readonly #unknownSinceMs = new LRUCache<string, number>({ max: MAX_UNKNOWN_KEYS });
  readonly #asking = new Map<string, Promise<KeyOwner | null>>();
  readonly #touchedAtMs = new LRUCache<string, number>({ max: MAX_KNOWN_KEYS });
  readonly #touching = new Set<Promise<void>>();
  #awayUntilMs = 0;

  constructor({ database, logger, clock = systemClock }: KeyAuthenticatorOptions) {
    this.#database = database;
    this.#logger = logger;
    this.#clock = clock;
  }

  /** Throws CatalogError `unavailable` when the database is away and the key was not seen valid of late. */
  async verify(key: string): Promise<KeyIdentity | "unknown"> {
    if (!isWellFormedApiKey(key)) return "unknown";
    const hash = hashApiKey(key);
    const owner = this.#fromMemory(hash) ?? (await this.#fromDatabase(hash));
    if (owner === "unknown" || this.#isExpired(owner)) return "unknown";
    this.#touch(owner);
    const { projectId, projectSlug, keyId, scopes, openLines, keepRawLines } = owner;
    return { projectId, projectSlug, keyId, scopes, lines: { open: openLines, keepRaw: keepRawLines } };
  }

  /** Waits for what runs in the background. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#touching, ...this.#asking.values()]);
  }

  #fromMemory(hash: string): KeyOwner | "unknown" | null {
    const nowMs = this.#clock.nowMs();
    const verified = this.#known.get(hash);
    if (verified !== undefined && nowMs - verified.verifiedAtMs < FRESH_MS) return verified.owner;
    const unknownSinceMs = this.#unknownSinceMs.get(hash);
    return unknownSinceMs !== undefined && nowMs - unknownSinceMs < FRESH_MS ? "unknown" : null;
  }

  async #fromDatabase(hash: string): Promise<KeyOwner | "unknown"> {
    const stale = this.#known.get(hash);
    const mayUseStale = () => stale !== undefined && this.#clock.nowMs() - stale.verifiedAtMs < STALE_MS;
    if (stale === undefined || !mayUseStale()) return (await this.#ask(hash)) ?? "unknown";
    if (this.#clock.nowMs() < this.#awayUntilMs) return stale.owner;

    const patience = new AbortController();
    const impatience = this.#clock.sleep(PATIENCE_MS, patience.signal).then(
      () => {
        this.#awayUntilMs = this.#clock.nowMs() + AWAY_MS;
        return stale.owner;
      },
      () => stale.owner,
    );
    try {
      // The question goes on when we stop waiting, and its answer counts for the next request.
      return (await Promise.race([this.#ask(hash), impatience])) ?? "unknown";
    } catch (error) {
      if (!(error instanceof CatalogError) || error.kind !== "unavailable" || !mayUseStale()) throw error;
      this.#awayUntilMs = this.#clock.nowMs() + AWAY_MS;
      return stale.owner;
    } finally {
      patience.abort(new Error("answered"));
    }
  }

  /** All requests that come with one key share one question. */
  #ask(hash: string): Promise<KeyOwner | null> {
    const running = this.#asking.get(hash);
    if (running !== undefined) return running;
    // Counted from the question: what is revoked while the answer is on its way is not in the answer.
    const askedAtMs = this.#clock.nowMs();
    const question = findKeyOwner(this.#database, hash)
      .then((owner) => {
        const isMatch = owner !== null && timingSafeEqual(Buffer.from(owner.keySha256), Buffer.from(hash));
        if (isMatch) {
          this.#known.set(hash, { owner, verifiedAtMs: askedAtMs });
          return owner;
        }
        this.#known.delete(hash);
        this.#unknownSinceMs.set(hash, askedAtMs);
        return null;
      })
      .finally(() => this.#asking.delete(hash));
    // Whoever stopped waiting does not hear of a failure.
    question.catch(() => undefined);
    this.#asking.set(hash, question);
    return question;
  }

  #isExpired({ expiresAt }: KeyOwner): boolean {
    return expiresAt !== null && expiresAt.getTime() <= this.#clock.nowMs();
  }

  #touch({ projectId, keyId }: KeyOwner): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs - (this.#touchedAtMs.get(keyId) ?? -TOUCH_INTERVAL_MS) < TOUCH_INTERVAL_MS) return;
    this.#touchedAtMs.set(keyId, nowMs);
    const touch = touchApiKey(this.#database, projectId, keyId, TOUCH_INTERVAL_MS)
      // Only the displayed time of last use is lost.
      .catch((error: unknown) => this.#logger.debug({ keyId, err: error }, "cannot note the use of a key"))
      .finally(() => this.#touching.delete(touch));
    this.#touching.add(touch);
  }
}
