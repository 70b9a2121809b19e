import { EntryBlockBuilder, type EntryBlock } from "#app/server/ingest/entry-block.ts";
import { buildTier0 } from "#app/server/ingest/build-tier0.ts";
import { mergeParts } from "#app/server/ingest/merge-parts.ts";
import { Ingester } from "#app/server/ingest/ingester.ts";
import type { AcceptRequest, IngesterOptions } from "#app/server/ingest/ingester-options.ts";
import type { LocalBatch } from "#app/server/ingest/local-batches.ts";
import { decodeTier0Header, decompressBlock } from "#app/server/ingest/tier0-format.ts";
import { decodePayload } from "#app/server/ingest/wal-payload.ts";
import { readWal } from "#app/server/ingest/wal-reader.ts";
import { silentLogger } from "#app/server/system/logger.ts";
import { createOutsideWorld, type ManualClock, type Outside, type OutsideWorld } from "#tests/support/crash-fakes.ts";
import type { MemoryFileSystem } from "#tests/support/memory-file-system.ts";

export const DATA_DIR = "/data";

/** Machine is one process over an in-memory disk, with its bucket and database. */
export interface Machine {
  ingester: Ingester;
  fileSystem: MemoryFileSystem;
  outside: OutsideWorld;
  clock: ManualClock;
  walId: string;
  failures: Error[];
}

export interface MachineOptions {
  fileSystem: MemoryFileSystem;
  outside: Outside;
  clock: ManualClock;
  /** Makes the WAL's id, which grows with it. */
  life: number;
  maxEntries?: number;
  bufferMaxBytes?: number;
  walFileMaxBytes?: number;
  buildObject?: IngesterOptions["buildObject"];
  onStep?: (step: string) => void;
}

/** buildMachine makes an ingester that is not yet started. Its WAL files rotate after a few records. */
export function buildMachine(options: MachineOptions): Machine {
  const { fileSystem, clock, life } = options;
  const outside = createOutsideWorld(options.outside, options.onStep ?? (() => undefined));
  const walId = `00000000-0000-7000-8000-${String(life).padStart(12, "0")}`;
  const failures: Error[] = [];
  const ingester = new Ingester({
    dataDir: DATA_DIR,
    walId,
    limits: { maxEntries: options.maxEntries ?? 4, maxBytes: 1024 * 1024, maxAgeMs: 1_000 },
    bufferMaxBytes: options.bufferMaxBytes ?? 1024 * 1024,
    walMaxBytes: 1024 * 1024 * 1024,
    walFileMaxBytes: options.walFileMaxBytes ?? 700,
    fileSystem,
    store: outside.store,
    verifyPuts: "read-back",
    catalog: outside.catalog,
    idempotency: outside.idempotency,
    buildObject: options.buildObject ?? ((batch) => Promise.resolve(buildTier0(mergeParts(batch)))),
    keepCommitted: (_, spoolPath) => fileSystem.remove(spoolPath),
    clock,
    random: () => 0.5,
    logger: silentLogger,
    onFailure: (error) => failures.push(error),
  });
  return { ingester, fileSystem, outside, clock, walId, failures };
}

/** closeMachine stops it as SIGTERM does, with the clock running. */
export async function closeMachine({ ingester, clock }: Machine): Promise<void> {
  let isClosed = false;
  const closing = ingester.close(5_000).then(() => (isClosed = true));
  await clock.runUntil(() => isClosed);
  await closing;
}

/** blockOf makes entries that carry their text as message. */
export function blockOf(messages: readonly string[], nowMs: number): EntryBlock {
  const builder = new EntryBlockBuilder(256);
  for (const message of messages) {
    builder.add({
      timestamp: { ms: nowMs, subMsNs: 0 },
      service: "s",
      level: "info",
      levelOriginal: null,
      message,
      tags: [],
    });
  }
  return builder.build();
}

/** committedMessages reads the objects of all rows. */
export function committedMessages({ rows, objects }: Outside): string[] {
  return rows.flatMap(({ objectKey }) => {
    const object = objects.get(objectKey);
    if (object === undefined) throw new Error(`the row of ${objectKey} has no object`);
    return messagesOfObject(object);
  });
}

/** visibleMessages is what a query would find now: committed batches, and local ones that the catalog has not. */
export async function visibleMessages({ ingester, fileSystem, outside }: Machine): Promise<string[]> {
  const messages = committedMessages(outside.now);
  for (const { walId, batchNo, parts, spoolPath } of ingester.local.all()) {
    if (outside.now.ledger.has(`${walId} ${batchNo}`)) continue;
    if (parts.length === 0 && spoolPath !== null)
      messages.push(...messagesOfObject(await fileSystem.readFile(spoolPath)));
    for (const { block, from, to } of parts) messages.push(...messagesOfLines(block, from, to));
  }
  return messages;
}

/** messagesOfLines reads the entries [from, to) of a block. */
export function messagesOfLines(block: EntryBlock, from: number, to: number): string[] {
  const start = from === 0 ? 0 : (block.ends[from - 1] as number);
  return messagesOf(block.bytes.toString("utf8", start, block.ends[to - 1]));
}

/** Objects never change, and thousands of states share them. */
const readObjects = new WeakMap<Buffer, string[]>();

export function messagesOfObject(object: Buffer): string[] {
  let messages = readObjects.get(object);
  if (messages === undefined) readObjects.set(object, (messages = readMessages(object)));
  return messages;
}

function readMessages(object: Buffer): string[] {
  const { header, blocksStart } = decodeTier0Header(object, "test");
  const messages: string[] = [];
  let start = blocksStart;
  for (const block of header.blocks) {
    messages.push(...messagesOf(decompressBlock(object, start, block, "test").toString()));
    start += block.bytes;
  }
  return messages;
}

function messagesOf(lines: string): string[] {
  return lines
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as { message: string }).message);
}

/** acceptWithoutKey returns the batches of entries that nothing keeps from being batched. */
export async function acceptWithoutKey(
  ingester: Ingester,
  request: Omit<AcceptRequest, "idempotency">,
): Promise<Set<LocalBatch>> {
  const accepted = await ingester.accept({ ...request, idempotency: null });
  if (accepted.state !== "batched") throw new Error(`entries without a key are ${accepted.state}`);
  return accepted.batches;
}

/** recordsIn returns the messages and seals of a WAL's sound records. */
export async function recordsIn(fileSystem: MemoryFileSystem, walDirectory: string): Promise<string[]> {
  const found: string[] = [];
  for await (const item of readWal(fileSystem, walDirectory)) {
    if (item.kind === "damage") continue;
    const record = decodePayload(item.payload);
    if (record.type === "seal") found.push(`seal ${record.batchNo}`);
    else
      for (const [, message] of record.lines.toString().matchAll(/"message":"(\w+)"/g)) found.push(message as string);
  }
  return found;
}
