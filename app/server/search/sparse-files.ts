import path from "node:path";
import type { CacheFigures } from "#app/server/search/object-cache.ts";
import type { FileSystem } from "#app/server/system/file-system.ts";

interface SparseFile {
  path: string;
  /** What of it was put there, as far as this process knows; an earlier one may have put more. */
  heldBytes: number;
  pins: number;
  /** Changes when the file is made anew. */
  identity: number;
}

export interface PinnedFile {
  path: string;
  identity: string;
  /** Made just now: nothing of the object is in it. */
  isEmpty: boolean;
  release: () => void;
}

/**
 * SparseFiles are copies of objects on local disk of which only some parts are there, each at its true offset, so that a
 * reader of files finds them. They are named by the objects' sha256 and kept within a budget of bytes, the most recently
 * used ones; what is pinned stays. Whether a part is there, its sha256 tells: nothing is written down about it.
 */
export class SparseFiles {
  readonly #fileSystem: FileSystem;
  readonly #directory: string;
  readonly #maxBytes: number;
  /** The least recently used first. */
  readonly #files = new Map<string, SparseFile>();
  /** Whoever wants one of these again waits until it is gone: what it has open would go from under it. */
  readonly #removing = new Map<string, Promise<void>>();
  #heldBytes = 0;
  #made = 0;
  #hits = 0;
  #misses = 0;

  constructor(options: { fileSystem: FileSystem; directory: string; maxBytes: number }) {
    this.#fileSystem = options.fileSystem;
    this.#directory = options.directory;
    this.#maxBytes = options.maxBytes;
  }

  get figures(): CacheFigures {
    return { bytes: this.#heldBytes, hits: this.#hits, misses: this.#misses };
  }

  /** Takes in what an earlier process left, as if it were whole. */
  async open(): Promise<void> {
    await this.#fileSystem.makeDirectory(this.#directory);
    for (const name of await this.#fileSystem.list(this.#directory)) {
      const file = path.join(this.#directory, name);
      const found = await this.#fileSystem.stat(file);
      if (found === null || !SHA256.test(name.slice(0, 64))) await this.#fileSystem.remove(file);
      else {
        this.#files.set(name, { path: file, heldBytes: found.sizeBytes, pins: 0, identity: 0 });
        this.#heldBytes += found.sizeBytes;
      }
    }
    await this.#evict();
  }

  /** The object's file, made if there is none; it stays until `release` is called. */
  async pin(name: string, sizeBytes: number): Promise<PinnedFile> {
    while (this.#removing.has(name)) await this.#removing.get(name)?.catch(() => undefined);
    const known = this.#files.get(name);
    const file = known ?? { path: path.join(this.#directory, name), heldBytes: 0, pins: 0, identity: 0 };
    let isEmpty = false;
    file.pins++;
    this.#files.delete(name);
    this.#files.set(name, file);
    try {
      if ((await this.#fileSystem.stat(file.path)) === null) {
        await this.#create(file.path, sizeBytes);
        file.identity = ++this.#made;
        isEmpty = true;
        this.#misses++;
      } else this.#hits++;
    } catch (error) {
      file.pins--;
      throw error;
    }
    return {
      path: file.path,
      identity: String(file.identity),
      isEmpty,
      release: () => {
        file.pins--;
        // A file that cannot be removed only takes room until the next start.
        void this.#evict().catch(() => undefined);
      },
    };
  }

  async write(name: string, bytes: Buffer, position: number): Promise<void> {
    const file = this.#files.get(name);
    if (file === undefined) return;
    const handle = await this.#fileSystem.open(file.path, "read-write");
    await handle.write(bytes, position).finally(() => handle.close());
    file.heldBytes += bytes.length;
    this.#heldBytes += bytes.length;
  }

  /** Moves in a whole object, of which a query may have a sparse file already. */
  async adopt(name: string, filePath: string, sizeBytes: number): Promise<void> {
    const target = path.join(this.#directory, name);
    await this.#fileSystem.rename(filePath, target);
    const file = this.#files.get(name) ?? { path: target, heldBytes: 0, pins: 0, identity: 0 };
    this.#heldBytes += sizeBytes - file.heldBytes;
    this.#files.set(name, Object.assign(file, { heldBytes: sizeBytes, identity: ++this.#made }));
    await this.#evict();
  }

  async remove(name: string): Promise<void> {
    const file = this.#files.get(name);
    if (file === undefined || file.pins > 0) return;
    this.#files.delete(name);
    this.#heldBytes -= file.heldBytes;
    const removing = this.#fileSystem.remove(file.path).finally(() => this.#removing.delete(name));
    this.#removing.set(name, removing);
    await removing;
  }

  async #create(file: string, sizeBytes: number): Promise<void> {
    try {
      const handle = await this.#fileSystem.open(file, "create");
      await handle.truncate(sizeBytes).finally(() => handle.close());
    } catch (error) {
      // Two queries began with it at once.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }

  async #evict(): Promise<void> {
    for (const [name, { pins }] of this.#files) {
      if (this.#heldBytes <= this.#maxBytes) return;
      if (pins === 0) await this.remove(name);
    }
  }
}

const SHA256 = /^[0-9a-f]{64}$/;
