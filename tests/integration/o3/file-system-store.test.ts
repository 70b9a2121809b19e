import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { openFileSystemObjectStore } from "#app/server/o3/file-system-object-store.ts";
import { nodeFileSystem } from "#app/server/system/node-file-system.ts";
import { describeObjectStore } from "#tests/integration/o3/object-store-cases.ts";

describeObjectStore(
  "the file-system store",
  async () => {
    const root = await mkdtemp(path.join(tmpdir(), "akavelog-objects-"));
    return {
      store: await openFileSystemObjectStore({ root, fileSystem: nodeFileSystem }),
      close: () => rm(root, { recursive: true, force: true }),
    };
  },
  { checksSha256: true, refusesOverwrite: true, listsInKeyOrder: true },
);
