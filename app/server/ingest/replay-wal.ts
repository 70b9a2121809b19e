import path from "node:path";
import { reasonOf } from "#app/core/errors.ts";
import type { BatchCatalog } from "#app/server/ingest/batch-catalog.ts";
import type { Batcher } from "#app/server/ingest/batcher.ts";
import { blockOfLines } from "#app/server/ingest/canonical-line.ts";
import type { IdempotencyCatalog } from "#app/server/ingest/idempotency-catalog.ts";
import { createLocalBatch, type LocalBatch, type LocalBatches } from "#app/server/ingest/local-batches.ts";
import { addToBatch, storedBytes } from "#app/server/ingest/open-batches.ts";
import type { Spool } from "#app/server/ingest/spool.ts";
import { decodeTier0Header } from "#app/server/ingest/tier0-format.ts";
import { decodePayload, type EntriesRecord, type SealRecord } from "#app/server/ingest/wal-payload.ts";
import { readWal, walFiles, type WalItem } from "#app/server/ingest/wal-reader.ts";
import { WalRelease } from "#app/server/ingest/wal-release.ts";
import { WAL_FILE_MAGIC } from "#app/server/ingest/wal-format.ts";
import { Wal, type WalFailedError, type WalFile } from "#app/server/ingest/wal.ts";
import type { Clock } from "#app/server/system/clock.ts";
import type { FileSystem } from "#app/server/system/file-system.ts";
import type { Logger } from "#app/server/system/logger.ts";

export interface ReplayOptions {
  directory: string;
  quarantineDirectory: string;
  walFileMaxBytes: number;
  fileSystem: FileSystem;
  clock: Clock;
  logger: Logger;
  spool: Spool;
  local: LocalBatches;
  batcher: Batcher;
  catalog: BatchCatalog;
  idempotency: IdempotencyCatalog;
  onFailure: (error: WalFailedError) => void;
  /** Called before the first of its batches can be committed. */
  onReleaseReady: (release: WalRelease) => void;
}

export interface ReplayedWal {
  replayedEntries: number;
  damagedBytes: number;
  /** Sequence numbers that are missing between the first and the last one read. */
  lostRecords: number;
}

/** What the first pass over a WAL gathers; the entries themselves are left for the second. */
interface WalSurvey {
  seals: SealRecord[];
  nextSequence: number;
  lostRecords: number;
  damage: Extract<WalItem, { kind: "damage" }>[];
}

/** Coverage says, for a record, which of its entries a seal has taken, and what is to become of them. */
type Coverage = Map<number, { from: number; to: number; into: LocalBatch | "stored" | "spooled" }[]>;

/**
 * replayWal brings an earlier process's WAL back: what the ledger has is dropped, sealed batches whose object lies sound in
 * the spool go on to the store, other sealed ones are built again under their number, and the rest is batched anew.
 * It reads the files twice and holds one record at a time besides what the batcher buffers.
 */
export async function replayWal(options: ReplayOptions, walId: string): Promise<ReplayedWal> {
  const directory = path.join(options.directory, walId);
  await syncWal(options.fileSystem, directory);
  const survey = await surveyWal(options, directory);
  await quarantineDamage(options, walId, survey);
  await cutTornTail(options.fileSystem, directory, survey);
  const files = await existingFiles(options.fileSystem, directory);
  const lastNamed = files.at(-1)?.firstSequence ?? -1;
  const wal = await Wal.open({
    directory: options.directory,
    walId,
    fileSystem: options.fileSystem,
    maxFileBytes: options.walFileMaxBytes,
    onFailure: options.onFailure,
    existing: { files, nextSequence: Math.max(survey.nextSequence, lastNamed + 1) },
  });
  const release = new WalRelease(wal, { isDraining: true });
  options.onReleaseReady(release);
  const committed = new Set(await options.catalog.committedBatchNumbers(walId));
  let nextBatchNo = 0;
  for (const batchNo of committed) nextBatchNo = Math.max(nextBatchNo, batchNo + 1);
  for (const { batchNo } of survey.seals) nextBatchNo = Math.max(nextBatchNo, batchNo + 1);
  options.batcher.addWal({ wal, nextBatchNo });

  const { coverage, rebuilt, spoolPaths } = await planSeals(options, walId, survey.seals, committed, release);
  // Before entries are batched anew: a new batch may get the number, and so the path, of a file that has no seal.
  await options.spool.removeUnneeded(walId, spoolPaths);
  let replayedEntries = 0;
  for await (const item of readWal(options.fileSystem, directory)) {
    if (item.kind === "damage") continue;
    const record = decodePayload(item.payload);
    if (record.type === "seal") continue;
    // What a seal has taken was settled before it entered the batch.
    if (record.idempotency !== null && !coverage.has(item.sequence) && !(await settleKey(options, walId, record)))
      continue;
    replayedEntries += await replayRecord(options, walId, item.sequence, record, coverage, release);
  }
  for (const batch of rebuilt) {
    // Damage took some of its entries, so it was not complete before; the ledger still knows it by its number.
    if (batch.state === "open" && batch.entries > 0) options.batcher.addReplayed(batch);
  }
  await options.idempotency.releaseUnfinished(walId);
  const damagedBytes = survey.damage.reduce((sum, { start, end }) => sum + end - start, 0);
  return { replayedEntries, damagedBytes, lostRecords: survey.lostRecords };
}

/**
 * A process that was killed leaves writes that no fsync has confirmed. Replay acts on what it reads: a batch must not be
 * committed by a seal, nor a key answered by a record, that a power cut then takes back.
 */
async function syncWal(fileSystem: FileSystem, directory: string): Promise<void> {
  for (const file of await walFiles(fileSystem, directory)) {
    const handle = await fileSystem.open(file, "read-write");
    await handle.syncData().finally(() => handle.close());
  }
  await fileSystem.syncDirectory(directory);
}

/**
 * The last file ends behind its last sound record from here on, and goes when it has none: seals are added in files behind
 * it, and a later replay would take the tail for damage, and the number that it was named by for a lost record.
 */
async function cutTornTail(fileSystem: FileSystem, directory: string, { damage }: WalSurvey): Promise<void> {
  const file = (await walFiles(fileSystem, directory)).at(-1);
  if (file === undefined) return;
  const tail = damage.find((each) => each.isTail);
  const soundBytes = tail?.start ?? (await fileSystem.stat(file))?.sizeBytes ?? 0;
  if (soundBytes <= WAL_FILE_MAGIC.length) {
    await fileSystem.remove(file);
    await fileSystem.syncDirectory(directory);
  } else if (tail !== undefined) {
    const handle = await fileSystem.open(file, "read-write");
    try {
      await handle.truncate(soundBytes);
      await handle.syncData();
    } finally {
      await handle.close();
    }
  }
}

async function surveyWal(options: ReplayOptions, directory: string): Promise<WalSurvey> {
  const survey: WalSurvey = { seals: [], nextSequence: 0, lostRecords: 0, damage: [] };
  let expected: number | null = null;
  for await (const item of readWal(options.fileSystem, directory)) {
    if (item.kind === "damage") {
      survey.damage.push(item);
      continue;
    }
    if (expected !== null && item.sequence > expected) survey.lostRecords += item.sequence - expected;
    expected = item.sequence + 1;
    survey.nextSequence = Math.max(survey.nextSequence, expected);
    const record = decodePayload(item.payload);
    if (record.type === "seal") survey.seals.push(record);
  }
  return survey;
}

async function existingFiles(fileSystem: FileSystem, directory: string): Promise<WalFile[]> {
  const files: WalFile[] = [];
  for (const file of await walFiles(fileSystem, directory)) {
    const firstSequence = Number.parseInt(path.basename(file), 10);
    const sizeBytes = (await fileSystem.stat(file))?.sizeBytes ?? 0;
    files.push({ path: file, firstSequence, sizeBytes });
  }
  return files;
}

/** A torn tail was never acknowledged and is only skipped; damage elsewhere is kept for a person to look at. */
async function quarantineDamage(options: ReplayOptions, walId: string, survey: WalSurvey): Promise<void> {
  const { fileSystem, logger, quarantineDirectory } = options;
  for (const { file, start, end, isTail } of survey.damage) {
    if (isTail) {
      logger.info({ walId, file, bytes: end - start }, "the WAL ends in a record that was never finished");
      continue;
    }
    const target = path.join(quarantineDirectory, `${walId}-${path.basename(file)}-${start}`);
    logger.error(
      { walId, file, start, end, target },
      "the WAL is damaged here: the bytes are kept, reading goes on behind them",
    );
    try {
      const source = await fileSystem.open(file, "read");
      const bytes = Buffer.alloc(end - start);
      await source.read(bytes, start).finally(() => source.close());
      await fileSystem.remove(target);
      const copy = await fileSystem.open(target, "create");
      await copy.write(bytes, 0).finally(() => copy.close());
    } catch (error) {
      // Without the copy the start goes on all the same; the report above names the place.
      logger.error({ reason: reasonOf(error), target }, "cannot copy damaged WAL bytes");
    }
  }
}

async function planSeals(
  options: ReplayOptions,
  walId: string,
  seals: readonly SealRecord[],
  committed: ReadonlySet<number>,
  release: WalRelease,
): Promise<{ coverage: Coverage; rebuilt: LocalBatch[]; spoolPaths: string[] }> {
  const coverage: Coverage = new Map();
  const rebuilt: LocalBatch[] = [];
  const spoolPaths: string[] = [];
  // A batch that was sealed twice (its first object was lost) counts by its last seal.
  for (const seal of new Map(seals.map((each) => [each.batchNo, each])).values()) {
    let into: LocalBatch | "stored" | "spooled" = "stored";
    if (!committed.has(seal.batchNo)) {
      const batch = createLocalBatch({
        projectId: seal.projectId,
        walId,
        batchNo: seal.batchNo,
        kind: "replayed",
        openedAtMs: options.clock.nowMs(),
      });
      spoolPaths.push(options.spool.pathOf(walId, seal.batchNo));
      if (await takeFromSpool(options, batch, seal)) {
        into = "spooled";
        for (const [sequence, from, to] of seal.ranges) release.addPending(sequence, to - from);
      } else {
        into = batch;
        rebuilt.push(batch);
        sealedEntries.set(batch, seal.entries);
      }
    }
    for (const [sequence, from, to] of seal.ranges) {
      const covered = coverage.get(sequence);
      if (covered === undefined) coverage.set(sequence, [{ from, to, into }]);
      else covered.push({ from, to, into });
    }
  }
  return { coverage, rebuilt, spoolPaths };
}

/** How many entries a batch that is built again had at its seal. */
const sealedEntries = new WeakMap<LocalBatch, number>();

/** Sends a sealed batch on from its spool file; false when the file is gone or its bytes are not those of the seal. */
async function takeFromSpool(options: ReplayOptions, batch: LocalBatch, seal: SealRecord): Promise<boolean> {
  const spoolPath = options.spool.pathOf(batch.walId, seal.batchNo);
  try {
    if ((await options.fileSystem.stat(spoolPath)) === null) return false;
    const bytes = await options.spool.read(spoolPath, seal.sha256);
    const { header } = decodeTier0Header(bytes, seal.objectKey);
    const sealed = { ...header.batch, objectKey: seal.objectKey, sha256: seal.sha256, bytes: bytes.length };
    batch.entries = seal.entries;
    batch.rawBytes = header.batch.rawBytes;
    batch.receivedAtMs = header.batch.receivedAtMs;
    batch.ranges = seal.ranges;
    batch.minMs = Number(sealed.tsStartNs / 1_000_000n);
    batch.maxMs = Number(sealed.tsEndNs / 1_000_000n);
    options.local.add(batch);
    options.batcher.markSpooled({ batch, sealed, spoolPath, bytes: null, isRetried: true });
    return true;
  } catch (error) {
    options.logger.warn(
      { err: error, objectKey: seal.objectKey },
      "the spool file is unusable: the batch is built again from the WAL",
    );
    return false;
  }
}

/** settleKey remembers the answer of a keyed request; false when another process took the key over and stores it itself. */
function settleKey({ idempotency }: ReplayOptions, walId: string, record: EntriesRecord): Promise<boolean> {
  const { key, claimId, digest, answer } = record.idempotency as NonNullable<EntriesRecord["idempotency"]>;
  const { projectId, receivedAtMs } = record;
  const claim = { projectId, key, claimId, walId, digest, receivedAtMs };
  return idempotency.settle(claim, { status: 202, body: answer }, { isFinal: true });
}

/** Files the entries of one record that are not stored yet; returns how many. */
async function replayRecord(
  options: ReplayOptions,
  walId: string,
  sequence: number,
  record: EntriesRecord,
  coverage: Coverage,
  release: WalRelease,
): Promise<number> {
  const covered = (coverage.get(sequence) ?? []).sort((a, b) => a.from - b.from);
  const isWhollyDone = covered.every(({ into }) => typeof into === "string") && coveredCount(covered) === record.count;
  if (isWhollyDone) return 0;
  // Nobody waits for an answer here, and a start that gives up would only have to begin again.
  await options.batcher.waitForRoom(Infinity);
  const block = blockOfLines(record.lines, record.count);
  const { projectId, receivedAtMs } = record;
  const durable = { projectId, walId, sequence, block, receivedAtMs };
  let replayed = 0;
  let at = 0;
  for (const { from, to, into } of [...covered, { from: record.count, to: record.count, into: "stored" as const }]) {
    if (from > at) {
      release.addPending(sequence, from - at);
      options.batcher.add(durable, at, from);
      replayed += from - at;
    }
    if (typeof into !== "string") {
      release.addPending(sequence, to - from);
      into.receivedAtMs = Math.max(into.receivedAtMs, receivedAtMs);
      addToBatch(into, { sequence, block, from, to }, storedBytes(block, from, to));
      if (into.entries === sealedEntries.get(into)) options.batcher.addReplayed(into);
      replayed += to - from;
    }
    at = Math.max(at, to);
  }
  return replayed;
}

function coveredCount(covered: readonly { from: number; to: number }[]): number {
  return covered.reduce((sum, { from, to }) => sum + to - from, 0);
}
