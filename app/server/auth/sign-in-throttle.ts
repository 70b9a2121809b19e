import ipaddr from "ipaddr.js";
import { LRUCache } from "lru-cache";
import type { Clock } from "#app/server/system/clock.ts";

const WINDOW_MS = 15 * 60_000;
/** Enough for someone who tries the passwords they have, far too few to guess one. */
const MAX_FAILURES_PER_ACCOUNT = 8;
/** Many people may sit behind one address. */
const MAX_FAILURES_PER_ADDRESS = 40;
/** What is tried most lately is remembered; a flood of made-up addresses pushes out only the oldest. */
const MAX_REMEMBERED = 20_000;

/** SignInThrottle slows guessing down. It remembers in memory, so each process counts for itself. */
export class SignInThrottle {
  readonly #clock: Pick<Clock, "nowMs">;
  readonly #failuresAtMs = new LRUCache<string, number[]>({ max: MAX_REMEMBERED });

  constructor(clock: Pick<Clock, "nowMs">) {
    this.#clock = clock;
  }

  /** Milliseconds until another try is allowed; 0 when it is now. */
  waitMs(email: string, address: string): number {
    return Math.max(
      this.#waitFor(accountKey(email), MAX_FAILURES_PER_ACCOUNT),
      this.#waitFor(addressKey(address), MAX_FAILURES_PER_ADDRESS),
    );
  }

  /** Counts a try before its password is looked at: tries that run at once must not all pass. */
  countTry(email: string, address: string): void {
    for (const key of [accountKey(email), addressKey(address)]) {
      this.#failuresAtMs.set(key, [...this.#recent(key), this.#clock.nowMs()].slice(-MAX_FAILURES_PER_ADDRESS));
    }
  }

  /** Forgets the account's tries after one that was right. Those of the address stay: it may try other accounts. */
  forgive(email: string): void {
    this.#failuresAtMs.delete(accountKey(email));
  }

  #waitFor(key: string, most: number): number {
    const recent = this.#recent(key);
    const decisive = recent.length < most ? undefined : recent[recent.length - most];
    return decisive === undefined ? 0 : decisive + WINDOW_MS - this.#clock.nowMs();
  }

  #recent(key: string): number[] {
    const sinceMs = this.#clock.nowMs() - WINDOW_MS;
    return (this.#failuresAtMs.get(key) ?? []).filter((atMs) => atMs > sinceMs);
  }
}

function accountKey(email: string): string {
  return `account ${email}`;
}

function addressKey(address: string): string {
  return `address ${networkOf(address)}`;
}

/** Of IPv6 a customer gets 64 bits and more to choose from, and could guess from another address each time. */
function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed instanceof ipaddr.IPv6 ? parsed.parts.slice(0, 4).join(":") : parsed.toString();
}
