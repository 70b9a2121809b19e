import { writeSync } from "node:fs";
import path from "node:path";
import type { CrashPoint } from "#tests/support/crash-points.ts";
import type { World } from "#app/server/runtime.ts";
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

function isHit(point: CrashPoint): boolean {
  return isArmed && point === wantedPoint && ++hits === Number(wantedHit);
}

function die(point: CrashPoint): void {
  writeSync(2, `died at ${point}\n`);
  process.kill(process.pid, "SIGKILL");
}

function pass(point: CrashPoint): void {
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
const { startServer } = (await import(/* @vite-ignore */ server)) as { startServer: (world: World) => void };
startServer(world);
