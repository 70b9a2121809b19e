import {
  failureOf,
  isAbort,
  streamQuery,
  type ApiFailure,
  type Progress,
  type SearchEnd,
  type SearchRecord,
} from "#app/components/explorer/api-client.ts";
import type { Entry } from "#app/components/explorer/entry.ts";

export type SearchPhase =
  /** Nothing has arrived yet, or more is arriving. */
  | "running"
  | "done"
  /** By the reader; what is there stays. */
  | "stopped"
  | "failed";

/** SearchView is a search at one moment. `rows` is the same growing array every time; `count` says what of it counts. */
export interface SearchView {
  rows: readonly Entry[];
  count: number;
  phase: SearchPhase;
  progress: Progress | null;
  /** Of the last page that came to its end. */
  end: SearchEnd | null;
  failure: ApiFailure | null;
  /** From the question to the first row. */
  firstRowMs: number | null;
  elapsedMs: number;
}

export const NOTHING_YET: SearchView = {
  rows: [],
  count: 0,
  phase: "running",
  progress: null,
  end: null,
  failure: null,
  firstRowMs: null,
  elapsedMs: 0,
};

export interface SearchRunOptions {
  slug: string;
  body: object;
  onChange: () => void;
  stream?: typeof streamQuery;
  nowMs?: () => number;
}

/** The first page is small so that it ends soon; scrolling on asks for more at a time. */
const FIRST_PAGE = 200;
const NEXT_PAGE = 1_000;

/** SearchRun is one question to the API: its pages one after the other, until stop(). */
export class SearchRun {
  readonly #slug: string;
  readonly #body: object;
  readonly #onChange: () => void;
  readonly #stream: typeof streamQuery;
  readonly #nowMs: () => number;
  readonly #rows: Entry[] = [];
  /** Ids of the rows of a page that was not finished, so that it can be asked again without showing a row twice. */
  readonly #unfinished = new Set<string>();
  #abort: AbortController | null = null;
  #view: SearchView;

  constructor({ slug, body, onChange, stream = streamQuery, nowMs = () => performance.now() }: SearchRunOptions) {
    this.#slug = slug;
    this.#body = body;
    this.#onChange = onChange;
    this.#stream = stream;
    this.#nowMs = nowMs;
    this.#view = { ...NOTHING_YET, rows: this.#rows };
  }

  get view(): SearchView {
    return this.#view;
  }

  /** True while there may be rows that were not asked for yet. */
  get hasMore(): boolean {
    const { end, phase } = this.#view;
    return phase === "done" && end !== null && end.cursor !== null;
  }

  start(): Promise<void> {
    return this.#load(FIRST_PAGE);
  }

  /** loadMore asks for the next page, unless one is on its way or nothing is left. */
  async loadMore(): Promise<void> {
    if (this.hasMore) await this.#load(NEXT_PAGE);
  }

  /** resume goes on after a failure or a stop, from the last page that came to its end. */
  async resume(): Promise<void> {
    const { phase } = this.#view;
    if (phase === "failed" || phase === "stopped") await this.#load(this.#rows.length === 0 ? FIRST_PAGE : NEXT_PAGE);
  }

  /** stop keeps what is there. */
  stop(): void {
    if (this.#view.phase !== "running") return;
    this.#abort?.abort();
    this.#change({ phase: "stopped" });
  }

  /** close ends the work; nothing is told any more. */
  close(): void {
    this.#abort?.abort();
    this.#abort = null;
  }

  async #load(limit: number): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    const startedAtMs = this.#nowMs();
    const cursor = this.#view.end?.cursor ?? null;
    let hasEnded = false;
    this.#change({ phase: "running", failure: null, progress: null });
    try {
      const body = { ...this.#body, limit, ...(cursor === null ? {} : { cursor }) };
      for await (const records of this.#stream(this.#slug, body, abort.signal)) {
        if (this.#abort !== abort || abort.signal.aborted) return;
        hasEnded = this.#take(records, startedAtMs) || hasEnded;
      }
      if (abort.signal.aborted) return;
      if (!hasEnded) this.#change({ phase: "failed", failure: failureOf(null) });
    } catch (error) {
      if (isAbort(error) || abort.signal.aborted) return;
      this.#change({ phase: "failed", failure: failureOf(error) });
    }
  }

  /** Returns whether the page came to its end. */
  #take(records: readonly SearchRecord[], startedAtMs: number): boolean {
    const change: Partial<SearchView> = { elapsedMs: this.#nowMs() - startedAtMs };
    for (const record of records) {
      if ("entry" in record) this.#add(record.entry);
      else if ("progress" in record) change.progress = record.progress;
      else {
        this.#unfinished.clear();
        change.end = record.end;
        change.phase = "done";
      }
    }
    if (this.#rows.length > 0 && this.#view.firstRowMs === null) change.firstRowMs = change.elapsedMs as number;
    this.#change(change);
    return change.end !== undefined;
  }

  #add(entry: Entry): void {
    if (this.#unfinished.has(entry.ref.id)) return;
    this.#unfinished.add(entry.ref.id);
    this.#rows.push(entry);
  }

  #change(change: Partial<SearchView>): void {
    this.#view = { ...this.#view, ...change, count: this.#rows.length };
    this.#onChange();
  }
}
