import { LRUCache } from "lru-cache";
import type { StoredBatch } from "#app/server/ingest/batch-catalog.ts";
import { CorruptBatchError } from "#app/server/ingest/tier0-format.ts";
import { ObjectNotFoundError, type ObjectStore } from "#app/server/o3/object-store.ts";
import { sha256Of } from "#app/server/o3/sha256.ts";
import type { SparseFiles } from "#app/server/search/sparse-files.ts";
import { decodeTail, type RowGroup, type Tier1Description } from "#app/server/search/tier1-format.ts";
import type { FileSystem } from "#app/server/system/file-system.ts";

export interface Tier1ObjectsOptions {
  store: ObjectStore;
  fileSystem: FileSystem;
  /** Copies of what is read, or where the store itself keeps its objects as files. */
  files: SparseFiles | ((objectKey: string) => string);
}

/** Tier1Object is an object that can be searched: what its tail says. */
export interface Tier1Object {
  batch: StoredBatch;
  description: Tier1Description;
  filterOf(rowGroup: RowGroup): Buffer;
}

/** A part of an object whose sha256 is known. */
interface Part {
  start: number;
  bytes: number;
  sha256: string;
}

/** A local file and which one it is: one that was changed, or made anew, is another. */
interface LocalFile {
  path: string;
  identity: string;
  /** Nothing of the object is in it yet, so it need not be read to find that out. */
  isEmpty: boolean;
}

/** Tails are mostly word filters, some 5 % of the data; this much of them answers for a gigabyte of objects. */
const MAX_TAIL_BYTES = 48 * 1024 * 1024;
/** Descriptions take more room in memory than in the tail. */
const DESCRIPTION_BYTES = 64 * 1024;
/** Parts of an object that are read at a time; a row group is some megabyte. */
const PARTS_AT_ONCE = 4;
/** Bytes that were found right are hashed again after this long: disks change what nobody touches. */
const VERIFIED_FOR_MS = 10 * 60_000;

/**
 * Tier1Objects opens compacted objects and makes sure that nothing is searched whose sha256 is not the right one: a tail's
 * stands in the index, a row group's in the tail. From a store that is far away it fetches only the parts that are asked.
 */
export class Tier1Objects {
  readonly #options: Tier1ObjectsOptions;
  readonly #tails = new LRUCache<string, { bytes: Buffer; description: Tier1Description }>({
    maxSize: MAX_TAIL_BYTES,
    sizeCalculation: ({ bytes }) => bytes.length + DESCRIPTION_BYTES,
  });
  /** By file and part: which file it was that had the right bytes there. */
  readonly #verified = new LRUCache<string, string>({ max: 20_000, ttl: VERIFIED_FOR_MS });

  constructor(options: Tier1ObjectsOptions) {
    this.#options = options;
  }

  /** Throws CorruptBatchError or ObjectStoreError. */
  async open(batch: StoredBatch, signal: AbortSignal): Promise<Tier1Object> {
    let tail = this.#tails.get(batch.sha256);
    if (tail === undefined) {
      const bytes = await this.#withFile(batch, async (file) => await this.#read(batch, file, tailOf(batch), signal));
      tail = { bytes, description: decodeTail(bytes, batch.objectKey) };
      this.#tails.set(batch.sha256, tail);
    }
    const { bytes, description } = tail;
    const tailStart = batch.tailStart ?? 0;
    return {
      batch,
      description,
      filterOf: ({ filterStart, filterBytes }) =>
        bytes.subarray(filterStart - tailStart, filterStart - tailStart + filterBytes),
    };
  }

  /**
   * Runs `work` on a local file that has these row groups, their bytes found right, and the Parquet footer. What else of
   * the object is in it nobody knows. Throws as `open` does, and what `work` throws.
   */
  async use<T>(
    { batch }: Tier1Object,
    rowGroups: readonly RowGroup[],
    signal: AbortSignal,
    work: (path: string) => Promise<T>,
  ): Promise<T> {
    return await this.#withFile(batch, async (file) => {
      const parts = [tailOf(batch), ...rowGroups].values();
      const readers = Array.from({ length: PARTS_AT_ONCE }, () => this.#readParts(batch, file, parts, signal));
      // The file must not be let go while one of them still writes to it.
      for (const outcome of await Promise.allSettled(readers)) if (outcome.status === "rejected") throw outcome.reason;
      try {
        return await work(file.path);
      } catch (error) {
        signal.throwIfAborted();
        // It was removed in between, for which the engine has words of its own. Of a copy that says nothing of the object.
        const { files, fileSystem } = this.#options;
        if (typeof files === "function" && (await fileSystem.stat(file.path)) === null)
          throw new ObjectNotFoundError("read", batch.objectKey, { cause: error });
        throw error;
      }
    });
  }

  /** Each reader takes the next part that none has taken. */
  async #readParts(batch: StoredBatch, file: LocalFile, parts: Iterable<Part>, signal: AbortSignal): Promise<void> {
    for (const part of parts) {
      signal.throwIfAborted();
      if (this.#verified.get(`${file.path} ${part.start}`) !== file.identity)
        await this.#read(batch, file, part, signal);
    }
  }

  async #withFile<T>(batch: StoredBatch, work: (file: LocalFile) => Promise<T>): Promise<T> {
    const { files, fileSystem } = this.#options;
    if (typeof files !== "function") {
      const { release, ...file } = await files.pin(batch.sha256, batch.bytes);
      return await work(file).finally(release);
    }
    const path = files(batch.objectKey);
    const found = await fileSystem.stat(path);
    if (found === null) throw new ObjectNotFoundError("read", batch.objectKey);
    return await work({ path, identity: `${found.sizeBytes} ${found.changedAtMs}`, isEmpty: false });
  }

  /** Returns the part from the file, or from the store and then has it in the file as well. */
  async #read(batch: StoredBatch, file: LocalFile, part: Part, signal: AbortSignal): Promise<Buffer> {
    const bytes =
      (file.isEmpty ? null : await this.#readLocal(file.path, part)) ?? (await this.#fetch(batch, part, signal));
    this.#verified.set(`${file.path} ${part.start}`, file.identity);
    return bytes;
  }

  /** The part if the file has it. */
  async #readLocal(path: string, { start, bytes, sha256 }: Part): Promise<Buffer | null> {
    try {
      const handle = await this.#options.fileSystem.open(path, "read");
      const part = Buffer.allocUnsafe(bytes);
      const read = await handle.read(part, start).finally(() => handle.close());
      return read === bytes && (await sha256Of(part)) === sha256 ? part : null;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
  }

  async #fetch(batch: StoredBatch, { start, bytes, sha256 }: Part, signal: AbortSignal): Promise<Buffer> {
    const { store, files } = this.#options;
    const { objectKey } = batch;
    const part = await store.get(objectKey, { range: { start, end: start + bytes }, signal });
    if ((await sha256Of(part)) !== sha256)
      throw new CorruptBatchError(objectKey, `its ${bytes} bytes from ${start} on do not have their sha256`);
    if (typeof files !== "function") await files.write(batch.sha256, part, start);
    return part;
  }
}

function tailOf({ tailStart, tailSha256, bytes }: StoredBatch): Part {
  const start = tailStart ?? 0;
  return { start, bytes: bytes - start, sha256: tailSha256 ?? "" };
}
