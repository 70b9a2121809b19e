import { mkdir, open, readFile, readdir, rename, rmdir, stat, statfs, unlink } from "node:fs/promises";
import path from "node:path";
import type { FileHandle, FileSystem } from "#app/server/system/file-system.ts";

const OPEN_FLAGS = { create: "wx+", read: "r", "read-write": "r+" } as const;

/** nodeFileSystem is the real disk. */
export const nodeFileSystem: FileSystem = {
  async open(filePath, mode) {
    const handle = await open(filePath, OPEN_FLAGS[mode], 0o600);
    return {
      async write(bytes, position) {
        for (let done = 0; done < bytes.length;) {
          const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
          done += bytesWritten;
        }
      },
      async read(target, position) {
        let done = 0;
        while (done < target.length) {
          const { bytesRead } = await handle.read(target, done, target.length - done, position + done);
          if (bytesRead === 0) break;
          done += bytesRead;
        }
        return done;
      },
      syncData: () => handle.datasync(),
      truncate: (sizeBytes) => handle.truncate(sizeBytes),
      sizeBytes: async () => (await handle.stat()).size,
      close: () => handle.close(),
    } satisfies FileHandle;
  },
  readFile: (filePath) => readFile(filePath),
  async list(directory) {
    return (await nullWhenMissing(readdir(directory)))?.sort() ?? [];
  },
  async makeDirectory(directory) {
    const firstCreated = await mkdir(directory, { recursive: true, mode: 0o755 });
    if (firstCreated === undefined) return;
    const top = path.dirname(path.resolve(firstCreated));
    for (let current = path.dirname(path.resolve(directory)); ; current = path.dirname(current)) {
      await this.syncDirectory(current);
      if (current === top || current === path.dirname(current)) break;
    }
  },
  rename: (from, to) => rename(from, to),
  async remove(filePath) {
    await nullWhenMissing(unlink(filePath));
  },
  async removeDirectory(directory) {
    await nullWhenMissing(rmdir(directory));
  },
  async syncDirectory(directory) {
    const handle = await open(directory, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  async stat(filePath) {
    const found = await nullWhenMissing(stat(filePath));
    if (found === null) return null;
    return { sizeBytes: found.size, changedAtMs: found.ctimeMs, isDirectory: found.isDirectory() };
  },
  async freeSpace(filePath) {
    const space = await statfs(filePath);
    return { freeBytes: space.bavail * space.bsize, totalBytes: space.blocks * space.bsize };
  },
};

async function nullWhenMissing<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
