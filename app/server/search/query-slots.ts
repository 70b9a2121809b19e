import { AkavelogError } from "#app/core/errors.ts";
import type { Clock } from "#app/server/system/clock.ts";

/** QueryBusyError: as many queries run as may, and none of them ended in time. */
export class QueryBusyError extends AkavelogError {
  readonly retryAfterMs = 2_000;

  constructor(running: number) {
    super("QUERY_BUSY", `cannot start query: ${running} queries of this project are running; wait for one to end`);
  }
}

export interface QuerySlotsOptions {
  /** Of one project. */
  maxRunning: number;
  /** Of all projects. */
  maxTotal: number;
  maxWaitMs: number;
  clock: Clock;
}

interface ProjectSlots {
  running: number;
  waiting: (() => void)[];
}

/** More of one project than these are refused at once: whoever waits that long has gone. */
const MAX_WAITING = 100;

/**
 * QuerySlots bounds how many queries work at the same time, of one project and of all; further ones wait for their turn,
 * which goes to the project with the fewest at work.
 */
export class QuerySlots {
  readonly #options: QuerySlotsOptions;
  /** Projects with something running or waiting; of those with equally few, the first is the one served longest ago. */
  readonly #projects = new Map<string, ProjectSlots>();
  #running = 0;

  constructor(options: QuerySlotsOptions) {
    this.#options = options;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    let waiting = 0;
    for (const project of this.#projects.values()) waiting += project.waiting.length;
    return waiting;
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
    // A slot that is free has nobody waiting for it who might have it.
    if (project.running < this.#options.maxRunning && this.#running < this.#options.maxTotal) {
      this.#start(project);
      return;
    }
    if (project.waiting.length >= MAX_WAITING) throw new QueryBusyError(project.running);
    try {
      await this.#wait(project, signal);
    } finally {
      this.#forgetIdle(projectId);
    }
  }

  /** Whoever leaves hands its place on, so a query that was let in has it already. */
  async #wait(project: ProjectSlots, signal: AbortSignal): Promise<void> {
    const { clock, maxWaitMs } = this.#options;
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
    const timeout = clock.sleep(maxWaitMs, over.signal).catch(() => undefined);
    await Promise.race([turn, timeout]);
    signal.removeEventListener("abort", end);
    over.abort();
    if (isIn) return;
    project.waiting = project.waiting.filter((other) => other !== place);
    signal.throwIfAborted();
    throw new QueryBusyError(project.running);
  }

  #start(project: ProjectSlots): void {
    project.running++;
    this.#running++;
  }

  #leave(projectId: string): void {
    const project = this.#projects.get(projectId);
    if (project === undefined) return;
    project.running--;
    this.#running--;
    this.#serveNext();
    this.#forgetIdle(projectId);
  }

  #serveNext(): void {
    let next: [string, ProjectSlots] | null = null;
    for (const [id, project] of this.#projects) {
      if (project.waiting.length === 0 || project.running >= this.#options.maxRunning) continue;
      if (next === null || project.running < next[1].running) next = [id, project];
    }
    if (next === null) return;
    const [id, project] = next;
    this.#projects.delete(id);
    this.#projects.set(id, project);
    this.#start(project);
    project.waiting.shift()?.();
  }

  #forgetIdle(projectId: string): void {
    const project = this.#projects.get(projectId);
    if (project?.running === 0 && project.waiting.length === 0) this.#projects.delete(projectId);
  }
}
