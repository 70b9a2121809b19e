import { isEverything, type Predicate } from "#app/core/query/predicate.ts";
import { nsToParts } from "#app/core/timestamp.ts";
import type { LocalView } from "#app/server/ingest/local-batches.ts";
import { copyFreshLines } from "#app/server/search/fresh-lines.ts";
import { likelyBounds } from "#app/server/search/likely-bounds.ts";
import type { CopyLines, LineScanner } from "#app/server/search/line-scanner.ts";
import type { Match } from "#app/server/search/page-selection.ts";
import type { PageSource } from "#app/server/search/page-sources.ts";
import { placedBlocks } from "#app/server/search/placed-blocks.ts";
import { piecesOfParts } from "#app/server/search/pieces-of-parts.ts";
import { scanStoredLines, type PageTarget, type ScanBounds } from "#app/server/search/scan-lines.ts";
import type { ScanQuery } from "#app/server/search/scan-work.ts";
import type { StatementOptions } from "#app/server/search/search-engine.ts";
import {
  isLocal,
  type QuerySourceOptions,
  type SourceFailure,
  type SourceOutcome,
  type SourceReader,
} from "#app/server/search/source-reader.ts";
import { countLines, lastPosition } from "#app/server/search/stored-line.ts";
import type { SortedLines } from "#app/server/search/sorted-lines.ts";
import { pageStatement } from "#app/server/search/tier1-statements.ts";

/** Lines that one statement may return at most: the engine and this process hold them all. */
const MAX_SELECTED_BYTES = 8 * 1024 * 1024;

/** Files that one page has open: it needs as many as there are row groups of one time. */
const MAX_SORTED = 8;

type RowGroupSource = PageSource & { kind: "rowGroup" };

/** PageScan looks through the sources of one page, one after another. */
export class PageScan {
  readonly #reader: SourceReader;
  readonly #scanner: LineScanner;
  readonly #predicate: Predicate;
  readonly #query: ScanQuery;
  readonly #signal: AbortSignal;
  readonly #by: StatementOptions;
  /** Row groups of which a page took a part. */
  readonly #cut = new Set<PageSource>();
  /** Row groups whose matches lie in a file; `isWhole` says that the file has all of them. Another map after each close. */
  #sorted = new Map<PageSource, { lines: SortedLines; isWhole: boolean }>();
  bytesScanned = 0;

  constructor(
    reader: SourceReader,
    { scanner }: QuerySourceOptions,
    { projectId, predicate }: { projectId: string; predicate: Predicate },
    signal: AbortSignal,
  ) {
    this.#reader = reader;
    this.#scanner = scanner;
    this.#predicate = predicate;
    this.#query = scanner.query(predicate);
    this.#signal = signal;
    this.#by = { projectId, signal };
  }

  /** Adds the source's matches to the selection; says why when it could not be looked at. */
  async scan(source: PageSource, target: PageTarget): Promise<SourceFailure | null> {
    const { batch } = source;
    if (source.kind === "rowGroup") return await this.#scanRowGroup(source, target);
    if (isLocal(batch) && batch.parts.length > 0) {
      await this.#scanParts(batch, target);
      return null;
    }
    const outcome = await this.#reader.read(batch);
    // A thousand readers who hang up while objects are read must not leave a thousand objects to be looked through.
    this.#signal.throwIfAborted();
    if ("failed" in outcome) return outcome;
    if (isLocal(batch)) await this.#scanObject(outcome.found, target, null, null);
    else await this.#scanObject(outcome.found, target, batch.id, batch.objectKey);
    return null;
  }

  async #scanParts(view: LocalView, target: PageTarget): Promise<void> {
    const { walId } = view.batch;
    for (const parts of piecesOfParts(view.parts))
      await this.#scanLines(() => copyFreshLines(walId, parts), target, null, null);
  }

  async #scanObject(object: Buffer, target: PageTarget, batchId: string | null, key: string | null): Promise<void> {
    const blocks = placedBlocks(object, key ?? "in the spool").map((placed) => {
      const startMs = nsToParts(placed.block.tsStartNs).ms;
      const endMs = nsToParts(placed.block.tsEndNs).ms;
      return { ...placed, startMs, endMs };
    });
    // Best times first: once a page is full, the blocks behind it are not even decompressed.
    const isAscending = target.bounds.order === "asc";
    blocks.sort((a, b) => (isAscending ? a.startMs - b.startMs : b.endMs - a.endMs));
    for (const { block, copy, startMs, endMs } of blocks) {
      if (!canHold(target, startMs, endMs)) continue;
      await this.#scanLines(copy, target, batchId, key);
      this.bytesScanned += block.rawBytes;
    }
  }

  async #scanLines(
    copyLines: CopyLines,
    { bounds, selection }: PageTarget,
    batch: string | null,
    key: string | null,
  ): Promise<void> {
    const work = { query: this.#query, bounds, selection: selection.state() };
    const { matches, lines, lineEnds, state } = await this.#scanner.page(work, copyLines, this.#by);
    const found = matches.map((match, i): Match => {
      const line = Buffer.from(lines.buffer, lineEnds[i - 1] ?? 0, (lineEnds[i] as number) - (lineEnds[i - 1] ?? 0));
      // A copy of its own: a reader who stalls on one line must not keep them all.
      return { ...match, line: matches.length === 1 ? line : Buffer.from(line), batch, key };
    });
    selection.merge(found, state);
  }

  /**
   * Asks the engine for what a round takes. A page that comes again for more of the same row group has the rest of it put
   * into a file, in order, since looking for each round's lines anew would cost the same each time.
   */
  async #scanRowGroup(source: RowGroupSource, target: PageTarget): Promise<SourceFailure | null> {
    const { selection, bounds } = target;
    const { rowGroup } = source;
    if (!canHold(target, nsToParts(rowGroup.tsStartNs).ms, nsToParts(rowGroup.tsEndNs).ms)) return null;
    const known = this.#sorted.get(source);
    if (known !== undefined) {
      const { lines, isLast } = await known.lines.next(bounds.behind, bounds.order);
      this.#add(source, target, lines, isLast && known.isWhole);
      return null;
    }
    const { rows, rawBytes, maxEntryBytes } = rowGroup;
    // One more than there is room for tells that there is more.
    const wanted = Math.min(selection.room + 1, Math.ceil((selection.maxBytes * 2 * rows) / rawBytes));
    const limit = Math.max(2, Math.min(wanted, Math.floor(MAX_SELECTED_BYTES / maxEntryBytes)));
    const isAgain = this.#cut.has(source) && this.#sorted.size < MAX_SORTED;
    if (isAgain) return await this.#sortRowGroup(source, target);
    const outcome = await this.#firstLines(source, bounds, limit);
    if ("failed" in outcome) return outcome;
    const isWhole = countLines(outcome.found) < limit;
    if (!isWhole) this.#cut.add(source);
    this.#add(source, target, outcome.found, isWhole);
    this.bytesScanned += rawBytes;
    return null;
  }

  /** Where every entry matches, the first ones are near one end of the row group, and little is read of what is not. */
  async #firstLines(source: RowGroupSource, bounds: ScanBounds, limit: number): Promise<SourceOutcome<Buffer>> {
    const likely = isEverything(this.#predicate) ? likelyBounds(bounds, source.rowGroup, limit) : null;
    if (likely !== null) {
      const outcome = await this.#linesWithin(source, likely, limit);
      if ("failed" in outcome || countLines(outcome.found) === limit) return outcome;
    }
    return await this.#linesWithin(source, bounds, limit);
  }

  async #linesWithin(
    { object, rowGroup }: RowGroupSource,
    bounds: ScanBounds,
    limit: number,
  ): Promise<SourceOutcome<Buffer>> {
    const statement = pageStatement(object, rowGroup, { predicate: this.#predicate, bounds, limit });
    const outcome = await this.#reader.lines(object, [rowGroup], statement);
    this.#signal.throwIfAborted();
    return outcome;
  }

  async #sortRowGroup(source: RowGroupSource, target: PageTarget): Promise<SourceFailure | null> {
    const { selection, bounds } = target;
    const { object, rowGroup } = source;
    const limit = selection.room + 1;
    const statement = pageStatement(object, rowGroup, { predicate: this.#predicate, bounds, limit });
    const sorted = this.#sorted;
    const outcome = await this.#reader.sortedLines(object, [rowGroup], statement);
    if ("failed" in outcome) return outcome;
    if (sorted !== this.#sorted) {
      // The reader left meanwhile: nobody waits for these lines, and nobody else would close their file.
      await outcome.found.close();
      return null;
    }
    // Where there are more, the page is full before the end of the file.
    sorted.set(source, { lines: outcome.found, isWhole: outcome.found.count < limit });
    this.#signal.throwIfAborted();
    return await this.#scanRowGroup(source, target);
  }

  /** What lies behind the last line was not looked at unless these are all: then another round has to begin there. */
  #add({ object }: RowGroupSource, target: PageTarget, lines: Buffer, isWhole: boolean): void {
    const { id, objectKey } = object.batch;
    if (!isWhole && lines.length > 0) target.selection.endAt(lastPosition(lines));
    scanStoredLines(lines, { ...target, matches: () => true }, id, objectKey);
  }

  async close(): Promise<void> {
    const sorted = this.#sorted;
    this.#sorted = new Map();
    for (const { lines } of sorted.values()) await lines.close();
  }
}

/** Whether a page can still take anything of what lies between these times. */
function canHold({ bounds, selection }: PageTarget, minMs: number, maxMs: number): boolean {
  if (maxMs < bounds.fromMs || minMs > bounds.toMs) return false;
  if (bounds.behind !== null && (bounds.order === "asc" ? maxMs < bounds.behind.ms : minMs > bounds.behind.ms))
    return false;
  return !selection.isSettledBehind(bounds.order === "asc" ? minMs : maxMs);
}
