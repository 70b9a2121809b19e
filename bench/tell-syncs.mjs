/**
 * Loaded into a server with `--import`: writes how long each fdatasync took, in ms, one a line, to TELL_SYNCS_FILE. Worker
 * threads load it too, and tell theirs as well.
 */
import { appendFileSync } from "node:fs";
import { open } from "node:fs/promises";

const file = process.env["TELL_SYNCS_FILE"];
const probe = await open("/dev/null", "r");
const prototype = Object.getPrototypeOf(probe);
await probe.close();
const datasync = prototype.datasync;
prototype.datasync = async function (...values) {
  const startedMs = performance.now();
  try {
    return await datasync.apply(this, values);
  } finally {
    if (file) appendFileSync(file, `${(performance.now() - startedMs).toFixed(1)}\n`);
  }
};
