import path from "node:path";
import type { FileSystem } from "#app/server/system/file-system.ts";

/**
 * DurableDirectories makes and prunes the folders below one root.
 *
 * One piece of work runs at a time. Without that a delete could prune a folder between its making and the
 * rename into it, or a put could take a folder for durable that another put has made and not synced yet.
 */
export class DurableDirectories {
  readonly #root: string;
  readonly #fileSystem: FileSystem;
  /** Folders whose own name is known to be on disk: made or synced since the store was opened. */
  readonly #durable = new Set<string>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: { root: string; fileSystem: FileSystem }) {
    this.#root = options.root;
    this.#fileSystem = options.fileSystem;
  }

  /** Runs `work` while `directory` exists, is durable up to the root and cannot be pruned. */
  within<T>(directory: string, work: () => Promise<T>): Promise<T> {
    return this.#oneAtATime(async () => {
      await this.#ensure(directory);
      return await work();
    });
  }

  /** Removes `directory` and its parents up to the root, as far as they are empty. */
  prune(directory: string): Promise<void> {
    return this.#oneAtATime(async () => {
      for (let current = directory; current !== this.#root; current = path.dirname(current)) {
        if ((await this.#fileSystem.list(current)).length > 0) return;
        this.#durable.delete(current);
        await this.#fileSystem.removeDirectory(current);
      }
    });
  }

  async #ensure(directory: string): Promise<void> {
    if (this.#durable.has(directory)) return;
    await this.#fileSystem.makeDirectory(directory);
    // A folder that was there already may be left from a run that died before it synced: sync it once more.
    // From the top down, so that a known folder always means known parents, also when a sync fails half way.
    const unknown: string[] = [];
    for (let current = directory; current !== this.#root; current = path.dirname(current)) {
      if (this.#durable.has(current)) break;
      unknown.unshift(current);
    }
    for (const current of unknown) {
      await this.#fileSystem.syncDirectory(path.dirname(current));
      this.#durable.add(current);
    }
  }

  #oneAtATime<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    // The next in line waits for the end of this work, not for its success; the caller gets the error.
    this.#last = done.catch(() => undefined);
    return done;
  }
}
