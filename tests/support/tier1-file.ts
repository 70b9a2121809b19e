import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { TimestampParts } from "#app/core/timestamp.ts";
import { buildTier1, type Tier1Built } from "#app/server/compaction/build-tier1.ts";
import { SliceKernel } from "#app/server/compaction/slice-kernel.ts";
import { buildTier0 } from "#app/server/ingest/build-tier0.ts";
import { EntryBlockBuilder } from "#app/server/ingest/entry-block.ts";
import { mergeParts } from "#app/server/ingest/merge-parts.ts";
import type { SearchedEntry } from "#tests/support/predicates.ts";

/** One for all: its memory is not given back. */
export const kernel = new SliceKernel();

export const WAL_ID = "019ab0c0-0000-7000-8000-000000000001";

export interface TimedEntry extends SearchedEntry {
  timestamp: TimestampParts;
  levelOriginal?: string | null;
}

/** tier0File writes entries as one object of tier 0; entry i has the index i of the request `batchNo`. */
export async function tier0File(directory: string, batchNo: number, entries: readonly TimedEntry[]): Promise<string> {
  const builder = new EntryBlockBuilder(1024);
  for (const entry of entries) builder.add({ levelOriginal: null, ...entry });
  const part = { sequence: batchNo, block: builder.build(), from: 0, to: entries.length };
  const batch = { projectId: WAL_ID, walId: WAL_ID, batchNo, receivedAtMs: 0, parts: [part] };
  const file = path.join(directory, `${batchNo}.ndjson.zst`);
  await writeFile(file, buildTier0(mergeParts(batch)).bytes);
  return file;
}

/** tier1File compacts batches of entries into one object of tier 1. */
export async function tier1File(directory: string, batches: readonly (readonly TimedEntry[])[]): Promise<Tier1Built> {
  const files: string[] = [];
  for (const [batchNo, entries] of batches.entries()) files.push(await tier0File(directory, batchNo, entries));
  return await buildTier1({ projectId: WAL_ID, generation: 1, files, directory }, kernel);
}
