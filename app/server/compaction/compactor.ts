import path from "node:path";
import type { BuildProcess } from "#app/server/compaction/build-process.ts";
import type { Tier1Built } from "#app/server/compaction/build-tier1.ts";
import type { Candidate, CompactionCatalog, Partition } from "#app/server/compaction/compaction-catalog.ts";
import { planStep } from "#app/server/compaction/plan-step.ts";
import { TIER0_SUFFIX } from "#app/server/ingest/tier0-format.ts";
import { CorruptObjectError } from "#app/server/o3/fetch-verified.ts";
import { ObjectNotFoundError, ObjectStoreError } from "#app/server/o3/object-store.ts";
import { putVerified, type PutVerifiedOptions } from "#app/server/o3/put-verified.ts";
import { readObject, type ObjectReaderOptions } from "#app/server/search/object-reader.ts";
import { TIER1_SUFFIX } from "#app/server/search/tier1-format.ts";
import type { Clock } from "#app/server/system/clock.ts";
import type { FileSystem } from "#app/server/system/file-system.ts";
import type { Logger } from "#app/server/system/logger.ts";
import { noTracer, type Span, type Tracer } from "#app/server/system/tracer.ts";

export interface CompactorOptions extends ObjectReaderOptions {
  catalog: CompactionCatalog;
  /** Builds objects; its process ends with each round. */
  builder: Pick<BuildProcess, "build" | "end">;
  /** Takes over the file of a finished object, for the queries that come. */
  keep: (built: Tier1Built) => Promise<void>;
  verifyPuts: PutVerifiedOptions["verify"];
  fileSystem: FileSystem;
  /** Holds the copies that a step works on, and is emptied at start; all but the name that leases know this folder by. */
  directory: string;
  newId: () => string;
  intervalMs: number;
  minAgeMs: number;
  graceMs: number;
  clock: Clock;
  logger: Logger;
  tracer?: Tracer | undefined;
}

/** Short enough that a dead process's work is soon taken up. A step that takes longer has it renewed in time. */
const LEASE_MS = 30_000;
const RENEWED_AFTER_MS = LEASE_MS / 3;
/** A store that keeps an object locked lets go of it some day; asking more often would not end it sooner. */
const LOCKED_RETRY_MS = 24 * 3_600_000;
/** A put that takes longer than this and the grace period together is done again. */
const MIN_BUILDING_MS = 10_000;

/**
 * Compactor turns objects of tier 0 into fewer, larger ones of tier 1, and removes what they replace after the grace
 * period. It may die anywhere: a new object has a row before it is put, which is either swapped in or given up together
 * with the object, and old ones go only after the swap. Several processes may compact at once: leases keep them out of each
 * other's way, and the swap succeeds for one only.
 */
export class Compactor {
  readonly figures = { steps: 0, failures: 0, entries: 0, rawBytes: 0, bytes: 0, elapsedMs: 0 };
  readonly #options: CompactorOptions;
  readonly #stopping = new AbortController();
  /** Batches whose objects could not be used: what lies beside them is compacted without them. */
  readonly #unusable = new Set<string>();
  #loop: Promise<void> | null = null;

  constructor(options: CompactorOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Ends the step that is running; its objects stay as they are. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error("compaction stops"));
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { clock, intervalMs, logger } = this.#options;
    const { signal } = this.#stopping;
    let owner: string | null = null;
    while (!signal.aborted) {
      await clock.sleep(intervalMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        owner ??= await this.#prepare();
        await this.#runOnce(owner, signal);
      } catch (error) {
        if (signal.aborted) return;
        this.figures.failures++;
        logger.warn({ err: error }, "cannot compact now; the next round tries again");
      } finally {
        this.#options.builder.end();
      }
    }
  }

  /** Removes what a dead process left, and returns the name in leases, which stays: its own lease must not stop it. */
  async #prepare(): Promise<string> {
    const { fileSystem, directory, newId } = this.#options;
    await fileSystem.makeDirectory(directory);
    const ownerPath = path.join(directory, OWNER_FILE);
    if ((await fileSystem.stat(ownerPath)) === null) {
      const handle = await fileSystem.open(ownerPath, "create");
      await handle.write(Buffer.from(newId()), 0).finally(() => handle.close());
    }
    await removeTree(fileSystem, directory, OWNER_FILE);
    return (await fileSystem.readFile(ownerPath)).toString("utf8");
  }

  /** One round: removes what is no longer needed, then compacts whatever is old enough. */
  async #runOnce(owner: string, signal: AbortSignal): Promise<void> {
    const { catalog, minAgeMs, logger } = this.#options;
    await this.#removeSuperseded(signal);
    for (const partition of await catalog.findPartitions(minAgeMs)) {
      signal.throwIfAborted();
      if (!(await catalog.takeLease(partition, owner, LEASE_MS))) continue;
      const over = new AbortController();
      const renewing = this.#renewLease(partition, owner, over.signal);
      try {
        while (await this.#compactNext(partition, signal)) signal.throwIfAborted();
      } catch (error) {
        if (signal.aborted) throw error;
        this.figures.failures++;
        logger.warn({ err: error, ...partition }, "cannot compact this part of a project");
      } finally {
        over.abort();
        await renewing;
        await catalog.giveLeaseBack(partition, owner).catch(() => undefined);
      }
    }
  }

  async #renewLease(partition: Partition, owner: string, over: AbortSignal): Promise<void> {
    const { catalog, clock } = this.#options;
    while (!over.aborted) {
      await clock.sleep(RENEWED_AFTER_MS, over).catch(() => undefined);
      // Lost, it costs somebody else the same work: the swap succeeds for one of them.
      if (!over.aborted) await catalog.takeLease(partition, owner, LEASE_MS).catch(() => undefined);
    }
  }

  async #removeSuperseded(signal: AbortSignal): Promise<void> {
    const { catalog, store, graceMs, logger } = this.#options;
    await catalog.abandonBuilding(Math.max(MIN_BUILDING_MS, 2 * graceMs));
    for (const { id, objectKey } of await catalog.findSuperseded(graceMs)) {
      try {
        // The object first: a row without an object is found here again, an object without a row by nobody.
        await store.delete(objectKey, { signal });
      } catch (error) {
        if (signal.aborted || !(error instanceof ObjectStoreError) || error.retryable) throw error;
        logger.warn({ err: error, objectKey }, "the store does not let go of a replaced object; tried again daily");
        await catalog.postponeRemoval(id, LOCKED_RETRY_MS);
        continue;
      }
      await catalog.removeRow(id);
    }
  }

  async #compactNext(partition: Partition, signal: AbortSignal): Promise<boolean> {
    const { catalog, minAgeMs, directory, fileSystem, newId } = this.#options;
    const candidates = await catalog.findCandidates(partition);
    const step = planStep(
      candidates.filter(({ id }) => !this.#unusable.has(id)),
      minAgeMs,
    );
    if (step === null) return false;
    const stepDirectory = path.join(directory, newId());
    await fileSystem.makeDirectory(path.join(stepDirectory, "tmp"));
    try {
      return await (this.#options.tracer ?? noTracer).trace("compaction step", (span) => {
        span.set("akavelog.project_id", partition.projectId);
        span.set("akavelog.objects", step.length);
        return this.#compact(partition.projectId, step, stepDirectory, signal, span);
      });
    } finally {
      await removeTree(fileSystem, stepDirectory);
      await fileSystem.removeDirectory(stepDirectory);
    }
  }

  async #compact(
    projectId: string,
    step: Candidate[],
    directory: string,
    signal: AbortSignal,
    span: Span,
  ): Promise<boolean> {
    const { builder, logger, clock } = this.#options;
    const startedMs = clock.nowMs();
    const files = await this.#copyObjects(step, directory, signal);
    const generation = Math.max(...step.map((candidate) => candidate.generation)) + 1;
    const built = await builder.build({ projectId, generation, files, directory }, signal);
    const isSwapped = await this.#putAndSwap(built, step, signal);
    const { rawBytes, entries } = built.description;
    span.set("akavelog.entries", entries);
    const elapsedMs = clock.nowMs() - startedMs;
    this.#count({ entries, rawBytes, bytes: built.bytes, elapsedMs });
    logger.info(
      { projectId, objects: step.length, entries, rawBytes, bytes: built.bytes, elapsedMs, isSwapped },
      "compacted",
    );
    return isSwapped;
  }

  #count(step: { entries: number; rawBytes: number; bytes: number; elapsedMs: number }): void {
    this.figures.steps++;
    this.figures.entries += step.entries;
    this.figures.rawBytes += step.rawBytes;
    this.figures.bytes += step.bytes;
    this.figures.elapsedMs += step.elapsedMs;
  }

  async #copyObjects(step: readonly Candidate[], directory: string, signal: AbortSignal): Promise<string[]> {
    const files: string[] = [];
    for (const [i, candidate] of step.entries()) {
      const bytes = await this.#read(candidate, signal);
      const file = path.join(directory, `${i}${candidate.tier === 0 ? TIER0_SUFFIX : TIER1_SUFFIX}`);
      const handle = await this.#options.fileSystem.open(file, "create");
      await handle.write(bytes, 0).finally(() => handle.close());
      files.push(file);
    }
    return files;
  }

  /** Objects of tier 1 do not go through the cache, which keeps only parts of them. */
  async #read(candidate: Candidate, signal: AbortSignal): Promise<Buffer> {
    const { store, cache } = this.#options;
    try {
      return await readObject({ store, cache: candidate.tier === 0 ? cache : null }, candidate, signal);
    } catch (error) {
      if (error instanceof CorruptObjectError || error instanceof ObjectNotFoundError) this.#unusable.add(candidate.id);
      throw error;
    }
  }

  async #putAndSwap(built: Tier1Built, step: readonly Candidate[], signal: AbortSignal): Promise<boolean> {
    const { catalog, store, fileSystem, verifyPuts, keep, newId } = this.#options;
    const { bytes, sha256, tailStart, tailSha256, description } = built;
    const objectKey = tier1Key(description, newId(), sha256);
    const id = await catalog.insertBuilding({ ...description, objectKey, sha256, bytes, tailStart, tailSha256 });
    const object = await fileSystem.readFile(built.path);
    await putVerified(store, objectKey, object, sha256, { verify: verifyPuts, retried: false, signal });
    if (
      !(await catalog.swap(
        id,
        step.map((candidate) => candidate.id),
      ))
    ) {
      await store.delete(objectKey, { signal });
      await catalog.removeRow(id);
      return false;
    }
    await keep(built);
    return true;
  }
}

/** tier1Key files an object under the hour of its first entry. */
function tier1Key({ projectId, tsStartNs }: Tier1Built["description"], id: string, sha256: string): string {
  const hour = new Date(Number(tsStartNs / 1_000_000n)).toISOString().slice(0, 13).replace(/[-T]/g, "/");
  return `v1/${projectId}/${hour}/${id}-${sha256.slice(0, 16)}${TIER1_SUFFIX}`;
}

/** Removes what is in a folder; what other processes still write there goes at the next start. */
async function removeTree(fileSystem: FileSystem, directory: string, kept?: string): Promise<void> {
  for (const name of await fileSystem.list(directory)) {
    if (name === kept) continue;
    const found = path.join(directory, name);
    if ((await fileSystem.stat(found))?.isDirectory === true) {
      await removeTree(fileSystem, found);
      await fileSystem.removeDirectory(found);
    } else await fileSystem.remove(found);
  }
}

const OWNER_FILE = "owner";
