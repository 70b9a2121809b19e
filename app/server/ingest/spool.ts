import { createHash } from "node:crypto";
import path from "node:path";
import { CorruptBatchError } from "#app/server/ingest/tier0-format.ts";
import type { FileSystem } from "#app/server/system/file-system.ts";

/**
 * Spool keeps sealed objects on local disk until the store has them, and is read by queries meanwhile.
 * A file is complete or absent: it is written under another name, synced, and renamed.
 */
export class Spool {
  readonly #fileSystem: FileSystem;
  readonly #directory: string;
  readonly #quarantine: string;

  constructor(options: { fileSystem: FileSystem; directory: string; quarantineDirectory: string }) {
    this.#fileSystem = options.fileSystem;
    this.#directory = options.directory;
    this.#quarantine = options.quarantineDirectory;
  }

  /** Creates the folders and removes files that were being written when the process died. */
  async open(): Promise<void> {
    await this.#fileSystem.makeDirectory(this.#directory);
    await this.#fileSystem.makeDirectory(this.#quarantine);
    for (const name of await this.#fileSystem.list(this.#directory)) {
      if (name.endsWith(PART_SUFFIX)) await this.#fileSystem.remove(path.join(this.#directory, name));
    }
  }

  pathOf(walId: string, batchNo: number): string {
    return path.join(this.#directory, `${walId}-${batchNo}${SPOOL_SUFFIX}`);
  }

  /** Writes an object and returns its path once it is durable. */
  async write(walId: string, batchNo: number, bytes: Buffer): Promise<string> {
    const finalPath = this.pathOf(walId, batchNo);
    const partPath = finalPath + PART_SUFFIX;
    await this.#fileSystem.remove(partPath);
    const handle = await this.#fileSystem.open(partPath, "create");
    try {
      await handle.write(bytes, 0);
      await handle.syncData();
    } finally {
      await handle.close();
    }
    await this.#fileSystem.rename(partPath, finalPath);
    await this.#fileSystem.syncDirectory(this.#directory);
    return finalPath;
  }

  /** Reads an object back; bytes that changed on the disk are noticed here, never sent on. */
  async read(spoolPath: string, sha256: string): Promise<Buffer> {
    const bytes = await this.#fileSystem.readFile(spoolPath);
    const actual = createHash("sha256").update(bytes).digest("hex");
    if (actual !== sha256) throw new CorruptBatchError(spoolPath, "the spool file's sha256 is not that of its seal");
    return bytes;
  }

  async remove(spoolPath: string): Promise<void> {
    await this.#fileSystem.remove(spoolPath);
  }

  /** Moves an object that the catalog refuses for ever out of the way, for a person to look at; returns its new path. */
  async quarantine(spoolPath: string): Promise<string> {
    const target = path.join(this.#quarantine, path.basename(spoolPath));
    await this.#fileSystem.rename(spoolPath, target);
    await this.#fileSystem.syncDirectory(this.#quarantine);
    await this.#fileSystem.syncDirectory(this.#directory);
    return target;
  }

  /** Removes a WAL's files that none of its seals needs: the crash came between spool and seal, or commit and removal. */
  async removeUnneeded(walId: string, needed: readonly string[]): Promise<void> {
    for (const file of await this.#files()) {
      if (path.basename(file).startsWith(`${walId}-`) && !needed.includes(file)) await this.#fileSystem.remove(file);
    }
  }

  /** Removes the files of all WALs but these: their entries are in the ledger. */
  async removeAllBut(walIds: readonly string[]): Promise<void> {
    for (const file of await this.#files()) {
      if (!walIds.some((walId) => path.basename(file).startsWith(`${walId}-`))) await this.#fileSystem.remove(file);
    }
  }

  async #files(): Promise<string[]> {
    const names = await this.#fileSystem.list(this.#directory);
    return names.map((name) => path.join(this.#directory, name));
  }
}

const SPOOL_SUFFIX = ".ndjson.zst";
const PART_SUFFIX = ".part";
