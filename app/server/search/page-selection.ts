/** Match is an entry that fulfils the query, with its canonical line without line end. */
export interface Match {
  ms: number;
  subMsNs: number;
  id: string;
  line: Buffer;
  /** Catalog id and key of the object that holds it; null while it is fresh. */
  batch: string | null;
  key: string | null;
}

/** Position orders entries: time, then id. */
export type Position = Pick<Match, "ms" | "subMsNs" | "id">;

export function comparePositions(a: Position, b: Position): number {
  return a.ms - b.ms || a.subMsNs - b.subMsNs || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/** SelectionState is what a selection knows, without its matches: another one goes on from there, also in another thread. */
export interface SelectionState {
  order: "asc" | "desc";
  maxEntries: number;
  maxBytes: number;
  /** Nothing behind this one is kept any more. */
  last: Position | null;
  /** Nothing from this one on is kept. */
  end: Position | null;
  hasMore: boolean;
}

/**
 * PageSelection keeps the first matches of an order, at most `maxEntries` of them and no more than fit into `maxBytes`
 * (the first always fits). What is behind the cut is forgotten, and `hasMore` tells that there was some.
 */
export class PageSelection {
  readonly #order: "asc" | "desc";
  readonly #direction: 1 | -1;
  readonly #maxBytes: number;
  #room: number;
  #matches: Match[] = [];
  #bytes = 0;
  #last: Position | null;
  #end: Position | null;
  hasMore: boolean;

  constructor(
    options: Pick<SelectionState, "order" | "maxEntries" | "maxBytes"> &
      Partial<Pick<SelectionState, "last" | "end" | "hasMore">>,
  ) {
    this.#order = options.order;
    this.#last = options.last ?? null;
    this.#end = options.end ?? null;
    this.hasMore = options.hasMore ?? false;
    this.#direction = options.order === "asc" ? 1 : -1;
    this.#room = options.maxEntries;
    this.#maxBytes = options.maxBytes;
  }

  /** The most entries and bytes that can still be taken out. */
  get room(): number {
    return this.#room;
  }

  get maxBytes(): number {
    return this.#maxBytes;
  }

  /** True when an entry at this time changes nothing any more, not even `hasMore`; asked before it is looked at. */
  isSettledBehind(ms: number): boolean {
    const isBehind = (bound: Position | null) => bound !== null && (ms - bound.ms) * this.#direction > 0;
    return this.hasMore && (isBehind(this.#last) || isBehind(this.#end));
  }

  /** There is an entry here, and what lies behind it in its source was not looked at: another selection has to begin there. */
  endAt(position: Position): void {
    this.hasMore = true;
    if (this.#end !== null && this.#compare(position, this.#end) >= 0) return;
    this.#end = position;
    this.#matches = this.#matches.filter((match) => this.#compare(match, position) < 0);
    this.#bytes = this.#matches.reduce((sum, { line }) => sum + line.length, 0);
  }

  state(): SelectionState {
    this.#cut();
    return {
      order: this.#order,
      maxEntries: this.#room,
      maxBytes: this.#maxBytes,
      last: this.#last,
      end: this.#end,
      hasMore: this.hasMore,
    };
  }

  /** Takes in what a selection that went on from the state of this one has taken out. */
  merge(matches: Iterable<Match>, { last, hasMore }: Pick<SelectionState, "last" | "hasMore">): void {
    for (const match of matches) this.add(match);
    this.hasMore ||= hasMore;
    if (last === null || (this.#last !== null && this.#compare(last, this.#last) >= 0)) return;
    // What it forgot lies behind its last one; so a smaller match behind must not be kept in its place.
    this.#last = last;
    const kept = this.#matches.filter((match) => this.#compare(match, last) <= 0);
    if (kept.length < this.#matches.length) this.hasMore = true;
    this.#matches = kept;
    this.#bytes = this.#matches.reduce((sum, { line }) => sum + line.length, 0);
  }

  add(match: Match): void {
    const isBehindLast = this.#last !== null && this.#compare(match, this.#last) > 0;
    if (isBehindLast || (this.#end !== null && this.#compare(match, this.#end) >= 0)) {
      this.hasMore = true;
      return;
    }
    this.#matches.push(match);
    this.#bytes += match.line.length;
    if (this.#matches.length >= 2 * this.#room + 64 || this.#bytes > 1.5 * this.#maxBytes) this.#cut();
  }

  /** Takes out, in order, the matches before `boundaryMs` (all when null): nothing that is still to come precedes them. */
  takeBefore(boundaryMs: number | null): Match[] {
    this.#cut();
    let count = 0;
    for (const match of this.#matches) {
      if (boundaryMs !== null && (match.ms - boundaryMs) * this.#direction >= 0) break;
      count++;
    }
    const taken = this.#matches.splice(0, count);
    for (const match of taken) this.#bytes -= match.line.length;
    this.#room -= count;
    return taken;
  }

  #compare(a: Position, b: Position): number {
    return comparePositions(a, b) * this.#direction;
  }

  /** Sorts and forgets what is behind the cut. */
  #cut(): void {
    this.#matches.sort((a, b) => this.#compare(a, b));
    let count = 0;
    let bytes = 0;
    for (const match of this.#matches) {
      if (count === this.#room || (count > 0 && bytes + match.line.length > this.#maxBytes)) break;
      count++;
      bytes += match.line.length;
    }
    if (count < this.#matches.length) this.hasMore = true;
    const isCut = count < this.#matches.length || count === this.#room;
    this.#matches.length = count;
    this.#bytes = bytes;
    // An entry that is taken later stays the bound: what was forgotten behind it does not come back.
    const last = this.#matches.at(-1);
    if (isCut && last !== undefined) this.#last = { ms: last.ms, subMsNs: last.subMsNs, id: last.id };
  }
}
