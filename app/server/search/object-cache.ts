import path from "node:path";
import { LRUCache } from "lru-cache";
import type { FileSystem } from "#app/server/system/file-system.ts";

/** CacheFigures are a cache's, since the process began. */
export interface CacheFigures {
  readonly bytes: number;
  readonly hits: number;
  readonly misses: number;
}

/** ObjectCache keeps the most recently used objects on local disk, named by their sha256, within a budget of bytes. */
export class ObjectCache {
  readonly #fileSystem: FileSystem;
  readonly #directory: string;
  readonly #sizes: LRUCache<string, number>;
  #hits = 0;
  #misses = 0;

  constructor(options: { fileSystem: FileSystem; directory: string; maxBytes: number }) {
    this.#fileSystem = options.fileSystem;
    this.#directory = options.directory;
    this.#sizes = new LRUCache({
      maxSize: options.maxBytes,
      sizeCalculation: (sizeBytes) => Math.max(1, sizeBytes),
      // A file that cannot be removed only takes room until the next start.
      dispose: (_, sha256) => void options.fileSystem.remove(this.#pathOf(sha256)).catch(() => undefined),
    });
  }

  get figures(): CacheFigures {
    return { bytes: this.#sizes.calculatedSize, hits: this.#hits, misses: this.#misses };
  }

  /** Takes in what an earlier process left. */
  async open(): Promise<void> {
    await this.#fileSystem.makeDirectory(this.#directory);
    for (const name of await this.#fileSystem.list(this.#directory)) {
      const found = await this.#fileSystem.stat(path.join(this.#directory, name));
      if (found !== null && /^[0-9a-f]{64}$/.test(name)) await this.#keep(name, found.sizeBytes);
      else await this.#fileSystem.remove(path.join(this.#directory, name));
    }
  }

  /** The file's bytes, unchecked, or null. */
  async get(sha256: string): Promise<Buffer | null> {
    if (this.#sizes.get(sha256) === undefined) {
      this.#misses++;
      return null;
    }
    try {
      const bytes = await this.#fileSystem.readFile(this.#pathOf(sha256));
      this.#hits++;
      return bytes;
    } catch {
      this.#misses++;
      // Evicted between the two lines, or the disk lost it: the store has it.
      this.#sizes.delete(sha256);
      return null;
    }
  }

  /** Without fsync: after a crash the file may be cut, which its sha256 shows. */
  async put(sha256: string, bytes: Buffer): Promise<void> {
    if (this.#sizes.has(sha256)) return;
    const target = this.#pathOf(sha256);
    try {
      const handle = await this.#fileSystem.open(`${target}.part`, "create");
      await handle.write(bytes, 0).finally(() => handle.close());
      await this.#fileSystem.rename(`${target}.part`, target);
      await this.#keep(sha256, bytes.length);
    } catch {
      // Two queries fetched it at once, or the disk is full: a cache may go without.
      await this.#fileSystem.remove(`${target}.part`).catch(() => undefined);
    }
  }

  /** Moves a file of the spool in. */
  async adopt(sha256: string, filePath: string, sizeBytes: number): Promise<void> {
    await this.#fileSystem.rename(filePath, this.#pathOf(sha256));
    await this.#keep(sha256, sizeBytes);
  }

  async remove(sha256: string): Promise<void> {
    this.#sizes.delete(sha256);
    await this.#fileSystem.remove(this.#pathOf(sha256));
  }

  /** A file larger than the whole budget is not taken into the list, and nobody else would ever remove it. */
  async #keep(sha256: string, sizeBytes: number): Promise<void> {
    this.#sizes.set(sha256, sizeBytes);
    if (!this.#sizes.has(sha256)) await this.#fileSystem.remove(this.#pathOf(sha256));
  }

  #pathOf(sha256: string): string {
    return path.join(this.#directory, sha256);
  }
}
