import path from "node:path";
import type { FileHandle, FileSystem } from "#app/server/system/file-system.ts";

interface File {
  kind: "file";
  bytes: Buffer;
  syncedBytes: Buffer;
}
interface Directory {
  kind: "directory";
  names: Map<string, File | Directory>;
  syncedNames: Map<string, File | Directory>;
}

/**
 * What the disk kept: everything, only what was synced, or every name with only the synced content, as a journal
 * that orders metadata before data leaves it.
 */
export const POWER_CUTS = ["everything", "only what was synced", "names without content"] as const;
export type PowerCut = (typeof POWER_CUTS)[number];

/** PowerCutFileSystem keeps files in memory, remembers what was synced, and can fail at any call. */
export class PowerCutFileSystem implements FileSystem {
  #root: Directory = newDirectory();
  #calls = 0;
  #failsFrom = Infinity;
  #failsUntil = Infinity;
  #failure = "EIO";

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
  afterPowerCut(cut: PowerCut): PowerCutFileSystem {
    const next = new PowerCutFileSystem();
    next.#root = surviving(this.#root, cut);
    return next;
  }

  async open(filePath: string, mode: "create" | "read" | "read-write"): Promise<FileHandle> {
    this.#step();
    const directory = this.#directory(path.dirname(filePath));
    const name = path.basename(filePath);
    let file = directory.names.get(name);
    if (mode === "create") {
      if (file !== undefined) throw failure("EEXIST");
      file = { kind: "file", bytes: Buffer.alloc(0), syncedBytes: Buffer.alloc(0) };
      directory.names.set(name, file);
    }
    if (file === undefined) throw failure("ENOENT");
    if (file.kind === "directory") throw failure("EISDIR");
    return this.#handle(file);
  }

  #handle(file: File): FileHandle {
    return {
      write: async (bytes, position) => {
        const write = (part: Uint8Array) => {
          file.bytes = Buffer.concat([
            file.bytes.subarray(0, position),
            part,
            file.bytes.subarray(position + part.length),
          ]);
        };
        try {
          this.#step();
        } catch (error) {
          write(bytes.subarray(0, bytes.length / 2));
          throw error;
        }
        write(bytes);
      },
      read: async (target, position) => {
        this.#step();
        return file.bytes.copy(target, 0, position);
      },
      syncData: async () => {
        this.#step();
        file.syncedBytes = Buffer.from(file.bytes);
      },
      truncate: async (sizeBytes) => {
        this.#step();
        file.bytes = Buffer.from(file.bytes.subarray(0, sizeBytes));
      },
      sizeBytes: async () => {
        this.#step();
        return file.bytes.length;
      },
      close: async () => this.#step(),
    };
  }

  async readFile(filePath: string): Promise<Buffer> {
    this.#step();
    const found = this.#find(filePath);
    if (found?.kind !== "file") throw failure("ENOENT");
    return Buffer.from(found.bytes);
  }

  async list(directory: string): Promise<string[]> {
    this.#step();
    const found = this.#find(directory);
    return found?.kind === "directory" ? [...found.names.keys()].sort() : [];
  }

  /** Syncs nothing, unlike the real one: the store must not depend on it for folders it did not make itself. */
  async makeDirectory(directory: string): Promise<void> {
    this.#step();
    let current = this.#root;
    for (const name of namesOf(directory)) {
      const next = current.names.get(name) ?? newDirectory();
      if (next.kind === "file") throw failure("EEXIST");
      current.names.set(name, next);
      current = next;
    }
  }

  async rename(from: string, to: string): Promise<void> {
    this.#step();
    const moved = this.#find(from);
    if (moved === undefined) throw failure("ENOENT");
    this.#directory(path.dirname(to)).names.set(path.basename(to), moved);
    this.#directory(path.dirname(from)).names.delete(path.basename(from));
  }

  async remove(filePath: string): Promise<void> {
    this.#step();
    this.#directory(path.dirname(filePath)).names.delete(path.basename(filePath));
  }

  async removeDirectory(directory: string): Promise<void> {
    this.#step();
    const found = this.#find(directory);
    if (found?.kind === "directory" && found.names.size > 0) throw failure("ENOTEMPTY");
    this.#directory(path.dirname(directory)).names.delete(path.basename(directory));
  }

  async syncDirectory(directory: string): Promise<void> {
    this.#step();
    const found = this.#directory(directory);
    found.syncedNames = new Map(found.names);
  }

  async stat(filePath: string): Promise<{ sizeBytes: number; isDirectory: boolean } | null> {
    this.#step();
    const found = this.#find(filePath);
    if (found === undefined) return null;
    return { sizeBytes: found.kind === "file" ? found.bytes.length : 0, isDirectory: found.kind === "directory" };
  }

  async freeSpace(): Promise<{ freeBytes: number; totalBytes: number }> {
    this.#step();
    return { freeBytes: 1e9, totalBytes: 2e9 };
  }

  #step(): void {
    this.#calls += 1;
    if (this.#calls >= this.#failsFrom && this.#calls <= this.#failsUntil) throw failure(this.#failure);
  }

  #find(wanted: string): File | Directory | undefined {
    let current: File | Directory | undefined = this.#root;
    for (const name of namesOf(wanted)) current = current?.kind === "directory" ? current.names.get(name) : undefined;
    return current;
  }

  #directory(wanted: string): Directory {
    const found = this.#find(wanted);
    if (found?.kind !== "directory") throw failure(found === undefined ? "ENOENT" : "ENOTDIR");
    return found;
  }
}

function surviving(directory: Directory, cut: PowerCut): Directory {
  const kept = newDirectory();
  for (const [name, node] of cut === "only what was synced" ? directory.syncedNames : directory.names) {
    const bytes = node.kind === "file" ? Buffer.from(cut === "everything" ? node.bytes : node.syncedBytes) : null;
    const copy = node.kind === "file" ? { kind: node.kind, bytes: bytes!, syncedBytes: bytes! } : surviving(node, cut);
    kept.names.set(name, copy);
    kept.syncedNames.set(name, copy);
  }
  return kept;
}

function newDirectory(): Directory {
  return { kind: "directory", names: new Map(), syncedNames: new Map() };
}

function namesOf(wanted: string): string[] {
  return wanted.split("/").filter((name) => name !== "");
}

function failure(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: injected`), { code });
}
