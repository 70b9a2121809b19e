import { readFile } from "node:fs/promises";
import path from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { SliceKernel } from "#app/server/compaction/slice-kernel.ts";
import { surveyLines, type SurveyedBlock, type TagSample } from "#app/server/compaction/survey-lines.ts";
import type { SourceLines } from "#app/server/compaction/survey-sources.ts";
import { openDuckDb } from "#app/server/search/open-duckdb.ts";
import { decodeTail } from "#app/server/search/tier1-format.ts";
import { readLines } from "#app/server/search/tier1-lines.ts";

/** It reads one row group at a time, which decompressed has a few times the 32 MiB of its lines at most. */
const MEMORY_LIMIT_MB = 256;

/** surveyCompacted looks through objects of tier 1. They are small when they are merged again, so their lines are held. */
export async function surveyCompacted(
  files: readonly string[],
  directory: string,
  kernel: SliceKernel,
  sample: TagSample,
): Promise<SourceLines[]> {
  const instance = await openDuckDb({
    directories: [directory],
    temporaryDirectory: path.join(directory, "tmp"),
    memoryLimitMb: MEMORY_LIMIT_MB,
    threads: 1,
  });
  const connection = await instance.connect();
  try {
    const sources: SourceLines[] = [];
    for (const file of files) sources.push(await surveyTier1(connection, kernel, file, sample));
    return sources;
  } finally {
    connection.disconnectSync();
    instance.closeSync();
  }
}

async function surveyTier1(
  connection: DuckDBConnection,
  kernel: SliceKernel,
  file: string,
  sample: TagSample,
): Promise<SourceLines> {
  const description = decodeTail(await readFile(file), file);
  const blocks: SurveyedBlock[] = [];
  for await (const { bytes, count } of readLines(connection, file, description.promotedKeys)) {
    const read = (target: Buffer) => void bytes.copy(target);
    blocks.push(surveyLines(kernel, { entries: count, rawBytes: bytes.length, read }, sample));
  }
  return { blocks, summary: description };
}
