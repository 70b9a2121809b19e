import { AkavelogError } from "#app/core/errors.ts";
import type { Tier1Built, Tier1Input } from "#app/server/compaction/build-tier1.ts";
import type { BuildOutcome } from "#app/server/compaction/compaction-worker.ts";
import { forkModule } from "#app/server/system/fork-module.ts";

export class CompactionFailedError extends AkavelogError {
  constructor(reason: string) {
    super("COMPACTION_FAILED", `cannot compact: ${reason}`);
  }
}

/** Compaction can wait; ingestion and queries cannot. */
const NICENESS = 15;

/** runBuild has an object built by a process of its own and waits for it; aborting kills that process. */
export async function runBuild(workerUrl: URL, input: Tier1Input, signal: AbortSignal): Promise<Tier1Built> {
  signal.throwIfAborted();
  const child = forkModule(workerUrl, { niceness: NICENESS, threads: 4 });
  const kill = () => child.kill("SIGKILL");
  signal.addEventListener("abort", kill);
  try {
    const outcome = await new Promise<BuildOutcome>((resolve) => {
      child.once("message", (message) => resolve(message as BuildOutcome));
      child.once("error", (error) => resolve({ failed: error.message }));
      child.once("exit", (code, by) => resolve({ failed: `its process ended with ${by ?? code}` }));
      child.send(input);
    });
    signal.throwIfAborted();
    if ("failed" in outcome) throw new CompactionFailedError(outcome.failed);
    return outcome.built;
  } finally {
    signal.removeEventListener("abort", kill);
    kill();
  }
}
