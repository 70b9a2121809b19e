import type { ChildProcess } from "node:child_process";
import { AkavelogError } from "#app/core/errors.ts";
import type { SqlValue } from "#app/server/search/compile-sql.ts";
import type { EngineAnswer, EngineMessage, EngineStatement, EngineValue } from "#app/server/search/engine-messages.ts";
import type { DuckDbOptions } from "#app/server/search/open-duckdb.ts";
import { forkModule } from "#app/server/system/fork-module.ts";

/** EngineFailedError: a statement failed, or the process that ran it ended; what it read is untouched. */
export class EngineFailedError extends AkavelogError {
  constructor(reason: string) {
    super("ENGINE_FAILED", `cannot search a compacted object: ${reason}`);
  }
}

export interface SearchEngineOptions {
  workerUrl: URL;
  duckDb: DuckDbOptions;
}

export interface StatementOptions {
  projectId: string;
  signal: AbortSignal;
}

interface Waiting {
  projectId: string;
  statement: EngineStatement;
  resolve: (answer: EngineAnswer) => void;
  reject: (error: unknown) => void;
}

/** More would only share the same processors and hold more memory. */
const MAX_RUNNING = 6;
const NICENESS = 5;
const ENGINE_THREADS = 12;

/**
 * SearchEngine runs statements in a process of its own: its threads do not stand before an fdatasync, and a crash in native
 * code costs some queries and no logs in flight. Turns go to the project with the fewest running statements.
 */
export class SearchEngine {
  readonly #options: SearchEngineOptions;
  readonly #waiting: Waiting[] = [];
  readonly #running = new Map<number, Waiting>();
  #child: ChildProcess | null = null;
  #nextId = 0;
  #isClosed = false;

  constructor(options: SearchEngineOptions) {
    this.#options = options;
  }

  /** The process's id while there is one; tests end it. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  async rows(sql: string, values: SqlValue[], options: StatementOptions): Promise<EngineValue[][]> {
    const answer = await this.#run({ sql, values, lines: null }, options);
    return "rows" in answer ? answer.rows : [];
  }

  /** Runs a statement that selects `lineColumns` and returns its rows as canonical lines. */
  async lines(
    sql: string,
    values: SqlValue[],
    promotedKeys: string[],
    options: StatementOptions,
  ): Promise<{ bytes: Buffer; ends: Uint32Array }> {
    const answer = await this.#run({ sql, values, lines: { promotedKeys } }, options);
    if (!("bytes" in answer)) return { bytes: Buffer.alloc(0), ends: new Uint32Array(0) };
    const { buffer, byteOffset, length } = answer.bytes;
    return { bytes: Buffer.from(buffer, byteOffset, length), ends: answer.ends };
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#child?.kill("SIGKILL");
    this.#failAll("the engine is closed");
    return Promise.resolve();
  }

  async #run(
    { sql, values, lines }: Pick<EngineStatement, "sql" | "values" | "lines">,
    { projectId, signal }: StatementOptions,
  ): Promise<EngineAnswer> {
    signal.throwIfAborted();
    const statement: EngineStatement = { kind: "run", id: this.#nextId++, sql, values, lines };
    const onAbort = () => this.#cancel(statement.id, signal.reason);
    signal.addEventListener("abort", onAbort);
    try {
      const answer = await new Promise<EngineAnswer>((resolve, reject) => {
        this.#waiting.push({ projectId, statement, resolve, reject });
        this.#startNext();
      });
      signal.throwIfAborted();
      if ("failed" in answer) throw new EngineFailedError(answer.failed);
      return answer;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** The caller goes at once; the engine is told, and the turn is free when it has stopped. */
  #cancel(id: number, reason: unknown): void {
    const at = this.#waiting.findIndex(({ statement }) => statement.id === id);
    if (at !== -1) this.#waiting.splice(at, 1)[0]?.reject(reason);
    const running = this.#running.get(id);
    if (running === undefined) return;
    running.reject(reason);
    this.#send({ kind: "cancel", id });
  }

  #startNext(): void {
    while (this.#running.size < MAX_RUNNING && this.#waiting.length > 0) {
      const next = this.#takeNext();
      this.#running.set(next.statement.id, next);
      this.#send(next.statement);
    }
  }

  #takeNext(): Waiting {
    const running = new Map<string, number>();
    for (const { projectId } of this.#running.values()) running.set(projectId, (running.get(projectId) ?? 0) + 1);
    let best = 0;
    let fewest = Infinity;
    for (const [i, { projectId }] of this.#waiting.entries()) {
      const count = running.get(projectId) ?? 0;
      if (count >= fewest) continue;
      best = i;
      fewest = count;
    }
    return this.#waiting.splice(best, 1)[0] as Waiting;
  }

  #send(message: EngineMessage): void {
    if (this.#isClosed) return this.#failAll("the engine is closed");
    const child = this.#child ?? this.#start();
    child.send(message, (error) => {
      if (error !== null) this.#lose(child, error.message);
    });
  }

  #start(): ChildProcess {
    const child = forkModule(this.#options.workerUrl, { niceness: NICENESS, threads: ENGINE_THREADS });
    child.on("message", (message) => this.#settle(message as EngineAnswer));
    child.on("error", (error) => this.#lose(child, error.message));
    child.on("exit", (code, signal) => this.#lose(child, `its process ended with ${signal ?? code}`));
    this.#child = child;
    child.send({ kind: "open", options: this.#options.duckDb } satisfies EngineMessage);
    return child;
  }

  #settle(answer: EngineAnswer): void {
    const waiting = this.#running.get(answer.id);
    this.#running.delete(answer.id);
    waiting?.resolve(answer);
    this.#startNext();
  }

  /** The next statement starts another process. */
  #lose(child: ChildProcess, reason: string): void {
    if (this.#child !== child) return;
    this.#child = null;
    child.kill("SIGKILL");
    const lost = [...this.#running.values()];
    this.#running.clear();
    for (const { reject } of lost) reject(new EngineFailedError(reason));
    if (!this.#isClosed) this.#startNext();
  }

  #failAll(reason: string): void {
    const all = [...this.#waiting.splice(0), ...this.#running.values()];
    this.#running.clear();
    for (const { reject } of all) reject(new EngineFailedError(reason));
  }
}
