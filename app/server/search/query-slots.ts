import { AkavelogError } from "#app/core/errors.ts";
import type { Clock } from "#app/server/system/clock.ts";

/** QueryBusyError: the project runs as many queries as it may, and none of them ended in time. */
export class QueryBusyError extends AkavelogError {
  readonly retryAfterMs = 2_000;

  constructor(running: number) {
    super("QUERY_BUSY", `cannot start query: ${running} queries of this project are running; wait for one to end`);
  }
}

/** More than these are refused at once: whoever waits that long has gone. */
const MAX_WAITING = 100;

/** QuerySlots bounds how many queries of one project work at the same time; further ones wait for their turn. */
export class QuerySlots {
  readonly #maxRunning: number;
  readonly #maxWaitMs: number;
  readonly #clock: Clock;
  readonly #projects = new Map<string, { running: number; waiting: (() => void)[] }>();

  constructor(options: { maxRunning: number; maxWaitMs: number; clock: Clock }) {
    this.#maxRunning = options.maxRunning;
    this.#maxWaitMs = options.maxWaitMs;
    this.#clock = options.clock;
  }

  /** Runs `work` in a slot of the project. Throws QueryBusyError, or what the signal was aborted with. */
  async run<T>(projectId: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#enter(projectId, signal);
    try {
      return await work();
    } finally {
      this.#leave(projectId);
    }
  }

  /**
   * Holds a slot only while the source works: a reader who stalls keeps nobody else from theirs. No generator, whose frame
   * would keep a step of the search for a reader who stalls.
   */
  each<T>(projectId: string, signal: AbortSignal, source: AsyncGenerator<T>): AsyncGenerator<T> {
    const iterator: AsyncGenerator<T> = {
      next: () => this.run(projectId, signal, () => source.next()),
      return: (value) => source.return(value),
      throw: (error) => source.throw(error),
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  async #enter(projectId: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    let project = this.#projects.get(projectId);
    if (project === undefined) this.#projects.set(projectId, (project = { running: 0, waiting: [] }));
    if (project.running < this.#maxRunning) {
      project.running++;
      return;
    }
    if (project.waiting.length >= MAX_WAITING) throw new QueryBusyError(project.running);
    await this.#wait(project, signal);
  }

  /** Whoever leaves hands its place on, so a query that was let in has it already. */
  async #wait(project: { running: number; waiting: (() => void)[] }, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    // By hand: what AbortSignal.any makes stays with the signal for as long as that lives.
    const end = () => over.abort();
    signal.addEventListener("abort", end, { once: true });
    let isIn = false;
    const turn = new Promise<void>((resolve) => {
      project.waiting.push(() => {
        isIn = true;
        resolve();
      });
    });
    const place = project.waiting.at(-1);
    const timeout = this.#clock.sleep(this.#maxWaitMs, over.signal).catch(() => undefined);
    await Promise.race([turn, timeout]);
    signal.removeEventListener("abort", end);
    over.abort();
    if (isIn) return;
    project.waiting = project.waiting.filter((other) => other !== place);
    signal.throwIfAborted();
    throw new QueryBusyError(project.running);
  }

  #leave(projectId: string): void {
    const project = this.#projects.get(projectId);
    if (project === undefined) return;
    const next = project.waiting.shift();
    if (next !== undefined) {
      next();
      return;
    }
    project.running--;
    if (project.running === 0) this.#projects.delete(projectId);
  }
}
