import { createHash } from "node:crypto";
import type { ObjectStore } from "#app/server/o3/object-store.ts";
import { encodeProjectRecord, projectRecordKey, type ProjectRecord } from "#app/server/retention/project-record.ts";
import type { Clock } from "#app/server/system/clock.ts";
import type { Logger } from "#app/server/system/logger.ts";

/** ProjectRecordCatalog is where projects change. Every method throws CatalogError. */
export interface ProjectRecordCatalog {
  /** Projects whose last change is not in the bucket yet. */
  findUnrecorded(): Promise<VersionedRecord[]>;
  /** Remembers that this version was written last; when the project has changed since, it is unrecorded still. */
  markRecorded(projectId: string, version: number): Promise<void>;
}

export interface VersionedRecord {
  version: number;
  record: ProjectRecord;
}

export interface ProjectRecorderOptions {
  catalog: ProjectRecordCatalog;
  store: ObjectStore;
  clock: Clock;
  logger: Logger;
}

/** Another process may have changed a project; and what failed is tried again. */
const INTERVAL_MS = 5_000;

/** ProjectRecorder writes `project.json` after every change of a project, for as long as it takes. */
export class ProjectRecorder {
  readonly #options: ProjectRecorderOptions;
  readonly #stopping = new AbortController();
  #hurry = new AbortController();
  #loop: Promise<void> | null = null;
  #isFailing = false;

  constructor(options: ProjectRecorderOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error("the project recorder stops"));
    await this.#loop;
  }

  /** A project has changed: its record is written soon. */
  wake(): void {
    this.#hurry.abort();
  }

  async #run(): Promise<void> {
    const { clock, logger } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#hurry = new AbortController();
      try {
        await this.#recordAll(signal);
        this.#isFailing = false;
      } catch (error) {
        // Once for each time that something is away, not every few seconds.
        if (!signal.aborted && !this.#isFailing) logger.warn({ err: error }, "cannot write a project's record yet");
        this.#isFailing = true;
      }
      // While something is away, a change of a project does not bring it back any sooner.
      const wake = this.#isFailing ? signal : AbortSignal.any([signal, this.#hurry.signal]);
      await clock.sleep(INTERVAL_MS, wake).catch(() => undefined);
    }
  }

  async #recordAll(signal: AbortSignal): Promise<void> {
    const { catalog, store } = this.#options;
    // Until nothing is left: what was written may be older than what another process wrote a moment before, and whoever
    // writes last then sees that its version is not the newest, and writes again.
    for (let left = await catalog.findUnrecorded(); left.length > 0; left = await catalog.findUnrecorded()) {
      for (const { version, record } of left) {
        const bytes = encodeProjectRecord(record);
        const sha256 = createHash("sha256").update(bytes).digest("hex");
        await store.put(projectRecordKey(record.id), bytes, { sha256, replaces: true, signal });
        await catalog.markRecorded(record.id, version);
      }
    }
  }
}
