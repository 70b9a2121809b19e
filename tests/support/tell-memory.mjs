/** Loaded into a server with `--import`: on SIGUSR2 it collects the garbage and says how much memory is really held. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc");

process.on("SIGUSR2", async () => {
  // What a collection finds unused is swept and finalised later, and counted as free after the next.
  for (let i = 0; i < 3; i++) {
    collectGarbage();
    await nextTurn();
  }
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
  process.stdout.write(
    `memory ${JSON.stringify({ heldBytes: heapUsed + external, heapUsed, external, arrayBuffers, rss })}\n`,
  );
});
