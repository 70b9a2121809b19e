import { setImmediate as nextTurn } from "node:timers/promises";
import { formatEntryId } from "#app/core/entry.ts";
import type { Predicate } from "#app/core/query/predicate.ts";
import type { StoredBatch } from "#app/server/ingest/batch-catalog.ts";
import { emptySlices, sliceLine, type LineSlices } from "#app/server/ingest/canonical-line.ts";
import type { DurableBlock } from "#app/server/ingest/open-batches.ts";
import { decodeTier0Header, decompressBlock } from "#app/server/ingest/tier0-format.ts";
import { compileMatcher } from "#app/server/search/compile-matcher.ts";
import type { Match } from "#app/server/search/page-selection.ts";
import { ID_END, ID_START, LF, OPEN_BRACE } from "#app/server/search/stored-line.ts";
import { TailReader } from "#app/server/search/tail-reader.ts";

export interface TailHubOptions {
  /** Encodes an entry as it goes out; done once for all readers that want it. */
  encode: (entry: Pick<Match, "line" | "id" | "batch" | "key">) => Buffer;
}

/** Blocks that wait to be looked at; a burst beyond is counted as dropped rather than kept from the garbage collector. */
const MAX_PENDING_BYTES = 16 * 1024 * 1024;
/** Lines that are looked at before accepting and other work get their turn. */
const LINES_PER_TURN = 1_000;

/** TailHub hands acknowledged entries to the live follows of their project. Without a reader it costs one look-up a request. */
export class TailHub {
  readonly #encode: TailHubOptions["encode"];
  readonly #readers = new Map<string, Set<TailReader>>();
  readonly #pending: DurableBlock[] = [];
  #pendingBytes = 0;
  #isDraining = false;

  constructor(options: TailHubOptions) {
    this.#encode = options.encode;
  }

  /** Follows what arrives from now on; call `close` when the reader is gone. */
  open(projectId: string, predicate: Predicate): { reader: TailReader; close: () => void } {
    const reader = new TailReader(compileMatcher(predicate));
    const readers = this.#readers.get(projectId) ?? new Set();
    this.#readers.set(projectId, readers.add(reader));
    return {
      reader,
      close: () => {
        readers.delete(reader);
        if (readers.size === 0 && this.#readers.get(projectId) === readers) this.#readers.delete(projectId);
      },
    };
  }

  /** The projects that somebody follows. */
  followed(): string[] {
    return [...this.#readers.keys()];
  }

  /** Takes in a request's entries once they are durable. Returns at once: looking at them must not delay its answer. */
  publish(durable: DurableBlock): void {
    const readers = this.#readers.get(durable.projectId);
    if (readers === undefined) return;
    const { length } = durable.block.bytes;
    if (this.#pendingBytes + length > MAX_PENDING_BYTES && this.#pending.length > 0) {
      for (const reader of readers) reader.drop(durable.block.count);
      return;
    }
    this.#pending.push(durable);
    this.#pendingBytes += length;
    if (!this.#isDraining) void this.#drain();
  }

  /** Takes in an object that another process has committed. */
  async publishObject(projectId: string, object: Buffer, batch: Pick<StoredBatch, "id" | "objectKey">): Promise<void> {
    const { header, blocksStart } = decodeTier0Header(object, batch.objectKey);
    const slices = emptySlices();
    let at = blocksStart;
    for (const block of header.blocks) {
      const readers = this.#readers.get(projectId);
      if (readers === undefined) return;
      const lines = decompressBlock(object, at, block, batch.objectKey);
      at += block.bytes;
      for (let start = 0; start < lines.length;) {
        const end = lines.indexOf(LF, start);
        sliceLine(lines, start + ID_END + 2, end, slices);
        this.#offer(readers, lines, slices, () => {
          const line = Buffer.from(lines.subarray(start + ID_END + 1, end));
          line[0] = OPEN_BRACE;
          const id = lines.toString("latin1", start + ID_START, start + ID_END);
          return { line, id, batch: batch.id, key: batch.objectKey };
        });
        start = end + 1;
      }
      await nextTurn();
    }
  }

  /** Tells the readers that they miss an object that another process has committed. */
  dropObject(projectId: string, entries: number): void {
    for (const reader of this.#readers.get(projectId) ?? []) reader.drop(entries);
  }

  async #drain(): Promise<void> {
    this.#isDraining = true;
    for (let next = this.#pending[0]; next !== undefined; next = this.#pending[0]) {
      await nextTurn();
      for (let from = 0; from < next.block.count; from += LINES_PER_TURN) {
        this.#look(next, from, Math.min(next.block.count, from + LINES_PER_TURN));
        await nextTurn();
      }
      this.#pending.shift();
      this.#pendingBytes -= next.block.bytes.length;
    }
    this.#isDraining = false;
  }

  #look({ projectId, walId, sequence, block }: DurableBlock, from: number, to: number): void {
    const readers = this.#readers.get(projectId);
    if (readers === undefined) return;
    const slices = emptySlices();
    for (let i = from; i < to; i++) {
      const start = i === 0 ? 0 : (block.ends[i - 1] as number);
      const end = (block.ends[i] as number) - 1;
      sliceLine(block.bytes, start + 1, end, slices);
      this.#offer(readers, block.bytes, slices, () => ({
        line: block.bytes.subarray(start, end),
        id: formatEntryId(walId, sequence, i),
        batch: null,
        key: null,
      }));
    }
  }

  #offer(
    readers: ReadonlySet<TailReader>,
    bytes: Buffer,
    slices: LineSlices,
    entry: () => Parameters<TailHubOptions["encode"]>[0],
  ): void {
    let encoded: Buffer | null = null;
    for (const reader of readers) {
      if (reader.matches(bytes, slices)) reader.add((encoded ??= this.#encode(entry())));
    }
  }
}
