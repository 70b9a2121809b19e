import path from "node:path";
import { AkavelogError, reasonOf } from "#app/core/errors.ts";
import type { FileHandle, FileSystem } from "#app/server/system/file-system.ts";
import { WAL_FILE_MAGIC, lengthOf, recordHeader, walFileName } from "#app/server/ingest/wal-format.ts";

/** WalFailedError: nothing written since the last fsync may be acknowledged, now or later; the process must end. */
export class WalFailedError extends AkavelogError {
  constructor(cause: unknown) {
    super("WAL_FAILED", `cannot write the WAL: ${reasonOf(cause)}`, { cause });
  }
}

/** WalFullError: the disk took no more; what was not acknowledged was taken back and appending can go on later. */
export class WalFullError extends AkavelogError {
  constructor(cause: unknown) {
    super("WAL_FULL", `cannot write the WAL: the disk is full`, { cause });
  }
}

export interface WalOptions {
  /** The folder of all WALs; this one's files go to `<directory>/<walId>`. */
  directory: string;
  walId: string;
  fileSystem: FileSystem;
  /** A file is closed and a new one begun when it has grown to this size. */
  maxFileBytes: number;
  /** When an earlier process's WAL is drained: its files, oldest first, and a sequence number behind all in them. */
  existing?: { files: WalFile[]; nextSequence: number };
  /** Told how long each fdatasync took. */
  onSynced?: (elapsedMs: number) => void;
  /** Called once when an fsync failed: the process must end and recover by replay. */
  onFailure: (error: WalFailedError) => void;
}

/** WalFile is one file of a WAL as far as its release is concerned. */
export interface WalFile {
  path: string;
  firstSequence: number;
  sizeBytes: number;
}

interface PendingAppend {
  chunks: readonly Buffer[];
  resolve: (sequence: number) => void;
  reject: (error: Error) => void;
}

/** Small groups go out in one write; larger ones are not worth copying together. */
const MAX_JOINED_BYTES = 2 * 1024 * 1024;
const MIN_JOINED_BYTES = 4 * 1024;

/**
 * Wal appends records and resolves each only after fdatasync. Everything that waits while one fdatasync runs shares the
 * next one (group commit). A file's name is made durable before its first record is acknowledged.
 */
export class Wal {
  readonly walId: string;
  readonly #options: WalOptions;
  readonly #directory: string;
  readonly #files: WalFile[] = [];
  #joined = Buffer.alloc(0);
  #handle: FileHandle | null = null;
  #pending: PendingAppend[] = [];
  #writing: Promise<void> | null = null;
  #nextSequence: number;
  #failure: WalFailedError | null = null;
  #closed = false;

  private constructor(options: WalOptions) {
    this.#options = options;
    this.walId = options.walId;
    this.#directory = path.join(options.directory, options.walId);
    this.#nextSequence = options.existing?.nextSequence ?? 0;
    this.#files.push(...(options.existing?.files ?? []));
  }

  static async open(options: WalOptions): Promise<Wal> {
    const wal = new Wal(options);
    await options.fileSystem.makeDirectory(wal.#directory);
    return wal;
  }

  /** Files from oldest to newest; the last is being written. */
  get files(): readonly WalFile[] {
    return this.#files;
  }

  get sizeBytes(): number {
    return this.#files.reduce((sum, file) => sum + file.sizeBytes, 0);
  }

  /** append resolves with the record's sequence number once it is on disk; WalFullError and WalFailedError mean it is not. */
  append(chunks: readonly Buffer[]): Promise<number> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    if (this.#closed) return Promise.reject(new AkavelogError("WAL_CLOSED", "cannot append to the WAL: it is closed"));
    return new Promise((resolve, reject) => {
      this.#pending.push({ chunks, resolve, reject });
      this.#writing ??= this.#writeGroups();
    });
  }

  /** Removes a file whose entries are all in the ledger; only ever the oldest, so that no seal outlives its entries. */
  async removeOldestFile(): Promise<void> {
    const oldest = this.#files[0];
    if (oldest === undefined) return;
    if (this.#files.length === 1) await this.#closeHandle();
    await this.#options.fileSystem.remove(oldest.path);
    await this.#options.fileSystem.syncDirectory(this.#directory);
    this.#files.shift();
  }

  /** Waits for what was appended and closes the file. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#writing;
    await this.#closeHandle();
  }

  /** Removes the folder of a closed WAL whose files are all gone; false when some are left. */
  async removeDirectory(): Promise<boolean> {
    if (this.#files.length > 0) return false;
    await this.#options.fileSystem.removeDirectory(this.#directory);
    await this.#options.fileSystem.syncDirectory(this.#options.directory);
    return true;
  }

  async #writeGroups(): Promise<void> {
    while (this.#pending.length > 0) {
      const group = this.#pending;
      this.#pending = [];
      const firstSequence = this.#nextSequence;
      try {
        await this.#writeGroup(group, firstSequence);
      } catch (error) {
        const refusal = await this.#recoverFrom(error);
        for (const append of group) append.reject(refusal);
        continue;
      }
      this.#nextSequence = firstSequence + group.length;
      for (const [i, append] of group.entries()) append.resolve(firstSequence + i);
    }
    // Here and not in a callback: whoever appends between the last look and the callback would wait for ever.
    this.#writing = null;
  }

  async #writeGroup(group: readonly PendingAppend[], firstSequence: number): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    const handle = await this.#fileFor(firstSequence);
    const file = this.#files.at(-1) as WalFile;
    const pieces: Buffer[] = [];
    for (const [i, append] of group.entries())
      pieces.push(recordHeader(firstSequence + i, append.chunks), ...append.chunks);
    const groupBytes = lengthOf(pieces);
    if (groupBytes <= MAX_JOINED_BYTES) {
      await handle.write(this.#join(pieces, groupBytes), file.sizeBytes);
    } else {
      let position = file.sizeBytes;
      for (const piece of pieces) {
        await handle.write(piece, position);
        position += piece.length;
      }
    }
    const startedMs = performance.now();
    try {
      await handle.syncData();
    } catch (error) {
      // The kernel may have dropped the dirty pages and would report success on a second try.
      throw this.#fail(error);
    }
    this.#options.onSynced?.(performance.now() - startedMs);
    file.sizeBytes += groupBytes;
  }

  /** Only one group is written at a time, so all share one piece of memory, which grows with the groups. */
  #join(pieces: readonly Buffer[], groupBytes: number): Buffer {
    if (this.#joined.length < groupBytes)
      this.#joined = Buffer.allocUnsafeSlow(Math.min(MAX_JOINED_BYTES, Math.max(MIN_JOINED_BYTES, 2 * groupBytes)));
    let size = 0;
    for (const piece of pieces) size += piece.copy(this.#joined, size);
    return this.#joined.subarray(0, size);
  }

  async #fileFor(sequence: number): Promise<FileHandle> {
    const newest = this.#files.at(-1);
    if (this.#handle !== null && newest !== undefined && newest.sizeBytes < this.#options.maxFileBytes)
      return this.#handle;
    await this.#closeHandle();
    const filePath = path.join(this.#directory, walFileName(sequence));
    const { fileSystem } = this.#options;
    const handle = await fileSystem.open(filePath, "create");
    try {
      await handle.write(WAL_FILE_MAGIC, 0);
      // fsync the directory too: a new file's name can be lost without it.
      await fileSystem.syncDirectory(this.#directory);
    } catch (error) {
      await handle.close();
      await fileSystem.remove(filePath);
      throw error;
    }
    this.#handle = handle;
    this.#files.push({
      path: filePath,
      firstSequence: sequence,
      sizeBytes: WAL_FILE_MAGIC.length,
    });
    return handle;
  }

  /** A write that failed before any fsync can be taken back when the disk was only full; anything else ends the WAL. */
  async #recoverFrom(error: unknown): Promise<AkavelogError> {
    if (error instanceof WalFailedError) return error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== "ENOSPC" && code !== "EDQUOT") return this.#fail(error);
    const file = this.#files.at(-1);
    try {
      if (this.#handle !== null && file !== undefined) await this.#handle.truncate(file.sizeBytes);
    } catch (truncateError) {
      return this.#fail(truncateError);
    }
    return new WalFullError(error);
  }

  #fail(cause: unknown): WalFailedError {
    if (this.#failure === null) {
      this.#failure = new WalFailedError(cause);
      this.#options.onFailure(this.#failure);
    }
    return this.#failure;
  }

  async #closeHandle(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close();
  }
}
