import path from "node:path";
import type { FileSystem } from "#app/server/system/file-system.ts";

/**
 * syncAncestors makes the name of a folder durable, and those of the folders above it. A folder that is there is no proof
 * of that: the process that made it may have died before it synced.
 */
export async function syncAncestors(fileSystem: FileSystem, directory: string): Promise<void> {
  let current = path.resolve(directory);
  while (current !== path.dirname(current)) {
    current = path.dirname(current);
    try {
      await fileSystem.syncDirectory(current);
    } catch (error) {
      // Whoever may not read or change a folder has made nothing in it either, so no name of ours is lost.
      if (!FOREIGN.has((error as NodeJS.ErrnoException).code)) throw error;
    }
  }
}

const FOREIGN: ReadonlySet<string | undefined> = new Set(["EACCES", "EPERM", "EROFS"]);
