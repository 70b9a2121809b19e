/** `npm run reindex`: fills an empty database from what is in the bucket, and prints a new key for each project. */
import path from "node:path";
import { pino } from "pino";
import { createApiKey } from "#app/server/catalog/api-keys.ts";
import { CANARY_PROJECT_ID } from "#app/server/catalog/canary-project.ts";
import { createPostgresReindexCatalog, isIndexEmpty } from "#app/server/catalog/postgres-reindex-catalog.ts";
import { openFileSystemObjectStore } from "#app/server/o3/file-system-object-store.ts";
import { openS3ObjectStore } from "#app/server/o3/s3-object-store.ts";
import { reindex } from "#app/server/retention/reindex.ts";
import { StartError } from "#app/server/start-error.ts";
import { lockDataDir } from "#app/server/system/data-dir-lock.ts";
import { nodeFileSystem } from "#app/server/system/node-file-system.ts";
import { openIndex } from "#scripts/open-index.ts";
import { runCommand } from "#scripts/run-command.ts";

await runCommand(async (env, closers) => {
  const logger = pino({ level: env.logLevel }, pino.destination(2));
  const dataDir = path.resolve(env.dataDir);
  const interrupted = new AbortController();
  process.once("SIGINT", () => interrupted.abort(new Error("interrupted")));
  // Also where the database is another machine's: a running process would go on writing rows meanwhile.
  closers.push(await lockDataDir(dataDir));
  const store =
    env.o3 === null
      ? await openFileSystemObjectStore({ root: path.join(dataDir, "objects"), fileSystem: nodeFileSystem })
      : openS3ObjectStore(env.o3);
  closers.push(() => store.close());
  const database = await openIndex(env, logger, closers);
  if (!(await isIndexEmpty(database)))
    throw new StartError(
      "cannot reindex: the database is not empty; name an empty one as DATABASE_URL, or move DATA_DIR/postgres away",
    );
  const catalog = createPostgresReindexCatalog(database);
  const { projects, objects, entries, superseded, refused } = await reindex(
    { store, catalog, nowMs: Date.now(), logger },
    interrupted.signal,
  );
  for (const { key, reason } of refused) console.log(`not indexed: ${key}: ${reason}`);
  console.log(`indexed ${objects} objects with ${entries} entries; ${superseded.length} are replaced by newer ones`);
  for (const { id, name, deletedAt } of projects) {
    // The canary's lines are the server's own, and no key would do for them.
    if (deletedAt !== null || id === CANARY_PROJECT_ID) continue;
    const issued = await createApiKey(database, id, { name: "after reindex", scopes: ["ingest", "query", "admin"] });
    console.log(`${name} (${id}): ${issued?.key ?? "no key could be made"}`);
  }
  if (refused.length > 0) process.exitCode = 1;
});
