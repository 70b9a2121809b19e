import type { StoredBatch } from "#app/server/ingest/batch-catalog.ts";
import type { SourceOutcome, SourceReader } from "#app/server/search/source-reader.ts";
import type { Tier1Object } from "#app/server/search/tier1-objects.ts";

/** Tails that are fetched at a time at most: each is some 5 % of its object, and waits for a store that is far away. */
const MAX_AHEAD = 16;
/** How fast a page that found nothing in the objects before is sure to need the next ones. */
const AHEAD_GROWTH = 4;

/**
 * OpenAhead opens the objects of a query in their order, some before their turn. Most of them say by their word filters
 * alone that they hold nothing, and then fetching one after another would be all that the query does.
 */
export class OpenAhead {
  readonly #reader: Pick<SourceReader, "open">;
  readonly #batches: readonly StoredBatch[];
  readonly #maxAhead: number;
  #ahead: number;
  readonly #places: ReadonlyMap<StoredBatch, number>;
  readonly #opening = new Map<StoredBatch, Promise<SourceOutcome<Tier1Object>>>();
  #started = 0;

  /**
   * Without word filters to ask, `isPruning`, an object is opened when its rows are about to be read. Where all are asked in
   * any case, `isAll`, many are opened at once; a page that the first ones fill has no use for the others, and begins with one.
   */
  constructor(
    reader: Pick<SourceReader, "open">,
    batches: readonly StoredBatch[],
    { isPruning, isAll }: { isPruning: boolean; isAll: boolean },
  ) {
    this.#reader = reader;
    this.#batches = batches;
    this.#maxAhead = isPruning ? MAX_AHEAD : 1;
    this.#ahead = isAll ? this.#maxAhead : 1;
    this.#places = new Map(batches.map((batch, place) => [batch, place]));
  }

  async open(batch: StoredBatch): Promise<SourceOutcome<Tier1Object>> {
    const place = this.#places.get(batch) ?? 0;
    for (; this.#started < Math.min(place + this.#ahead, this.#batches.length); this.#started++) {
      const next = this.#batches[this.#started] as StoredBatch;
      const opening = this.#reader.open(next);
      // One that fails before its turn is waited for then, or not at all.
      opening.catch(() => undefined);
      this.#opening.set(next, opening);
    }
    this.#ahead = Math.min(this.#ahead * AHEAD_GROWTH, this.#maxAhead);
    const opening = this.#opening.get(batch) ?? this.#reader.open(batch);
    // Tails are large, so they are kept only until their turn.
    this.#opening.delete(batch);
    return await opening;
  }
}
