/**
 * FileSystem is what the WAL, the spool and the file-system object store need of a disk.
 * It is handed in, so that tests can cut the power between any two calls or fill the disk.
 *
 * Errors are Node's (`code` is ENOENT, ENOSPC, EIO, ...); nothing is retried here.
 */
export interface FileSystem {
  /** Opens a file: `create` fails when it exists, `read` and `read-write` when it does not. */
  open(path: string, mode: "create" | "read" | "read-write"): Promise<FileHandle>;
  readFile(path: string): Promise<Buffer>;
  /** Names in a directory, sorted; empty when there is no such directory. */
  list(directory: string): Promise<string[]>;
  /** Creates a directory and its missing parents, each synced into its own parent. */
  makeDirectory(directory: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; does nothing when it is gone already. */
  remove(path: string): Promise<void>;
  /** Removes an empty directory; does nothing when it is gone already. */
  removeDirectory(directory: string): Promise<void>;
  /** Makes the names in a directory durable: a new, renamed or removed file's name can be lost without it. */
  syncDirectory(directory: string): Promise<void>;
  /** What is there, or null. */
  stat(path: string): Promise<FileStat | null>;
  freeSpace(path: string): Promise<{ freeBytes: number; totalBytes: number }>;
}

export interface FileStat {
  sizeBytes: number;
  /** When its bytes or its names changed last. */
  changedAtMs: number;
  isDirectory: boolean;
}

export interface FileHandle {
  /** Writes all of `bytes` at `position`. A rejected write may have written a part. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Fills `target` from `position` on; returns the bytes read, fewer only at the end of the file. */
  read(target: Uint8Array, position: number): Promise<number>;
  /** fdatasync: content and size are durable after it. After a failure never call it again: give up the file. */
  syncData(): Promise<void>;
  truncate(sizeBytes: number): Promise<void>;
  sizeBytes(): Promise<number>;
  close(): Promise<void>;
}
