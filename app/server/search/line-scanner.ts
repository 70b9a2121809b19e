import { Worker } from "node:worker_threads";
import { AkavelogError } from "#app/core/errors.ts";
import type { Predicate } from "#app/core/query/predicate.ts";
import {
  memoryOf,
  type PageFound,
  type ScanAnswer,
  type ScanFound,
  type ScanPiece,
  type ScanQuery,
  type ScanWork,
} from "#app/server/search/scan-work.ts";
import type { StatementOptions } from "#app/server/search/search-engine.ts";
import type { SpanCount } from "#app/server/search/span-counters.ts";
import { takeFairest } from "#app/server/search/take-fairest.ts";

/** ScanFailedError: some lines could not be looked through; the lines themselves are untouched. */
export class ScanFailedError extends AkavelogError {
  constructor(reason: string) {
    super("SCAN_FAILED", `cannot look through lines: ${reason}`);
  }
}

/** Makes the copy of some lines that the thread gets, when their turn has come; after a loss once more. */
export type CopyLines = () => ScanPiece["lines"];

interface Waiting {
  projectId: string;
  id: number;
  work: ScanWork;
  copyLines: CopyLines;
  /** Threads that ended while they worked on it. */
  losses: number;
  /** Nobody waits for it any more. */
  isGone: boolean;
  resolve: (found: ScanFound) => void;
  reject: (error: unknown) => void;
}

/** One is worked on, and the next is there when it is done. */
const MAX_POSTED = 2;
/** A thread that ended may have had too little memory for a moment. */
const MAX_LOSSES = 1;
/** A piece takes some milliseconds. A regex on a large line may take seconds, which ends sooner with the thread. */
const STOP_MS = 150;
/** A block of 1 MiB and what is made of it take some ten times as much; what may stay is not collected before it must be. */
const MAX_HEAP_MB = 128;
const MAX_YOUNG_HEAP_MB = 8;

/**
 * LineScanner looks through lines that are not compacted in a thread of its own, so that no query holds up a request. Lines
 * go there in pieces; the next turn is that of the project with the fewest pieces there.
 */
export class LineScanner {
  readonly #workerUrl: URL;
  readonly #waiting: Waiting[] = [];
  /** In the order in which the thread takes them. */
  readonly #posted = new Map<number, Waiting>();
  #thread: Worker | null = null;
  #overdue: NodeJS.Timeout | null = null;
  #nextId = 0;
  #isClosed = false;

  /** `workerUrl` is the bundled scan-worker. */
  constructor(workerUrl: URL) {
    this.#workerUrl = workerUrl;
  }

  /** Has the thread load its modules, so that the first query does not wait for them. */
  start(): void {
    this.#thread ??= this.#startThread();
  }

  /** Its pieces share what the thread makes of the predicate. */
  query(predicate: Predicate): ScanQuery {
    return { id: this.#nextId++, predicate };
  }

  /** All of these throw ScanFailedError, or what the signal was aborted with. */
  async page(
    work: Omit<ScanWork & { kind: "page" }, "kind">,
    copyLines: CopyLines,
    options: StatementOptions,
  ): Promise<PageFound> {
    return (await this.#scan({ kind: "page", ...work }, copyLines, options)) as PageFound;
  }

  async count(
    work: Omit<ScanWork & { kind: "count" }, "kind">,
    copyLines: CopyLines,
    options: StatementOptions,
  ): Promise<SpanCount[][]> {
    return (await this.#scan({ kind: "count", ...work }, copyLines, options)) as SpanCount[][];
  }

  /** The time of an entry in ns, null when it is not among the lines. */
  async find(entryId: string, copyLines: CopyLines, options: StatementOptions): Promise<bigint | null> {
    return (await this.#scan({ kind: "find", entryId }, copyLines, options)) as bigint | null;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const thread = this.#thread;
    this.#thread = null;
    const all = [...this.#posted.values(), ...this.#waiting.splice(0)];
    this.#posted.clear();
    for (const { reject } of all) reject(new ScanFailedError("the server stops"));
    await thread?.terminate();
  }

  async #scan(work: ScanWork, copyLines: CopyLines, { projectId, signal }: StatementOptions): Promise<ScanFound> {
    signal.throwIfAborted();
    if (this.#isClosed) throw new ScanFailedError("the server stops");
    const id = this.#nextId++;
    const onAbort = () => this.#forsake(id, signal.reason);
    signal.addEventListener("abort", onAbort);
    try {
      return await new Promise<ScanFound>((resolve, reject) => {
        this.#waiting.push({ projectId, id, work, copyLines, losses: 0, isGone: false, resolve, reject });
        this.#postNext();
      });
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  #postNext(): void {
    while (this.#posted.size < MAX_POSTED) {
      const next = takeFairest(this.#waiting, this.#posted.values());
      if (next === null) return;
      this.#posted.set(next.id, next);
      this.#thread ??= this.#startThread();
      const lines = next.copyLines();
      this.#thread.postMessage({ id: next.id, work: next.work, lines } satisfies ScanPiece, memoryOf(lines));
    }
  }

  #startThread(): Worker {
    const thread = new Worker(this.#workerUrl, {
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB, maxYoungGenerationSizeMb: MAX_YOUNG_HEAP_MB },
    });
    thread.on("message", (answer: ScanAnswer) => this.#settle(thread, answer));
    thread.on("error", (error) => this.#lose(thread, error.message));
    thread.on("exit", (code) => this.#lose(thread, `its thread ended with ${code}`));
    return thread;
  }

  #settle(thread: Worker, answer: ScanAnswer): void {
    if (this.#thread !== thread) return;
    const waiting = this.#posted.get(answer.id);
    this.#posted.delete(answer.id);
    if ("failed" in answer) waiting?.reject(new ScanFailedError(answer.failed));
    else waiting?.resolve(answer.found);
    this.#stopWatching();
    this.#postNext();
    this.#watchForsaken();
  }

  /** Nobody waits for this piece any more. */
  #forsake(id: number, reason: unknown): void {
    const at = this.#waiting.findIndex((waiting) => waiting.id === id);
    const [forsaken] = at === -1 ? [this.#posted.get(id)] : this.#waiting.splice(at, 1);
    if (forsaken === undefined) return;
    forsaken.isGone = true;
    forsaken.reject(reason);
    this.#watchForsaken();
  }

  /** If what the thread works on is forsaken, it must not go on for long. */
  #watchForsaken(): void {
    const [atWork] = this.#posted.values();
    if (atWork?.isGone !== true || this.#overdue !== null) return;
    const thread = this.#thread;
    this.#overdue = setTimeout(() => {
      if (thread !== null) this.#lose(thread, "it took too long to stop");
    }, STOP_MS);
  }

  #stopWatching(): void {
    if (this.#overdue !== null) clearTimeout(this.#overdue);
    this.#overdue = null;
  }

  /** What waited in it goes to the next thread, and once also what it worked on, which may be what ended it. */
  #lose(thread: Worker, reason: string): void {
    if (this.#thread !== thread) return;
    this.#thread = null;
    this.#stopWatching();
    void thread.terminate();
    const [atWork, ...behind] = this.#posted.values();
    this.#posted.clear();
    this.#waiting.unshift(...behind.filter(({ isGone }) => !isGone));
    if (atWork?.isGone === false) {
      if (++atWork.losses > MAX_LOSSES) atWork.reject(new ScanFailedError(reason));
      else this.#waiting.unshift(atWork);
    }
    if (!this.#isClosed) this.#postNext();
  }
}
