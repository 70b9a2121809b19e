import path from "node:path";
import type { FileSystem } from "#app/server/system/file-system.ts";

/**
 * walkObjectFiles yields every file below `root` whose key starts with `prefix`, in the order of the keys.
 * Folders that cannot hold such a key are not read. What vanishes during the walk is left out.
 */
export async function* walkObjectFiles(
  fileSystem: FileSystem,
  root: string,
  prefix: string,
): AsyncGenerator<{ key: string; sizeBytes: number }> {
  yield* walk(prefix.slice(0, prefix.lastIndexOf("/") + 1));

  async function* walk(folder: string): AsyncGenerator<{ key: string; sizeBytes: number }> {
    const entries: { key: string; sizeBytes: number }[] = [];
    for (const name of await listFolder(path.join(root, folder))) {
      const key = folder + name;
      if (!key.startsWith(prefix) && !prefix.startsWith(`${key}/`)) continue;
      const found = await fileSystem.stat(path.join(root, key));
      if (found === null) continue;
      // `a-b` sorts before `a/c` as a key although `a` sorts before `a-b` as a name: folders take part with their slash.
      entries.push({ key: found.isDirectory ? `${key}/` : key, sizeBytes: found.sizeBytes });
    }
    entries.sort((left, right) => (left.key < right.key ? -1 : 1));
    for (const entry of entries) {
      if (entry.key.endsWith("/")) yield* walk(entry.key);
      else if (entry.key.startsWith(prefix)) yield entry;
    }
  }

  async function listFolder(folder: string): Promise<string[]> {
    try {
      return await fileSystem.list(folder);
    } catch (error) {
      // The prefix names a file where a folder would be: no key can start with it.
      if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return [];
      throw error;
    }
  }
}
