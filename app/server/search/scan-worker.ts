import { setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import { reasonOf } from "#app/core/errors.ts";
import { scanPiece } from "#app/server/search/scan-piece.ts";
import { memoryOfFound, type ScanAnswer, type ScanPiece } from "#app/server/search/scan-work.ts";

/** The thread that looks through lines which are not compacted. It gives way to what takes logs in. */
const NICENESS = 10;

// Only Linux has priorities of threads; elsewhere this would be the whole server's.
if (process.platform === "linux") setPriority(NICENESS);

parentPort?.on("message", (piece: ScanPiece) => {
  let answer: ScanAnswer;
  try {
    answer = { id: piece.id, found: scanPiece(piece) };
  } catch (error) {
    answer = { id: piece.id, failed: reasonOf(error) };
  }
  parentPort?.postMessage(answer, "found" in answer ? memoryOfFound(answer.found) : []);
});
