import type { StoredBatch } from "#app/server/ingest/batch-catalog.ts";
import { readObject, type ObjectReaderOptions } from "#app/server/search/object-reader.ts";
import type { TailHub } from "#app/server/search/tail-hub.ts";
import type { Clock } from "#app/server/system/clock.ts";
import type { Logger } from "#app/server/system/logger.ts";

/** TailCatalog is how processes learn of each other's follows and batches. */
export interface TailCatalog {
  /** Tells the other processes what is followed at this one, and returns what is followed at them. Throws CatalogError. */
  exchangeFollows(walId: string, projectIds: readonly string[]): Promise<string[]>;
  /** Oldest first. Throws CatalogError. */
  findCommitted(request: CommittedRequest): Promise<CommittedElsewhere[]>;
}

export interface CommittedRequest {
  projectIds: readonly string[];
  /** Whose entries are followed from memory. */
  exceptWalIds: readonly string[];
  /** Batches that were committed so lately, by the catalog's clock. */
  withinMs: number;
}

export type CommittedElsewhere = Pick<StoredBatch, "id" | "objectKey" | "sha256" | "entries"> & { projectId: string };

export interface TailFeedOptions extends ObjectReaderOptions {
  hub: Pick<TailHub, "followed" | "publishObject" | "dropObject">;
  catalog: TailCatalog;
  /** This process's own. */
  walId: string;
  walIds: () => readonly string[];
  /** Has what a project sent go to the store now. */
  seal: (projectId: string) => void;
  clock: Clock;
  logger: Logger;
}

const INTERVAL_MS = 1_000;
/** How often a project that is followed elsewhere has its batch sealed: each time makes an object. */
const EXCHANGE_EVERY = 2;
/** A commit may become visible this long after one that began later. */
const LOOK_BACK_MS = 10_000;

/**
 * TailFeed brings to live follows what other processes took in, as soon as it is stored: until then only the process that
 * acknowledged a line has it. So that a follow need not wait until a batch is old, each process seals at once what is
 * followed at another.
 */
export class TailFeed {
  readonly #options: TailFeedOptions;
  readonly #stopping = new AbortController();
  /** Of each followed project, the batches that were there before or were handed on. */
  #known = new Map<string, Set<string>>();
  /** Also of earlier lives of this process whose WAL is stored by now. */
  readonly #ownWalIds = new Set<string>();
  #lookedAtMs = 0;
  #loop: Promise<void> | null = null;

  constructor(options: TailFeedOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error("the tail feed stops"));
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { clock, logger } = this.#options;
    const { signal } = this.#stopping;
    for (let turn = 0; !signal.aborted; turn++) {
      await clock.sleep(INTERVAL_MS, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        if (turn % EXCHANGE_EVERY === 0) await this.exchange();
        await this.look();
      } catch (error) {
        if (!signal.aborted) logger.warn({ err: error }, "cannot look for lines of other processes now");
      }
    }
  }

  /** Seals what is followed elsewhere, and asks the others for the same. */
  async exchange(): Promise<void> {
    const { hub, catalog, walId, seal } = this.#options;
    for (const projectId of await catalog.exchangeFollows(walId, hub.followed())) seal(projectId);
  }

  /** Looks once for what others have stored. What cannot be read is told to the follows as dropped. */
  async look(): Promise<void> {
    const { hub, catalog, walIds, clock } = this.#options;
    const projectIds = hub.followed();
    for (const walId of walIds()) this.#ownWalIds.add(walId);
    const startedMs = clock.nowMs();
    const found =
      projectIds.length === 0
        ? []
        : await catalog.findCommitted({
            projectIds,
            exceptWalIds: [...this.#ownWalIds],
            withinMs: LOOK_BACK_MS + (this.#known.size === 0 ? 0 : startedMs - this.#lookedAtMs),
          });
    this.#lookedAtMs = startedMs;
    const knownBefore = this.#known;
    this.#known = new Map(projectIds.map((projectId) => [projectId, new Set()]));
    for (const batch of found) {
      const before = knownBefore.get(batch.projectId);
      this.#known.get(batch.projectId)?.add(batch.id);
      // What was there when the follow began is not live any more.
      if (before !== undefined && !before.has(batch.id)) await this.#handOn(batch);
    }
  }

  async #handOn(batch: CommittedElsewhere): Promise<void> {
    const { hub, logger } = this.#options;
    const { signal } = this.#stopping;
    try {
      await hub.publishObject(batch.projectId, await readObject(this.#options, batch, signal), batch);
    } catch (error) {
      if (signal.aborted) throw error;
      logger.warn({ err: error, objectKey: batch.objectKey }, "cannot follow a batch of another process");
      hub.dropObject(batch.projectId, batch.entries);
    }
  }
}
