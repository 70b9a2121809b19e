import { AccessError } from "#app/server/auth/access-error.ts";
import { authoriseSender } from "#app/server/auth/authorise-sender.ts";
import { acceptRecords } from "#app/server/protocols/accept-records.ts";
import { RecordSink } from "#app/server/protocols/record-sink.ts";
import { addMessage } from "#app/server/protocols/syslog/add-message.ts";
import type { Services } from "#app/server/services.ts";
import type { Logger } from "#app/server/system/logger.ts";

export interface SyslogQueueOptions {
  services: Services;
  logger: Logger;
  /** The API key of the project that all messages go to. */
  key: string;
  /** Called when there is room again after `push` returned false. */
  onDrained: () => void;
}

/** Messages that come this close together share a write and an fsync. */
const GATHER_MS = 50;
const BATCH_BYTES = 512 * 1024;
/** Above it a stream has to wait, and datagrams are lost. */
const MAX_QUEUED_BYTES = 8 * 1024 * 1024;
const RETRY_MS = 1_000;
const MAX_RETRY_MS = 10_000;
/** There is no answer in syslog, so the log is the only place to say it; not for every message. */
const COMPLAIN_EVERY_MS = 10_000;
const EMPTY = Buffer.alloc(0);

/** SyslogQueue holds messages until they are on disk, and tries again for as long as it takes. */
export class SyslogQueue {
  readonly #options: SyslogQueueOptions;
  readonly #stopping = new AbortController();
  #messages: Buffer[] = [];
  #queuedBytes = 0;
  #running: Promise<void> | null = null;
  #complainedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: SyslogQueueOptions) {
    this.#options = options;
  }

  /** push takes a message; false when the queue is full now. Over a full queue nothing is taken: the caller decides. */
  push(message: Buffer): boolean {
    this.#messages.push(Buffer.from(message));
    this.#queuedBytes += message.length;
    this.#running ??= this.#run();
    return !this.isFull;
  }

  get isFull(): boolean {
    return this.#queuedBytes >= MAX_QUEUED_BYTES;
  }

  /** Puts on disk what it can with one more try each. */
  async close(): Promise<void> {
    this.#stopping.abort(new Error("the listener stops"));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock } = this.#options.services;
    await clock.sleep(GATHER_MS, this.#stopping.signal).catch(() => undefined);
    for (let attempts = 0; this.#messages.length > 0;) {
      const count = this.#batchLength();
      const batch = this.#messages.slice(0, count);
      try {
        await this.#store(batch);
        attempts = 0;
      } catch (error) {
        // A wrong key does not mend itself with waiting, and its messages belong to nobody.
        const isFinal = error instanceof AccessError || this.#stopping.signal.aborted;
        this.#complain(error, isFinal ? batch.length : 0);
        if (!isFinal) {
          await clock
            .sleep(Math.min(RETRY_MS * 2 ** attempts++, MAX_RETRY_MS), this.#stopping.signal)
            .catch(() => undefined);
          continue;
        }
      }
      const wasFull = this.isFull;
      this.#messages = this.#messages.slice(count);
      this.#queuedBytes -= batch.reduce((sum, message) => sum + message.length, 0);
      if (wasFull && !this.isFull) this.#options.onDrained();
    }
    this.#running = null;
  }

  #batchLength(): number {
    let bytes = 0;
    const end = this.#messages.findIndex((message) => (bytes += message.length) > BATCH_BYTES);
    return end === -1 ? this.#messages.length : Math.max(1, end);
  }

  async #store(batch: readonly Buffer[]): Promise<void> {
    const { services, key } = this.#options;
    const identity = await authoriseSender(services.authenticator, key);
    const { projectId, lines } = identity;
    const bodyBytes = batch.reduce((sum, message) => sum + message.length, 0);
    services.ingester.assertRoom();
    services.rates.admit(identity, bodyBytes);
    services.rates.charge(identity, 0, batch.length);
    const receivedAtMs = services.clock.nowMs();
    const sink = new RecordSink({ receivedAtMs, lines, bodyBytes });
    for (const message of batch) addMessage(sink, message, receivedAtMs);
    const decoded = sink.finish();
    await acceptRecords(services, {
      projectId,
      receivedAtMs,
      decoded,
      waitForCommit: false,
      idempotencyKey: null,
      body: EMPTY,
    });
  }

  #complain(error: unknown, lost: number): void {
    const { services, logger } = this.#options;
    const nowMs = services.clock.nowMs();
    if (lost === 0 && nowMs - this.#complainedAtMs < COMPLAIN_EVERY_MS) return;
    this.#complainedAtMs = nowMs;
    logger.warn({ err: error, lost }, lost > 0 ? "syslog messages are lost" : "syslog messages have to wait");
  }
}
