import type { ChildProcess } from "node:child_process";
import { rm } from "node:fs/promises";
import path from "node:path";
import { AkavelogError } from "#app/core/errors.ts";
import type { SqlValue } from "#app/server/search/compile-sql.ts";
import type { EngineAnswer, EngineMessage, EngineStatement } from "#app/server/search/engine-messages.ts";
import type { DuckDbOptions } from "#app/server/search/open-duckdb.ts";
import { takeFairest } from "#app/server/search/take-fairest.ts";
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
  /** Processes that ended while they ran it. */
  losses: number;
  /** Nobody waits for it any more. */
  isGone: boolean;
  resolve: (answer: EngineAnswer) => void;
  reject: (error: unknown) => void;
}

/** What DuckDB itself puts beside these files is called otherwise. */
const LINES_SUFFIX = ".ndjson";
/** More would only share the same processors and hold more memory. */
const MAX_RUNNING = 6;
/** Each statement has a thread beside the ones that all share, so whoever runs many has most of the processors. */
const MIN_SHARED_TURNS = 2;
const MAX_SHARED_TURNS = 4;
/** Whoever had one of so many statements is likely to ask again soon. */
const RECENT_STATEMENTS = 16;
/** A process may be ended by another statement, or by the system: that is no reason to fail this one. */
const MAX_LOSSES = 1;
const NICENESS = 10;
const ENGINE_THREADS = 12;

/**
 * SearchEngine runs statements in a process of its own: its threads do not stand before an fdatasync, and a crash in native
 * code costs some queries and no logs in flight. Turns go to the project with the fewest running statements, and the
 * projects that asked lately share them out.
 */
export class SearchEngine {
  readonly #options: SearchEngineOptions;
  readonly #waiting: Waiting[] = [];
  readonly #running = new Map<number, Waiting>();
  /** Whose the last statements were. */
  readonly #recent: string[] = [];
  #child: ChildProcess | null = null;
  #nextId = 0;
  #nextFile = 0;
  #isClosed = false;

  constructor(options: SearchEngineOptions) {
    this.#options = options;
  }

  /** The process's id while there is one; tests end it. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Starts the process before there is a statement for it, while what it is to read is still on its way. */
  prepare(): void {
    if (!this.#isClosed) this.#child ??= this.#start();
  }

  async rows(sql: string, values: SqlValue[], options: StatementOptions): Promise<unknown[][]> {
    const answer = await this.#run({ sql, values, lines: null }, options);
    return "rows" in answer ? answer.rows : [];
  }

  /** Runs a statement that selects `lineColumns` and returns its rows as stored lines. */
  async lines(sql: string, values: SqlValue[], promotedKeys: string[], options: StatementOptions): Promise<Buffer> {
    const answer = await this.#run({ sql, values, lines: { promotedKeys, filePath: null } }, options);
    if (!("lines" in answer)) return Buffer.alloc(0);
    const { buffer, byteOffset, length } = answer.lines;
    return Buffer.from(buffer, byteOffset, length);
  }

  /** The same, into a new file below the folder of temporary files; removing that is the caller's. */
  async linesToFile(
    sql: string,
    values: SqlValue[],
    promotedKeys: string[],
    options: StatementOptions,
  ): Promise<{ filePath: string; count: number }> {
    const filePath = path.join(this.#options.duckDb.temporaryDirectory, `${this.#nextFile++}${LINES_SUFFIX}`);
    const answer = await this.#run({ sql, values, lines: { promotedKeys, filePath } }, options);
    return { filePath, count: "rows" in answer ? Number(answer.rows[0]?.[0]) : 0 };
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
        this.#waiting.push({ projectId, statement, losses: 0, isGone: false, resolve, reject });
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
    running.isGone = true;
    running.reject(reason);
    this.#send({ kind: "cancel", id });
  }

  #startNext(): void {
    const mostOfProject = this.#mostOfProject();
    while (this.#running.size < MAX_RUNNING) {
      const next = takeFairest(this.#waiting, this.#running.values(), mostOfProject);
      if (next === null) return;
      this.#running.set(next.statement.id, next);
      this.#recent.push(next.projectId);
      if (this.#recent.length > RECENT_STATEMENTS) this.#recent.shift();
      this.#send(next.statement);
    }
  }

  /** What runs is not interrupted, so whoever is likely to ask again has to find a turn free. */
  #mostOfProject(): number {
    const turns = Math.min(Math.max(MIN_SHARED_TURNS, this.#options.duckDb.threads), MAX_SHARED_TURNS);
    return Math.max(1, Math.floor(turns / new Set(this.#recent).size));
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
    // It was done before it was told to stop. What cannot be removed goes at the next start.
    const filePath = waiting?.statement.lines?.filePath;
    if (waiting?.isGone === true && typeof filePath === "string")
      void rm(filePath, { force: true }).catch(() => undefined);
    this.#startNext();
  }

  /** What ran then is run once more by the next process, unless it may be what ended this one. */
  #lose(child: ChildProcess, reason: string): void {
    if (this.#child !== child) return;
    this.#child = null;
    child.kill("SIGKILL");
    const lost = [...this.#running.values()];
    this.#running.clear();
    for (const waiting of lost) {
      if (waiting.isGone) continue;
      if (++waiting.losses > MAX_LOSSES) waiting.reject(new EngineFailedError(reason));
      else this.#waiting.unshift(waiting);
    }
    if (!this.#isClosed) this.#startNext();
  }

  #failAll(reason: string): void {
    const all = [...this.#waiting.splice(0), ...this.#running.values()];
    this.#running.clear();
    for (const { reject } of all) reject(new EngineFailedError(reason));
  }
}
