import path from "node:path";
import type { FileHandle, FileStat, FileSystem } from "#app/server/system/file-system.ts";
import {
  cloneTree,
  newDirectory,
  newFile,
  overwritten,
  pendingChanges,
  renamed,
  survivingTree,
  truncated,
  type Change,
  type DirectoryNode,
  type FileNode,
  type Fate,
} from "#tests/support/memory-file-system-tree.ts";

/**
 * What the disk kept: everything, only what was synced, or every name with only the synced content, as a journal
 * that orders metadata before data leaves it.
 */
export const POWER_CUTS = ["everything", "only what was synced", "names without content"] as const;
export type PowerCut = (typeof POWER_CUTS)[number];

/** Whoever does not wait for a sync goes on for some steps before it has its effect. */
const TURNS_PER_SYNC = 8;

export interface MemoryFileSystemOptions {
  /**
   * Whether makeDirectory syncs what it made, as the interface says. Off by default: the file-system store must not
   * depend on it for folders it did not make itself.
   */
  syncsNewDirectories?: boolean;
  /** Called before every call has its effect; what it throws fails the call. */
  onCall?: (operation: string, filePath: string) => void;
}

/** MemoryFileSystem keeps files in memory, remembers what was synced, and can fail at any call. */
export class MemoryFileSystem implements FileSystem {
  /** What a disk says about its room. */
  freeBytes = 1e9;
  readonly #options: MemoryFileSystemOptions;
  #root: DirectoryNode = newDirectory();
  #calls = 0;
  #failsFrom = Infinity;
  #failsUntil = Infinity;
  #failure = "EIO";

  constructor(options: MemoryFileSystemOptions = {}) {
    this.#options = options;
  }

  /** Calls made so far, to files and folders alike. */
  get calls(): number {
    return this.#calls;
  }

  /** Fails call `call` (counted from now) with `code`, and all after it as well when the power is gone. */
  failAt(call: number, options: { code: string; forGood: boolean }): void {
    this.#failsFrom = this.#calls + call;
    this.#failsUntil = options.forGood ? Infinity : this.#failsFrom;
    this.#failure = options.code;
  }

  /** The disk after the power came back; this one is left as it is. */
  afterPowerCut(cut: PowerCut, options: MemoryFileSystemOptions = this.#options): MemoryFileSystem {
    return this.afterCrash((change) => {
      if (cut === "everything") return "whole";
      return cut === "names without content" && change.kind === "names" ? "whole" : "lost";
    }, options);
  }

  /** The disk after a crash in which each change that was not synced met its own fate. */
  afterCrash(fateOf: (change: Change) => Fate, options: MemoryFileSystemOptions = this.#options): MemoryFileSystem {
    return this.#with(survivingTree(this.#root, fateOf), options);
  }

  /** The disk after only the process died: everything is there, and what was not synced is still not. */
  afterKill(options: MemoryFileSystemOptions = this.#options): MemoryFileSystem {
    return this.#with(cloneTree(this.#root), options);
  }

  /** What a crash could take now. */
  pendingChanges(): Change[] {
    return pendingChanges(this.#root);
  }

  #with(root: DirectoryNode, options: MemoryFileSystemOptions): MemoryFileSystem {
    const next = new MemoryFileSystem(options);
    next.#root = root;
    next.freeBytes = this.freeBytes;
    return next;
  }

  async open(filePath: string, mode: "create" | "read" | "read-write"): Promise<FileHandle> {
    this.#step(mode, filePath);
    const directory = this.#directory(path.dirname(filePath));
    const name = path.basename(filePath);
    let file = directory.names.get(name);
    if (mode === "create") {
      if (file !== undefined) throw failure("EEXIST");
      file = newFile();
      rename(directory, { set: [[name, file]], removed: [] });
    }
    if (file === undefined) throw failure("ENOENT");
    if (file.kind === "directory") throw failure("EISDIR");
    return this.#handle(file, filePath);
  }

  #handle(file: FileNode, filePath: string): FileHandle {
    const write = (bytes: Uint8Array, position: number) => {
      const part = Buffer.from(bytes);
      file.bytes = overwritten(file.bytes, part, position);
      file.pending.push({ kind: "write", position, bytes: part });
    };
    return {
      write: async (bytes, position) => {
        try {
          this.#step("write", filePath);
        } catch (error) {
          write(bytes.subarray(0, bytes.length / 2), position);
          throw error;
        }
        write(bytes, position);
      },
      read: async (target, position) => {
        this.#step("read bytes", filePath);
        return file.bytes.copy(target, 0, position);
      },
      syncData: async () => {
        this.#step("sync", filePath);
        const { bytes } = file;
        const synced = new Set<Change>(file.pending);
        for (let turn = 0; turn < TURNS_PER_SYNC; turn++) await Promise.resolve();
        file.diskBytes = bytes;
        file.pending = file.pending.filter((change) => !synced.has(change));
      },
      truncate: async (sizeBytes) => {
        this.#step("truncate", filePath);
        file.bytes = truncated(file.bytes, sizeBytes);
        file.pending.push({ kind: "truncate", sizeBytes });
      },
      sizeBytes: async () => {
        this.#step("size", filePath);
        return file.bytes.length;
      },
      close: async () => this.#step("close", filePath),
    };
  }

  async readFile(filePath: string): Promise<Buffer> {
    this.#step("read file", filePath);
    const found = this.#find(filePath);
    if (found?.kind !== "file") throw failure("ENOENT");
    return Buffer.from(found.bytes);
  }

  async list(directory: string): Promise<string[]> {
    this.#step("list", directory);
    const found = this.#find(directory);
    return found?.kind === "directory" ? [...found.names.keys()].sort() : [];
  }

  async makeDirectory(directory: string): Promise<void> {
    this.#step("make directory", directory);
    let current = this.#root;
    for (const name of namesOf(directory)) {
      let next = current.names.get(name);
      if (next?.kind === "file") throw failure("EEXIST");
      if (next === undefined) {
        next = newDirectory();
        rename(current, { set: [[name, next]], removed: [] });
        if (this.#options.syncsNewDirectories === true) {
          this.#step("sync new directory", directory);
          syncNames(current);
        }
      }
      current = next;
    }
  }

  async rename(from: string, to: string): Promise<void> {
    this.#step("rename", to);
    const moved = this.#find(from);
    if (moved === undefined) throw failure("ENOENT");
    const [source, target] = [this.#directory(path.dirname(from)), this.#directory(path.dirname(to))];
    if (source === target) {
      rename(target, { set: [[path.basename(to), moved]], removed: [path.basename(from)] });
      return;
    }
    rename(target, { set: [[path.basename(to), moved]], removed: [] });
    rename(source, { set: [], removed: [path.basename(from)] });
  }

  async remove(filePath: string): Promise<void> {
    this.#step("remove", filePath);
    this.#unlink(filePath);
  }

  async removeDirectory(directory: string): Promise<void> {
    this.#step("remove directory", directory);
    const found = this.#find(directory);
    if (found?.kind === "directory" && found.names.size > 0) throw failure("ENOTEMPTY");
    this.#unlink(directory);
  }

  async syncDirectory(directory: string): Promise<void> {
    this.#step("sync directory", directory);
    syncNames(this.#directory(directory));
  }

  async stat(filePath: string): Promise<FileStat | null> {
    this.#step("stat", filePath);
    const found = this.#find(filePath);
    if (found === undefined) return null;
    const isDirectory = found.kind === "directory";
    // Nothing tells when: whoever asks must take each answer for a change.
    return { sizeBytes: isDirectory ? 0 : found.bytes.length, changedAtMs: this.#calls, isDirectory };
  }

  async freeSpace(): Promise<{ freeBytes: number; totalBytes: number }> {
    this.#step("free space", "");
    return { freeBytes: this.freeBytes, totalBytes: 2e9 };
  }

  #step(operation: string, filePath: string): void {
    this.#calls += 1;
    if (this.#calls >= this.#failsFrom && this.#calls <= this.#failsUntil) throw failure(this.#failure);
    this.#options.onCall?.(operation, filePath);
  }

  #unlink(wanted: string): void {
    const directory = this.#directory(path.dirname(wanted));
    const name = path.basename(wanted);
    if (directory.names.has(name)) rename(directory, { set: [], removed: [name] });
  }

  #find(wanted: string): FileNode | DirectoryNode | undefined {
    let current: FileNode | DirectoryNode | undefined = this.#root;
    for (const name of namesOf(wanted)) current = current?.kind === "directory" ? current.names.get(name) : undefined;
    return current;
  }

  #directory(wanted: string): DirectoryNode {
    const found = this.#find(wanted);
    if (found?.kind !== "directory") throw failure(found === undefined ? "ENOENT" : "ENOTDIR");
    return found;
  }
}

function rename(
  directory: DirectoryNode,
  change: { set: [string, FileNode | DirectoryNode][]; removed: string[] },
): void {
  directory.names = renamed(directory.names, change);
  directory.pending.push({ kind: "names", ...change });
}

function syncNames(directory: DirectoryNode): void {
  directory.diskNames = directory.names;
  directory.pending = [];
}

function namesOf(wanted: string): string[] {
  return wanted.split("/").filter((name) => name !== "");
}

export function failure(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: injected`), { code });
}
