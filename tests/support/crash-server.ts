import { writeSync } from "node:fs";
import path from "node:path";
import type { ALERT_CRASH_POINTS, CrashPoint } from "#tests/support/crash-points.ts";
import type { World } from "#app/server/world.ts";
import type { FileHandle } from "#app/server/system/file-system.ts";
import { nodeFileSystem } from "#app/server/system/node-file-system.ts";

/**
 * The production bundle in a world in which it dies, by a SIGKILL to itself, at the n-th passing of one named point:
 * `CRASH_POINT=<point>:<n>`, counted from the start on or, with `CRASH_ARMED=later`, from a SIGUSR2 on.
 * Without it, the server runs as ever.
 */
const [wantedPoint = "", wantedHit = "1"] = (process.env["CRASH_POINT"] ?? "").split(":");
const dataDirectory = path.resolve(process.env["DATA_DIR"] ?? "");
const walDirectory = path.join(dataDirectory, "wal") + path.sep;
const spoolDirectory = path.join(dataDirectory, "spool");
let hits = 0;
let isArmed = process.env["CRASH_ARMED"] !== "later";
process.on("SIGUSR2", () => (isArmed = true));

type Point = CrashPoint | (typeof ALERT_CRASH_POINTS)[number];

function isHit(point: Point): boolean {
  return isArmed && point === wantedPoint && ++hits === Number(wantedHit);
}

function die(point: Point): void {
  writeSync(2, `died at ${point}\n`);
  process.kill(process.pid, "SIGKILL");
}

function pass(point: Point): void {
  if (isHit(point)) die(point);
}

function isWalFile(file: string): boolean {
  return file.startsWith(walDirectory);
}

const world: World = {
  fileSystem: {
    ...nodeFileSystem,
    async open(file, mode) {
      const handle = await nodeFileSystem.open(file, mode);
      return isWalFile(file) && mode !== "read" ? crashingWalFile(handle) : handle;
    },
    async remove(file) {
      if (isWalFile(file)) pass("before WAL release");
      await nodeFileSystem.remove(file);
      if (isWalFile(file)) pass("after WAL release");
    },
    async rename(from, to) {
      if (path.dirname(to) === spoolDirectory) pass("before spool rename");
      await nodeFileSystem.rename(from, to);
    },
    async syncDirectory(directory) {
      await nodeFileSystem.syncDirectory(directory);
      if (directory === spoolDirectory) pass("after seal");
    },
  },
  wrapStore: (store) => ({
    ...store,
    async put(key, bytes, options) {
      await store.put(key, bytes, options);
      pass("after PUT");
    },
  }),
  wrapCatalog: (catalog) => ({
    ...catalog,
    async commitBatch(batch) {
      pass("before commit");
      const outcome = await catalog.commitBatch(batch);
      pass("after commit");
      return outcome;
    },
    async committedBatchNumbers(walId) {
      const numbers = await catalog.committedBatchNumbers(walId);
      pass("in replay");
      return numbers;
    },
    async trimLedger(walId) {
      pass("before ledger trim");
      await catalog.trimLedger(walId);
    },
  }),
  wrapDatabase(database) {
    const run = database.run.bind(database);
    database.run = async (operation, statement) => {
      if (operation === "record alert evaluations") pass("after evaluation");
      if (operation === "record delivery") pass("after send");
      const result = await run(operation, statement);
      if (operation === "record alert evaluations") pass("after evaluation commit");
      if (operation === "claim notifications" && Array.isArray(result) && result.length > 0) pass("before send");
      if (operation === "record delivery") pass("after delivery");
      return result;
    };
    return database;
  },
};

function crashingWalFile(handle: FileHandle): FileHandle {
  return {
    ...handle,
    async write(bytes, position) {
      if (isHit("in write")) {
        await handle.write(bytes.subarray(0, bytes.length >> 1), position);
        die("in write");
      }
      await handle.write(bytes, position);
      pass("after write");
    },
    async syncData() {
      await handle.syncData();
      pass("after fsync");
    },
  };
}

// This file is itself bundled, to lie beside a copy of the build.
const server = new URL("./build/server/index.js", import.meta.url).href;
const { startServer } = (await import(/* @vite-ignore */ server)) as { startServer: (world: World) => Promise<void> };
await startServer(world);
