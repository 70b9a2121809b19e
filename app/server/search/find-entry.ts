import { setImmediate as nextTurn } from "node:timers/promises";
import type { EntryPosition } from "#app/core/entry.ts";
import { formatEntryId } from "#app/core/entry.ts";
import { partsToNs } from "#app/core/timestamp.ts";
import { createTimestampReader } from "#app/server/ingest/canonical-line.ts";
import type { LocalView } from "#app/server/ingest/local-batches.ts";
import { decodeTier0Header, decompressBlock } from "#app/server/ingest/tier0-format.ts";
import { findSources } from "#app/server/search/find-sources.ts";
import { isLocal, SourceReader, type QuerySource, type QuerySourceOptions } from "#app/server/search/source-reader.ts";
import { ID_START, LF, STORED_TIMESTAMP_START, timestampEndAt } from "#app/server/search/stored-line.ts";
import type { Clock } from "#app/server/system/clock.ts";

export interface FindEntryOptions extends QuerySourceOptions {
  clock: Clock;
  maxQueryMs: number;
}

/** Found: the entry's time; or why it was not found, and whether it may be there all the same. */
export type FoundEntryTime = { timestampNs: bigint } | { missing: "no such entry" | "not everything was looked at" };

/** The index keeps times as signed 64-bit integers. */
const ALL_TIME = { fromNs: 0n, toNs: 2n ** 63n - 1n };

/** findEntryTime looks for an entry by its id where its WAL's batches are, newest first. Throws CatalogError. */
export async function findEntryTime(
  options: FindEntryOptions,
  projectId: string,
  position: EntryPosition,
  signal: AbortSignal,
): Promise<FoundEntryTime> {
  const deadlineMs = options.clock.nowMs() + options.maxQueryMs;
  const endQuery = options.local.register();
  try {
    const { walId } = position;
    const { stored, local } = await findSources(options, { projectId, ...ALL_TIME, walId });
    const views = local.filter((view) => view.batch.walId === walId && holds(view, position));
    const reader = new SourceReader(options, signal);
    let isWhole = true;
    for (const source of [...views, ...stored]) {
      signal.throwIfAborted();
      if (options.clock.nowMs() > deadlineMs) return { missing: "not everything was looked at" };
      const found = await timeIn(source, position, reader);
      if (typeof found === "bigint") return { timestampNs: found };
      isWhole &&= found === null;
    }
    return { missing: isWhole ? "no such entry" : "not everything was looked at" };
  } finally {
    endQuery();
  }
}

function holds({ batch }: LocalView, { sequence, index }: EntryPosition): boolean {
  return batch.ranges.some(([of, from, to]) => of === sequence && index >= from && index < to);
}

async function timeIn(
  source: QuerySource,
  position: EntryPosition,
  reader: SourceReader,
): Promise<bigint | null | "unreadable"> {
  if (isLocal(source) && source.parts.length > 0) {
    const { sequence, index } = position;
    const part = source.parts.find((one) => one.sequence === sequence && index >= one.from && index < one.to);
    if (part === undefined) return null;
    return partsToNs({ ms: part.block.ms[index] as number, subMsNs: part.block.subMsNs[index] as number });
  }
  const outcome = await reader.read(source);
  if ("failed" in outcome) return "unreadable";
  return await timeInObject(outcome.bytes, isLocal(source) ? "in the spool" : source.objectKey, position);
}

async function timeInObject(object: Buffer, name: string, position: EntryPosition): Promise<bigint | null> {
  const { walId, sequence, index } = position;
  const id = Buffer.from(`"${formatEntryId(walId, sequence, index)}",`);
  const timestamp = createTimestampReader();
  const { header, blocksStart } = decodeTier0Header(object, name);
  let start = blocksStart;
  for (const block of header.blocks) {
    const lines = decompressBlock(object, start, block, name);
    start += block.bytes;
    await nextTurn();
    // The same text may stand in a message; at the start of a line it is the id.
    for (let at = lines.indexOf(id); at !== -1; at = lines.indexOf(id, at + 1)) {
      const lineStart = at + 1 - ID_START;
      if (lineStart !== 0 && lines[lineStart - 1] !== LF) continue;
      const timestampStart = lineStart + STORED_TIMESTAMP_START;
      if (timestamp.read(lines, timestampStart, timestampEndAt(lines, timestampStart))) return partsToNs(timestamp);
    }
  }
  return null;
}
