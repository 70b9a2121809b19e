import { createHash } from "node:crypto";
import path from "node:path";
import type { Tier1Built, Tier1Input } from "#app/server/compaction/build-tier1.ts";
import { mergeSummaries, type BatchSummary } from "#app/server/compaction/merge-summaries.ts";
import { decodeTier0Header, TIER0_SUFFIX } from "#app/server/ingest/tier0-format.ts";
import { decodeTail, encodeTail } from "#app/server/search/tier1-format.ts";
import { messagesOfObject } from "#tests/support/crash-model.ts";
import type { MemoryFileSystem } from "#tests/support/memory-file-system.ts";

/** Just enough of a Parquet footer for the tail to be found. */
const FOOTER = Buffer.concat([Buffer.from("x"), Buffer.from([1, 0, 0, 0]), Buffer.from("PAR1")]);

/** buildSimulatedTier1 makes an object with a true tail, and messages as JSON in the place of row groups. */
export async function buildSimulatedTier1(fileSystem: MemoryFileSystem, input: Tier1Input): Promise<Tier1Built> {
  const parts: BatchSummary[] = [];
  const messages: string[] = [];
  for (const file of input.files) {
    const object = await fileSystem.readFile(file);
    messages.push(...messagesOfStored(object, file));
    if (file.endsWith(TIER0_SUFFIX)) {
      const { batch } = decodeTier0Header(object, file).header;
      parts.push({ ...batch, lineage: [[batch.walId, batch.batchNo, batch.batchNo]] });
    } else parts.push(decodeTail(object, file));
  }
  const head = Buffer.from(`PAR1${JSON.stringify(messages)}`);
  const tailStart = head.length;
  const merged = mergeSummaries(parts);
  const { tsStartNs, tsEndNs } = merged;
  const rowGroup = { start: 4, bytes: head.length - 4, sha256: "", firstRow: 0, rows: messages.length, rawBytes: 1 };
  const filter = { maxEntryBytes: 1, tsStartNs, tsEndNs, filterStart: tailStart, filterBytes: 0 };
  const { projectId, generation, directory } = input;
  const known = { format: 1 as const, projectId, generation, promotedKeys: [], tokeniser: 1 };
  const description = { ...merged, ...known, rowGroups: [{ ...rowGroup, ...filter }] };
  const tail = encodeTail([], description, FOOTER);
  const object = Buffer.concat([head, tail]);
  const target = path.join(directory, "built.parquet");
  const handle = await fileSystem.open(target, "create");
  await handle.write(object, 0);
  await handle.close();
  return {
    path: target,
    bytes: object.length,
    sha256: sha256(object),
    tailStart,
    tailSha256: sha256(tail),
    description,
  };
}

const readObjects = new WeakMap<Buffer, string[]>();

/** messagesOfStored reads an object of either tier. */
export function messagesOfStored(object: Buffer, key: string): string[] {
  if (key.endsWith(TIER0_SUFFIX)) return messagesOfObject(object);
  let messages = readObjects.get(object);
  if (messages === undefined) {
    const { rowGroups } = decodeTail(object, key);
    messages = JSON.parse(object.subarray(4, rowGroups[0]?.filterStart).toString("utf8")) as string[];
    readObjects.set(object, messages);
  }
  return messages;
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
