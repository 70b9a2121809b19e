import { createHash, randomUUID } from "node:crypto";
import path from "node:path";
import { DurableDirectories } from "#app/server/o3/durable-directories.ts";
import { toFileReadError, toFileStoreError } from "#app/server/o3/file-system-errors.ts";
import { walkObjectFiles } from "#app/server/o3/file-system-walk.ts";
import { findKeyProblem, findPrefixProblem } from "#app/server/o3/object-key.ts";
import { ObjectNotFoundError, ObjectStoreError } from "#app/server/o3/object-store.ts";
import type { GetOptions, ObjectHead, ObjectStore, PutOptions } from "#app/server/o3/object-store.ts";
import { HASH_PIECE_BYTES } from "#app/server/o3/sha256.ts";
import type { FileHandle, FileSystem } from "#app/server/system/file-system.ts";

/** Unfinished puts live here, beside the objects: a rename is atomic only within one file system. */
const TEMPORARY_FOLDER = "tmp";

export interface FileSystemObjectStoreOptions {
  /** Folder that holds the objects and nothing else. */
  root: string;
  fileSystem: FileSystem;
}

/**
 * openFileSystemObjectStore keeps each object as the file `<root>/<key>`.
 *
 * A put writes a temporary file, syncs it, renames it to its key and syncs the folder, so that after a power cut
 * the key has the whole object or nothing. What an earlier run left unfinished is removed here.
 * There is no file beside the object for its sha256: `head` reads the object and computes it.
 */
export async function openFileSystemObjectStore(options: FileSystemObjectStoreOptions): Promise<ObjectStore> {
  const { fileSystem } = options;
  const root = path.resolve(options.root);
  const temporaryFolder = path.join(root, TEMPORARY_FOLDER);
  const directories = new DurableDirectories({ root, fileSystem });

  await fileSystem.makeDirectory(temporaryFolder);
  await fileSystem.syncDirectory(path.dirname(root));
  for (const name of await fileSystem.list(temporaryFolder)) {
    await fileSystem.remove(path.join(temporaryFolder, name));
  }

  return { put, get, head, list, delete: remove, close: () => Promise.resolve() };

  async function put(key: string, bytes: Uint8Array, { sha256, replaces, signal }: PutOptions): Promise<void> {
    const target = pathOf("put", key);
    signal?.throwIfAborted();
    const temporary = path.join(temporaryFolder, randomUUID());
    try {
      const existed = replaces !== true && (await hasEqualObject(key, target, bytes.length, sha256, signal));
      if (!existed) await writeTemporary(temporary, key, bytes, sha256, signal);
      const wasPublished = await directories.within(path.dirname(target), async () => {
        // Looked at again because another put of this key may have finished meanwhile; rename would replace its file.
        if (existed) return false;
        if (replaces !== true && (await hasEqualObject(key, target, bytes.length, sha256, signal))) return false;
        await fileSystem.rename(temporary, target);
        return true;
      });
      // Also when the object was there: the put that made it may have died between its rename and this sync.
      await syncPublished(target, wasPublished && replaces !== true);
      if (!existed && !wasPublished) await removeQuietly(temporary);
    } catch (error) {
      await removeQuietly(temporary);
      signal?.throwIfAborted();
      throw toFileStoreError("put", key, error);
    }
  }

  async function syncPublished(target: string, wasPublished: boolean): Promise<void> {
    try {
      await fileSystem.syncDirectory(path.dirname(target));
    } catch (error) {
      // A second sync after a failed one can report success without having written. With the name taken back,
      // the next put starts from a new file instead of trusting this one.
      if (wasPublished) await removeQuietly(target);
      throw error;
    }
  }

  async function writeTemporary(
    temporary: string,
    key: string,
    bytes: Uint8Array,
    sha256: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const file = await fileSystem.open(temporary, "create");
    try {
      const hash = createHash("sha256");
      for (let start = 0; start < bytes.length; start += HASH_PIECE_BYTES) {
        signal?.throwIfAborted();
        const piece = bytes.subarray(start, start + HASH_PIECE_BYTES);
        hash.update(piece);
        await file.write(piece, start);
      }
      const found = hash.digest("hex");
      if (found !== sha256) {
        throw new ObjectStoreError("put", key, `its bytes have sha256 ${found}, not ${sha256}`, {
          retryable: false,
          code: "OBJECT_HASH_REFUSED",
        });
      }
      await file.syncData();
    } finally {
      await file.close();
    }
  }

  /** True when the key holds exactly these bytes, false when it is free; other bytes there are an error. */
  async function hasEqualObject(
    key: string,
    target: string,
    sizeBytes: number,
    sha256: string,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const found = await fileSystem.stat(target);
    if (found === null) return false;
    if (!found.isDirectory && found.sizeBytes === sizeBytes && (await sha256OfFile(target, signal)) === sha256) {
      return true;
    }
    throw new ObjectStoreError("put", key, "other bytes are stored under this key, and objects never change", {
      retryable: false,
      code: "OBJECT_EXISTS",
    });
  }

  async function get(key: string, { range, signal }: GetOptions = {}): Promise<Buffer> {
    const target = pathOf("get", key);
    signal?.throwIfAborted();
    try {
      return await withFile(target, async (file) => {
        const sizeBytes = await file.sizeBytes();
        const start = range?.start ?? 0;
        const end = Math.min(range?.end ?? sizeBytes, sizeBytes);
        if (range !== undefined && (range.start < 0 || start >= end)) {
          throw new ObjectStoreError("get", key, `it has ${sizeBytes} bytes, not the range ${start}-${range.end}`, {
            retryable: false,
          });
        }
        const bytes = Buffer.allocUnsafe(end - start);
        const received = await file.read(bytes, start);
        if (received !== bytes.length) {
          throw new ObjectStoreError("get", key, `the file ended after ${received} of ${bytes.length} bytes`, {
            retryable: true,
          });
        }
        signal?.throwIfAborted();
        return bytes;
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw toFileReadError("get", key, error);
    }
  }

  async function head(key: string, { signal }: { signal?: AbortSignal } = {}): Promise<ObjectHead | null> {
    const target = pathOf("head", key);
    signal?.throwIfAborted();
    try {
      const found = await fileSystem.stat(target);
      if (found === null || found.isDirectory) return null;
      return { sizeBytes: found.sizeBytes, sha256: await sha256OfFile(target, signal) };
    } catch (error) {
      signal?.throwIfAborted();
      const storeError = toFileReadError("head", key, error);
      if (storeError instanceof ObjectNotFoundError) return null;
      throw storeError;
    }
  }

  async function* list(
    prefix: string,
    { signal }: { signal?: AbortSignal } = {},
  ): AsyncGenerator<{ key: string; sizeBytes: number }> {
    const problem = findPrefixProblem(prefix);
    if (problem !== null) throw new ObjectStoreError("list", prefix, problem, { retryable: false });
    try {
      for await (const found of walkObjectFiles(fileSystem, root, prefix)) {
        signal?.throwIfAborted();
        if (!found.key.startsWith(`${TEMPORARY_FOLDER}/`)) yield found;
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw toFileStoreError("list", prefix, error);
    }
  }

  async function remove(key: string, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
    const target = pathOf("delete", key);
    signal?.throwIfAborted();
    try {
      const found = await fileSystem.stat(target);
      if (found === null || found.isDirectory) return;
      await fileSystem.remove(target);
      await fileSystem.syncDirectory(path.dirname(target));
    } catch (error) {
      const storeError = toFileReadError("delete", key, error);
      if (storeError instanceof ObjectNotFoundError) return;
      throw storeError;
    }
    // An empty folder that stays costs one inode; the object itself is gone for good.
    await directories.prune(path.dirname(target)).catch(() => undefined);
  }

  async function sha256OfFile(target: string, signal: AbortSignal | undefined): Promise<string> {
    return await withFile(target, async (file) => {
      const hash = createHash("sha256");
      const piece = Buffer.allocUnsafe(HASH_PIECE_BYTES);
      for (let position = 0; ;) {
        signal?.throwIfAborted();
        const received = await file.read(piece, position);
        hash.update(piece.subarray(0, received));
        if (received < piece.length) return hash.digest("hex");
        position += received;
      }
    });
  }

  async function withFile<T>(target: string, work: (file: FileHandle) => Promise<T>): Promise<T> {
    const file = await fileSystem.open(target, "read");
    try {
      return await work(file);
    } finally {
      await file.close();
    }
  }

  /** What stays behind when this fails is removed at the next open. */
  async function removeQuietly(target: string): Promise<void> {
    await fileSystem.remove(target).catch(() => undefined);
  }

  function pathOf(operation: string, key: string): string {
    const problem = key.startsWith(`${TEMPORARY_FOLDER}/`)
      ? "the key lies in the folder for unfinished objects"
      : findKeyProblem(key);
    if (problem !== null) throw new ObjectStoreError(operation, key, problem, { retryable: false });
    return path.join(root, ...key.split("/"));
  }
}
