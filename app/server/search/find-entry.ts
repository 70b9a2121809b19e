import type { EntryPosition } from "#app/core/entry.ts";
import { formatEntryId } from "#app/core/entry.ts";
import { partsToNs } from "#app/core/timestamp.ts";
import type { StoredBatch } from "#app/server/ingest/batch-catalog.ts";
import type { LocalView } from "#app/server/ingest/local-batches.ts";
import { findSources } from "#app/server/search/find-sources.ts";
import type { LineScanner } from "#app/server/search/line-scanner.ts";
import { placedBlocks } from "#app/server/search/placed-blocks.ts";
import {
  isLocal,
  isTier1,
  SourceReader,
  type QuerySource,
  type QuerySourceOptions,
  type SourceFailure,
} from "#app/server/search/source-reader.ts";
import { entryTimeStatement } from "#app/server/search/tier1-statements.ts";
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
    for (let plans = 1; plans <= MAX_PLANS; plans++) {
      const found = await findOnce(options, projectId, position, { deadlineMs, signal });
      if (found !== "outdated") return found;
    }
    return { missing: "not everything was looked at" };
  } finally {
    endQuery();
  }
}

/** Each time something was compacted away or expired while it was looked for. */
const MAX_PLANS = 5;

async function findOnce(
  options: FindEntryOptions,
  projectId: string,
  position: EntryPosition,
  { deadlineMs, signal }: { deadlineMs: number; signal: AbortSignal },
): Promise<FoundEntryTime | "outdated"> {
  const { walId } = position;
  const { stored, local } = await findSources(options, { projectId, ...ALL_TIME, walId });
  const views = local.filter((view) => view.batch.walId === walId && holds(view, position));
  const reader = new SourceReader(options, projectId, signal);
  let isWhole = true;
  for (const source of [...views, ...stored]) {
    signal.throwIfAborted();
    if (options.clock.nowMs() > deadlineMs) return { missing: "not everything was looked at" };
    const found = await timeIn(source, position, { reader, scanner: options.scanner, projectId, signal });
    if (typeof found === "bigint") return { timestampNs: found };
    if (found === "replaced") return "outdated";
    isWhole &&= found === null;
  }
  return { missing: isWhole ? "no such entry" : "not everything was looked at" };
}

function holds({ batch }: LocalView, { sequence, index }: EntryPosition): boolean {
  return batch.ranges.some(([of, from, to]) => of === sequence && index >= from && index < to);
}

/** Who looks through the sources of one query. */
interface Seeker {
  reader: SourceReader;
  scanner: LineScanner;
  projectId: string;
  signal: AbortSignal;
}

async function timeIn(
  source: QuerySource,
  position: EntryPosition,
  seeker: Seeker,
): Promise<bigint | null | SourceFailure["failed"]> {
  if (isLocal(source) && source.parts.length > 0) {
    const { sequence, index } = position;
    const part = source.parts.find((one) => one.sequence === sequence && index >= one.from && index < one.to);
    if (part === undefined) return null;
    return partsToNs({ ms: part.block.ms[index] as number, subMsNs: part.block.subMsNs[index] as number });
  }
  if (isTier1(source)) return await timeInRows(source, position, seeker);
  const outcome = await seeker.reader.read(source);
  if ("failed" in outcome) return outcome.failed;
  const name = isLocal(source) ? "in the spool" : source.objectKey;
  return await timeInObject(outcome.found, name, position, seeker);
}

async function timeInRows(
  batch: StoredBatch,
  position: EntryPosition,
  { reader }: Seeker,
): Promise<bigint | null | SourceFailure["failed"]> {
  const opened = await reader.open(batch);
  if ("failed" in opened) return opened.failed;
  const outcome = await reader.rows(opened.found, opened.found.description.rowGroups, entryTimeStatement(position));
  if ("failed" in outcome) return outcome.failed;
  return (outcome.found[0]?.[0] as bigint | undefined) ?? null;
}

async function timeInObject(
  object: Buffer,
  name: string,
  position: EntryPosition,
  { scanner, ...by }: Seeker,
): Promise<bigint | null> {
  const { walId, sequence, index } = position;
  const entryId = formatEntryId(walId, sequence, index);
  for (const { copy } of placedBlocks(object, name)) {
    const timestampNs = await scanner.find(entryId, copy, by);
    if (timestampNs !== null) return timestampNs;
  }
  return null;
}
