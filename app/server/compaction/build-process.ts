import type { ChildProcess } from "node:child_process";
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

/**
 * BuildProcess has objects built by a process of its own, one after another. Starting it costs as much as compacting some
 * ten thousand entries, and its memory is never given back: so it lives for one round of compaction.
 */
export class BuildProcess {
  readonly #workerUrl: URL;
  #child: ChildProcess | null = null;
  /** Takes the outcome of what is being built. */
  #settle: ((outcome: BuildOutcome) => void) | null = null;

  constructor(workerUrl: URL) {
    this.#workerUrl = workerUrl;
  }

  /** Builds one object at a time; aborting ends the process. Throws CompactionFailedError. */
  async build(input: Tier1Input, signal: AbortSignal): Promise<Tier1Built> {
    signal.throwIfAborted();
    const onAbort = () => this.end();
    signal.addEventListener("abort", onAbort);
    try {
      const outcome = await new Promise<BuildOutcome>((resolve) => {
        this.#settle = resolve;
        const child = (this.#child ??= this.#start());
        child.send(input);
      });
      signal.throwIfAborted();
      if (!("failed" in outcome)) return outcome.built;
      // What state it is in is not known.
      this.end();
      throw new CompactionFailedError(outcome.failed);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  end(): void {
    const child = this.#child;
    this.#child = null;
    child?.kill("SIGKILL");
    this.#settle?.({ failed: "its process was ended" });
  }

  #start(): ChildProcess {
    const child = forkModule(this.#workerUrl, { niceness: NICENESS, threads: 4 });
    const settle = (outcome: BuildOutcome) => {
      if (this.#child === child) this.#settle?.(outcome);
    };
    child.on("message", (message) => settle(message as BuildOutcome));
    child.on("error", (error) => settle({ failed: error.message }));
    child.on("exit", (code, by) => settle({ failed: `its process ended with ${by ?? code}` }));
    return child;
  }
}
