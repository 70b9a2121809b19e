import type { StoredBatch } from "#app/server/ingest/batch-catalog.ts";
import { overRows, type Tier1Statement } from "#app/server/search/over-rows.ts";
import type { SearchEngine, StatementOptions } from "#app/server/search/search-engine.ts";
import { openSortedLines, type SortedLines } from "#app/server/search/sorted-lines.ts";
import type { RowGroup } from "#app/server/search/tier1-format.ts";
import type { Tier1Object, Tier1Objects } from "#app/server/search/tier1-objects.ts";
import type { FileSystem } from "#app/server/system/file-system.ts";

/** Tier1Search runs statements over parts of compacted objects. */
export class Tier1Search {
  readonly #objects: Tier1Objects;
  readonly #engine: SearchEngine;
  readonly #fileSystem: FileSystem;

  constructor(objects: Tier1Objects, engine: SearchEngine, fileSystem: FileSystem) {
    this.#objects = objects;
    this.#engine = engine;
    this.#fileSystem = fileSystem;
  }

  /** Has the engine ready for the first statement. */
  prepare(): void {
    this.#engine.prepare();
  }

  /** Throws CorruptBatchError or ObjectStoreError. */
  async open(batch: StoredBatch, signal: AbortSignal): Promise<Tier1Object> {
    this.prepare();
    return await this.#objects.open(batch, signal);
  }

  /** Throws as `open` does, and EngineFailedError. */
  async rows(
    object: Tier1Object,
    rowGroups: readonly RowGroup[],
    statement: Tier1Statement,
    options: StatementOptions,
  ): Promise<unknown[][]> {
    return await this.#objects.use(object, rowGroups, options.signal, (path) =>
      this.#engine.rows(overRows(statement, path, object.description.rowGroups, rowGroups), statement.values, options),
    );
  }

  /** Throws as `rows` does. */
  async lines(
    object: Tier1Object,
    rowGroups: readonly RowGroup[],
    statement: Tier1Statement,
    options: StatementOptions,
  ): Promise<Buffer> {
    const { promotedKeys } = object.description;
    return await this.#objects.use(object, rowGroups, options.signal, (path) =>
      this.#engine.lines(
        overRows(statement, path, object.description.rowGroups, rowGroups),
        statement.values,
        promotedKeys,
        options,
      ),
    );
  }

  /** The same lines in a file of their own, which is there for as long as it is open. Throws as `rows` does. */
  async sortedLines(
    object: Tier1Object,
    rowGroups: readonly RowGroup[],
    statement: Tier1Statement,
    options: StatementOptions,
  ): Promise<SortedLines> {
    const { promotedKeys } = object.description;
    const { filePath, count } = await this.#objects.use(object, rowGroups, options.signal, (path) =>
      this.#engine.linesToFile(
        overRows(statement, path, object.description.rowGroups, rowGroups),
        statement.values,
        promotedKeys,
        options,
      ),
    );
    return await openSortedLines(this.#fileSystem, filePath, count);
  }
}
