import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { StoredBatch } from "#app/server/ingest/batch-catalog.ts";
import { CorruptBatchError } from "#app/server/ingest/tier0-format.ts";
import { CorruptObjectError } from "#app/server/o3/fetch-verified.ts";
import { ObjectNotFoundError } from "#app/server/o3/object-store.ts";
import { readObject, type ObjectReaderOptions } from "#app/server/search/object-reader.ts";
import { decodeTail, type RowGroup, type Tier1Description } from "#app/server/search/tier1-format.ts";
import type { Clock } from "#app/server/system/clock.ts";
import type { FileSystem } from "#app/server/system/file-system.ts";

export interface Tier1ObjectsOptions extends ObjectReaderOptions {
  fileSystem: FileSystem;
  clock: Clock;
  /** Where an object lies on local disk: in the store that is a folder, or in the cache. */
  pathOf: (batch: Pick<StoredBatch, "objectKey" | "sha256">) => string;
}

/** Tier1Object is an object that can be searched: what its tail says. */
export interface Tier1Object {
  batch: StoredBatch;
  path: string;
  rowGroups: RowGroup[];
  promotedKeys: string[];
  tokeniser: number;
  filterOf(rowGroup: RowGroup): Buffer;
}

/** Tails are mostly word filters, some 5 % of the data; this much of them answers for a gigabyte of objects. */
const MAX_TAIL_BYTES = 48 * 1024 * 1024;
/** A row group whose file has not changed since is hashed again after this long. */
const VERIFIED_FOR_MS = 10 * 60_000;

/**
 * Tier1Objects opens compacted objects and makes sure that nothing is searched whose sha256 is not the right one: a tail's
 * stands in the index, a row group's in the tail.
 */
export class Tier1Objects {
  readonly #options: Tier1ObjectsOptions;
  readonly #tails = new LRUCache<string, { bytes: Buffer; description: Tier1Description }>({
    maxSize: MAX_TAIL_BYTES,
    sizeCalculation: ({ bytes }) => bytes.length + 1024,
  });
  /** By file and row group: what the file was when its bytes were found to be right. */
  readonly #verified = new LRUCache<string, string>({ max: 20_000, ttl: VERIFIED_FOR_MS });

  constructor(options: Tier1ObjectsOptions) {
    this.#options = options;
  }

  /** Throws ObjectNotFoundError, CorruptBatchError, CorruptObjectError or ObjectStoreError. */
  async open(batch: StoredBatch, signal: AbortSignal): Promise<Tier1Object> {
    const { tailStart, tailSha256, promotedKeys, tokeniser } = batch;
    const path = this.#options.pathOf(batch);
    let tail = this.#tails.get(batch.sha256);
    if (tail === undefined) {
      await this.#ensureLocal(batch, path, signal);
      const bytes = await this.#read(batch, path, tailStart ?? 0, batch.bytes - (tailStart ?? 0));
      if (sha256Of(bytes) !== tailSha256)
        throw new CorruptBatchError(batch.objectKey, "its tail's sha256 is not the index's");
      tail = { bytes, description: decodeTail(bytes, batch.objectKey) };
      this.#tails.set(batch.sha256, tail);
    }
    const { bytes } = tail;
    return {
      batch,
      path,
      rowGroups: tail.description.rowGroups,
      promotedKeys,
      tokeniser: tokeniser ?? 0,
      filterOf({ filterStart, filterBytes }) {
        const start = filterStart - (tailStart ?? 0);
        return bytes.subarray(start, start + filterBytes);
      },
    };
  }

  /** Returns once the file has these row groups and their bytes are right. Throws as `open` does. */
  async verify(object: Tier1Object, rowGroups: readonly RowGroup[], signal: AbortSignal): Promise<void> {
    const { batch, path } = object;
    await this.#ensureLocal(batch, path, signal);
    const found = await this.#options.fileSystem.stat(path);
    const identity = `${found?.sizeBytes} ${found?.changedAtMs}`;
    if (found === null) throw new ObjectNotFoundError("read", batch.objectKey);
    for (const rowGroup of rowGroups) {
      const key = `${path} ${rowGroup.firstRow}`;
      if (this.#verified.get(key) === identity) continue;
      signal.throwIfAborted();
      const bytes = await this.#read(batch, path, rowGroup.start, rowGroup.bytes);
      if (sha256Of(bytes) !== rowGroup.sha256) {
        await this.#options.cache?.remove(batch.sha256);
        throw new CorruptBatchError(batch.objectKey, `the sha256 of its rows from ${rowGroup.firstRow} on is wrong`);
      }
      this.#verified.set(key, identity);
    }
  }

  /** Fetches the object into the cache where the store is not a local disk. */
  async #ensureLocal(batch: StoredBatch, path: string, signal: AbortSignal): Promise<void> {
    const { fileSystem, cache } = this.#options;
    if (cache === null) {
      if ((await fileSystem.stat(path)) === null) throw new ObjectNotFoundError("read", batch.objectKey);
      return;
    }
    if (cache.has(batch.sha256)) return;
    const outcome = await readObject(this.#options, batch, signal);
    if ("failed" in outcome) throw outcome.error;
    if (!cache.has(batch.sha256)) throw new CorruptObjectError(batch.objectKey, "it does not fit into the cache");
  }

  async #read(batch: StoredBatch, path: string, start: number, length: number): Promise<Buffer> {
    const handle = await this.#options.fileSystem.open(path, "read");
    try {
      const bytes = Buffer.allocUnsafe(length);
      if ((await handle.read(bytes, start)) !== length)
        throw new CorruptBatchError(batch.objectKey, "it is shorter than the index says");
      return bytes;
    } finally {
      await handle.close();
    }
  }
}

function sha256Of(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
