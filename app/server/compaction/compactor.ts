import path from "node:path";
import type { Tier1Built, Tier1Input } from "#app/server/compaction/build-tier1.ts";
import type { Candidate, CompactionCatalog, Partition } from "#app/server/compaction/compaction-catalog.ts";
import { planStep } from "#app/server/compaction/plan-step.ts";
import { TIER0_SUFFIX } from "#app/server/ingest/tier0-format.ts";
import type { ObjectStore } from "#app/server/o3/object-store.ts";
import { putVerified, type PutVerifiedOptions } from "#app/server/o3/put-verified.ts";
import { readObject, type ObjectReaderOptions } from "#app/server/search/object-reader.ts";
import { TIER1_SUFFIX } from "#app/server/search/tier1-format.ts";
import type { Clock } from "#app/server/system/clock.ts";
import type { FileSystem } from "#app/server/system/file-system.ts";
import type { Logger } from "#app/server/system/logger.ts";

export interface CompactorOptions extends ObjectReaderOptions {
  store: ObjectStore;
  catalog: CompactionCatalog;
  /** Builds an object in a process of its own. */
  build: (input: Tier1Input, signal: AbortSignal) => Promise<Tier1Built>;
  verifyPuts: PutVerifiedOptions["verify"];
  fileSystem: FileSystem;
  /** Holds the copies that a step works on, and is emptied at start. */
  directory: string;
  /** Names this process in leases. */
  owner: string;
  newId: () => string;
  intervalMs: number;
  minAgeMs: number;
  graceMs: number;
  clock: Clock;
  logger: Logger;
}

/** Longer than any step takes, short enough that a dead process's work is soon taken up. */
const LEASE_MS = 10 * 60_000;
/** A put that takes longer than this and the grace period together is done again. */
const MIN_BUILDING_MS = 10_000;

/**
 * Compactor turns objects of tier 0 into fewer, larger ones of tier 1, and removes what they replace after the grace
 * period. It may die anywhere: a new object has a row before it is put, which is either swapped in or given up together
 * with the object, and old ones go only after the swap. Several processes may compact at once: leases keep them out of each
 * other's way, and the swap succeeds for one only.
 */
export class Compactor {
  readonly #options: CompactorOptions;
  readonly #stopping = new AbortController();
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
    const { clock, intervalMs, logger, fileSystem, directory } = this.#options;
    const { signal } = this.#stopping;
    await fileSystem.makeDirectory(directory);
    await removeTree(fileSystem, directory);
    while (!signal.aborted) {
      await clock.sleep(intervalMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.runOnce(signal);
      } catch (error) {
        if (!signal.aborted) logger.warn({ err: error }, "cannot compact now; the next round tries again");
      }
    }
  }

  /** One round: removes what is no longer needed, then compacts whatever is old enough. */
  async runOnce(signal: AbortSignal = this.#stopping.signal): Promise<void> {
    const { catalog, minAgeMs, owner, logger } = this.#options;
    await this.#removeSuperseded(signal);
    for (const partition of await catalog.findPartitions(minAgeMs)) {
      signal.throwIfAborted();
      if (!(await catalog.takeLease(partition, owner, LEASE_MS))) continue;
      try {
        while (await this.#compactNext(partition, signal)) signal.throwIfAborted();
      } catch (error) {
        if (signal.aborted) throw error;
        logger.warn({ err: error, ...partition }, "cannot compact this part of a project");
      } finally {
        await catalog.giveLeaseBack(partition, owner).catch(() => undefined);
      }
    }
  }

  async #removeSuperseded(signal: AbortSignal): Promise<void> {
    const { catalog, store, graceMs } = this.#options;
    await catalog.abandonBuilding(Math.max(MIN_BUILDING_MS, 2 * graceMs));
    for (const { id, objectKey } of await catalog.findSuperseded(graceMs)) {
      // The object first: a row without an object is found here again, an object without a row by nobody.
      await store.delete(objectKey, { signal });
      await catalog.removeRow(id);
    }
  }

  async #compactNext(partition: Partition, signal: AbortSignal): Promise<boolean> {
    const { catalog, minAgeMs, owner, directory, fileSystem, newId } = this.#options;
    const step = planStep(await catalog.findCandidates(partition, minAgeMs));
    if (step === null) return false;
    if (!(await catalog.takeLease(partition, owner, LEASE_MS))) return false;
    const stepDirectory = path.join(directory, newId());
    await fileSystem.makeDirectory(path.join(stepDirectory, "tmp"));
    try {
      return await this.#compact(partition.projectId, step, stepDirectory, signal);
    } finally {
      await removeTree(fileSystem, stepDirectory);
      await fileSystem.removeDirectory(stepDirectory);
    }
  }

  async #compact(projectId: string, step: Candidate[], directory: string, signal: AbortSignal): Promise<boolean> {
    const { build, logger, clock } = this.#options;
    const startedMs = clock.nowMs();
    const files = await this.#copyObjects(step, directory, signal);
    const generation = Math.max(...step.map((candidate) => candidate.generation)) + 1;
    const built = await build({ projectId, generation, files, directory }, signal);
    const isSwapped = await this.#putAndSwap(built, step, signal);
    const { rawBytes, entries } = built.description;
    const elapsedMs = clock.nowMs() - startedMs;
    logger.info({ projectId, objects: step.length, entries, rawBytes, bytes: built.bytes, elapsedMs, isSwapped }, "compacted");
    return isSwapped;
  }

  async #copyObjects(step: readonly Candidate[], directory: string, signal: AbortSignal): Promise<string[]> {
    const files: string[] = [];
    for (const [i, candidate] of step.entries()) {
      const outcome = await readObject(this.#options, candidate, signal);
      if ("failed" in outcome) throw outcome.error;
      const file = path.join(directory, `${i}${candidate.tier === 0 ? TIER0_SUFFIX : TIER1_SUFFIX}`);
      const handle = await this.#options.fileSystem.open(file, "create");
      await handle.write(outcome.bytes, 0).finally(() => handle.close());
      files.push(file);
    }
    return files;
  }

  async #putAndSwap(built: Tier1Built, step: readonly Candidate[], signal: AbortSignal): Promise<boolean> {
    const { catalog, store, fileSystem, verifyPuts, cache, newId } = this.#options;
    const { bytes, sha256, tailStart, tailSha256, description } = built;
    const objectKey = tier1Key(description, newId(), sha256);
    const id = await catalog.insertBuilding({ ...description, objectKey, sha256, bytes, tailStart, tailSha256 });
    const object = await fileSystem.readFile(built.path);
    await putVerified(store, objectKey, object, sha256, { verify: verifyPuts, retried: false, signal });
    if (!(await catalog.swap(id, step.map((candidate) => candidate.id)))) {
      await store.delete(objectKey, { signal });
      await catalog.removeRow(id);
      return false;
    }
    await cache?.adopt(sha256, built.path, bytes);
    return true;
  }
}

/** tier1Key files an object under the hour of its first entry. */
function tier1Key({ projectId, tsStartNs }: Tier1Built["description"], id: string, sha256: string): string {
  const hour = new Date(Number(tsStartNs / 1_000_000n)).toISOString().slice(0, 13).replace(/[-T]/g, "/");
  return `v1/${projectId}/${hour}/${id}-${sha256.slice(0, 16)}${TIER1_SUFFIX}`;
}

/** Removes what is in a folder; what other processes still write there goes at the next start. */
async function removeTree(fileSystem: FileSystem, directory: string): Promise<void> {
  for (const name of await fileSystem.list(directory)) {
    const found = path.join(directory, name);
    if ((await fileSystem.stat(found))?.isDirectory === true) {
      await removeTree(fileSystem, found);
      await fileSystem.removeDirectory(found);
    } else await fileSystem.remove(found);
  }
}
