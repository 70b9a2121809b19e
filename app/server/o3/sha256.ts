import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";

/** Hashing 1 MiB takes a few milliseconds at most; a whole 128 MiB object in one call would hold up every request. */
export const HASH_PIECE_BYTES = 1024 * 1024;

/** sha256Of is the hex sha256 of `bytes`, giving way to other work between pieces. */
export async function sha256Of(bytes: Uint8Array): Promise<string> {
  const hash = createHash("sha256");
  for (let start = 0; start < bytes.length; start += HASH_PIECE_BYTES) {
    if (start > 0) await setImmediate();
    hash.update(bytes.subarray(start, start + HASH_PIECE_BYTES));
  }
  return hash.digest("hex");
}
