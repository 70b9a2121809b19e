import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import type { BatchCatalog } from "#app/server/ingest/batch-catalog.ts";
import type { ObjectStore } from "#app/server/o3/object-store.ts";
import type { FileSystem } from "#app/server/system/file-system.ts";
import { nodeFileSystem } from "#app/server/system/node-file-system.ts";

/** World is what the process touches outside itself; crash tests wrap it to die between any two steps. */
export interface World {
  fileSystem: FileSystem;
  wrapStore: (store: ObjectStore) => ObjectStore;
  wrapCatalog: (catalog: BatchCatalog) => BatchCatalog;
  wrapDatabase: (database: CatalogDatabase) => CatalogDatabase;
}

export const realWorld: World = {
  fileSystem: nodeFileSystem,
  wrapStore: (store) => store,
  wrapCatalog: (catalog) => catalog,
  wrapDatabase: (database) => database,
};
