import { tailAddress } from "#app/components/explorer/query-request.ts";
import type { Entry } from "#app/components/explorer/entry.ts";

export type TailStatus = "connecting" | "following" | "lost" | "refused";

/** TailView is a live follow at one moment. */
export interface TailView {
  /** The newest first. */
  rows: readonly Entry[];
  status: TailStatus;
  isPaused: boolean;
  /** Arrived while paused and not shown yet. */
  waiting: number;
  linesPerSecond: number;
  /** The server sent faster than this browser read. */
  dropped: number;
  /** Left out here, because more waited than is kept. */
  missed: number;
  /** How often the connection was cut; what came in between is not in this list. */
  cuts: number;
}

/** TailSource is what of an EventSource is needed. */
export type TailSource = Pick<EventSource, "addEventListener" | "close" | "readyState">;

export interface TailFeedOptions {
  slug: string;
  query: string;
  onChange: () => void;
  /** From now on nothing is left out; told once, since what a cut took cannot be put between rows that are shown. */
  onFollow: () => void;
  open?: (address: string) => TailSource;
  nowMs?: () => number;
}

/** Beyond this the oldest go; the search still finds them. */
const MAX_ROWS = 5_000;
const MAX_WAITING = 5_000;
/** People cannot read faster, and a screen need not be drawn more often. */
const SHOW_INTERVAL_MS = 150;
const RATE_SECONDS = 5;
const CLOSED = 2;

export const NO_TAIL: TailView = {
  rows: [],
  status: "connecting",
  isPaused: false,
  waiting: 0,
  linesPerSecond: 0,
  dropped: 0,
  missed: 0,
  cuts: 0,
};

/** TailFeed follows a query from start() to close(). */
export class TailFeed {
  readonly #options: Required<TailFeedOptions>;
  #source: TailSource | null = null;
  #timer: ReturnType<typeof setInterval> | null = null;
  #view = NO_TAIL;
  /** In the order of arrival. */
  #arrived: Entry[] = [];
  /** Arrivals of each of the last seconds. */
  #perSecond: { second: number; count: number }[] = [];
  #hasNews = false;

  constructor(options: TailFeedOptions) {
    this.#options = { open: (address) => new EventSource(address), nowMs: () => Date.now(), ...options };
  }

  get view(): TailView {
    return this.#view;
  }

  start(): void {
    const { slug, query, open } = this.#options;
    const source = open(tailAddress(slug, query));
    this.#source = source;
    source.addEventListener("open", () => {
      const isFirst = this.#view.status === "connecting";
      this.#change({ status: "following" });
      if (isFirst) this.#options.onFollow();
    });
    source.addEventListener("entry", (event) => this.#add(JSON.parse((event as MessageEvent<string>).data) as Entry));
    source.addEventListener("dropped", (event) => {
      const { count } = JSON.parse((event as MessageEvent<string>).data) as { count: number };
      this.#change({ dropped: this.#view.dropped + count });
    });
    source.addEventListener("error", () => {
      // An EventSource connects again by itself, unless it was refused.
      if (source.readyState === CLOSED) this.#change({ status: "refused" });
      else if (this.#view.status === "following") this.#change({ status: "lost", cuts: this.#view.cuts + 1 });
    });
    this.#timer = setInterval(() => this.show(), SHOW_INTERVAL_MS);
  }

  /** pause leaves the list as it is; what arrives waits and is counted. */
  pause(): void {
    if (!this.#view.isPaused) this.#change({ isPaused: true });
  }

  resume(): void {
    if (!this.#view.isPaused) return;
    this.#view = { ...this.#view, isPaused: false };
    this.#hasNews = true;
    this.show();
  }

  /** show moves what has arrived into the list; the timer calls it. */
  show(): void {
    const linesPerSecond = this.#rate();
    if (!this.#hasNews && linesPerSecond === this.#view.linesPerSecond) return;
    this.#hasNews = false;
    if (this.#view.isPaused) {
      this.#change({ linesPerSecond, waiting: this.#arrived.length });
      return;
    }
    const rows = this.#arrived.length === 0 ? this.#view.rows : [...this.#arrived.reverse(), ...this.#view.rows];
    this.#arrived = [];
    this.#change({ rows: rows.length > MAX_ROWS ? rows.slice(0, MAX_ROWS) : rows, linesPerSecond, waiting: 0 });
  }

  close(): void {
    this.#source?.close();
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #add(entry: Entry): void {
    this.#hasNews = true;
    this.#arrived.push(entry);
    if (this.#arrived.length > MAX_WAITING) {
      this.#arrived.shift();
      this.#view = { ...this.#view, missed: this.#view.missed + 1 };
    }
    const second = Math.floor(this.#options.nowMs() / 1000);
    const last = this.#perSecond.at(-1);
    if (last?.second === second) last.count++;
    else this.#perSecond.push({ second, count: 1 });
  }

  #rate(): number {
    const oldest = Math.floor(this.#options.nowMs() / 1000) - RATE_SECONDS;
    this.#perSecond = this.#perSecond.filter(({ second }) => second > oldest);
    return this.#perSecond.reduce((sum, { count }) => sum + count, 0) / RATE_SECONDS;
  }

  #change(change: Partial<TailView>): void {
    this.#view = { ...this.#view, ...change };
    this.#options.onChange();
  }
}
