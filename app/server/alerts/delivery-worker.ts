import type { Agent } from "undici";
import { reasonOf } from "#app/core/errors.ts";
import {
  DELIVERY_TIMEOUT_MS,
  DeliveryError,
  deliverNotification,
  MAIL_TIMEOUT_MS,
  type DeliveryOptions,
} from "#app/server/alerts/deliver-notification.ts";
import {
  claimNotifications,
  recordDelivery,
  type ClaimedNotification,
  type DeliveryOutcome,
} from "#app/server/alerts/notification-catalog.ts";
import type { Notification } from "#app/server/alerts/notification.ts";
import { sampleEntries, type SampleEntry } from "#app/server/alerts/sample-entries.ts";
import type { SendMail } from "#app/server/alerts/send-mail.ts";
import { SealedTargetError, type TargetSecrets } from "#app/server/alerts/target-secrets.ts";
import { RefusedAddressError } from "#app/server/alerts/public-address.ts";
import type { StoredTarget } from "#app/server/catalog/alert-schema.ts";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import type { SearchOptions } from "#app/server/search/search-page.ts";
import type { Clock } from "#app/server/system/clock.ts";
import type { Logger } from "#app/server/system/logger.ts";

export interface DeliveryWorkerOptions {
  database: CatalogDatabase;
  walId: string;
  walIds: () => string[];
  secrets: TargetSecrets;
  search: SearchOptions;
  agent: () => Promise<Agent>;
  /** Null when no SMTP server is configured. */
  sendMail: SendMail | null;
  baseUrl: string;
  clock: Clock;
  random: () => number;
  logger: Logger;
}

const S = 1_000;
const MIN = 60_000;
/** How long after each try the next comes: a receiver has most of a day to come back. */
const RETRY_AFTER_MS: readonly number[] = [
  1 * S,
  5 * S,
  30 * S,
  2 * MIN,
  10 * MIN,
  30 * MIN,
  60 * MIN,
  120 * MIN,
  240 * MIN,
  480 * MIN,
];
/** So that those who failed together do not all come back together. */
const JITTER = 0.2;
const MAX_RUNNING = 8;
const POLL_MS = 2_000;
/** Longer than a delivery with its sample takes; then another process may try. */
const LEASE_MS = Math.max(DELIVERY_TIMEOUT_MS, MAIL_TIMEOUT_MS) + 10 * S;
const GONE = 410;

/** DeliveryWorker sends notifications until each is delivered or given up, at least once and with the same id each time. */
export class DeliveryWorker {
  readonly #options: DeliveryWorkerOptions;
  readonly #stopping = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #loop: Promise<void> | null = null;
  #wakeUp: (() => void) | null = null;
  #isWoken = false;
  /** For whoever watches this process. */
  readonly figures = { delivered: 0, retried: 0, failed: 0 };

  constructor(options: DeliveryWorkerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** What is being sent is finished; everything else stays for the next start or another process. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error("deliveries stop"));
    this.wake();
    await this.#loop;
    await Promise.all(this.#running);
  }

  /** There may be something to send. */
  wake(): void {
    this.#isWoken = true;
    this.#wakeUp?.();
  }

  /** Sends once and says what became of it; of a test there is no second try. */
  async sendOnce(
    notification: Notification,
    target: StoredTarget,
  ): Promise<Exclude<DeliveryOutcome, { state: "pending" }>> {
    const outcome = await this.#try({ notification, target, attempts: RETRY_AFTER_MS.length + 1 });
    return outcome.state === "pending" ? { ...outcome, state: "failed" } : outcome;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const { database, walId, walIds, baseUrl, logger } = this.#options;
    while (!signal.aborted) {
      this.#isWoken = false;
      let isFull = false;
      try {
        const most = MAX_RUNNING - this.#running.size;
        const options = { walId, walIds: walIds(), leaseMs: LEASE_MS, most, baseUrl };
        const claimed = most === 0 ? [] : await claimNotifications(database, options);
        for (const one of claimed) this.#begin(one);
        isFull = claimed.length === most;
      } catch (error) {
        if (!signal.aborted) logger.warn({ err: error }, "cannot look for notifications now");
      }
      // When all are busy, whoever ends first wakes the loop.
      await this.#waitForWork(isFull ? DELIVERY_TIMEOUT_MS : POLL_MS);
    }
  }

  async #waitForWork(mostMs: number): Promise<void> {
    if (this.#isWoken || this.#stopping.signal.aborted) return;
    const timer = new AbortController();
    const woken = new Promise<void>((resolve) => (this.#wakeUp = resolve));
    await Promise.race([woken, this.#options.clock.sleep(mostMs, timer.signal).catch(() => undefined)]);
    timer.abort();
    this.#wakeUp = null;
  }

  #begin(claimed: ClaimedNotification): void {
    const delivery = this.#deliver(claimed).finally(() => {
      this.#running.delete(delivery);
      this.wake();
    });
    this.#running.add(delivery);
  }

  async #deliver(claimed: ClaimedNotification): Promise<void> {
    const { database, walId, clock, logger } = this.#options;
    const { id, ruleId } = claimed.notification;
    const outcome = await this.#try(claimed);
    if (outcome.state !== "delivered") logger.warn({ id, ruleId, ...outcome }, "a notification was not delivered");
    if (outcome.state === "pending") {
      this.figures.retried++;
      void clock.sleep(outcome.retryAfterMs, this.#stopping.signal).then(
        () => this.wake(),
        () => undefined,
      );
    } else {
      this.figures[outcome.state]++;
    }
    try {
      await recordDelivery(database, { id, walId }, outcome);
    } catch (error) {
      // It is sent again when the claim ends, under the same id: receivers can tell.
      logger.warn({ err: error, id }, "cannot record a delivery");
    }
  }

  async #try({ notification, target, attempts }: ClaimedNotification): Promise<DeliveryOutcome> {
    if (target === null) return { state: "failed", status: null, error: "the rule has no such target any more" };
    const { secrets, agent, sendMail, clock } = this.#options;
    const options: DeliveryOptions = { agent, sendMail, nowMs: () => clock.nowMs() };
    try {
      const opened = secrets.open(target);
      const status = await deliverNotification(options, opened, notification, await this.#sampleOf(notification));
      return { state: "delivered", status };
    } catch (error) {
      return this.#outcomeOf(error, attempts);
    }
  }

  #outcomeOf(error: unknown, attempts: number): DeliveryOutcome {
    const status = error instanceof DeliveryError ? error.status : null;
    const reason = reasonOf(error);
    const isHopeless = error instanceof RefusedAddressError || error instanceof SealedTargetError || status === GONE;
    const retryAfterMs = RETRY_AFTER_MS[attempts - 1];
    if (isHopeless || retryAfterMs === undefined) return { state: "failed", status, error: reason };
    const jitter = 1 + JITTER * (2 * this.#options.random() - 1);
    return { state: "pending", status, error: reason, retryAfterMs: Math.round(retryAfterMs * jitter) };
  }

  /** The entries only illustrate: without them it is sent all the same. */
  async #sampleOf(notification: Notification): Promise<SampleEntry[]> {
    try {
      return await sampleEntries(this.#options.search, notification, this.#stopping.signal);
    } catch (error) {
      this.#options.logger.warn({ err: error, id: notification.id }, "cannot read the sample of a notification");
      return [];
    }
  }
}
