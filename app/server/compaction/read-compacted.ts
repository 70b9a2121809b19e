import { readFile } from "node:fs/promises";
import path from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { readBlock, type LineBlock } from "#app/server/compaction/line-block.ts";
import type { SliceKernel } from "#app/server/compaction/slice-kernel.ts";
import type { SourceLines } from "#app/server/compaction/read-sources.ts";
import { openDuckDb } from "#app/server/search/open-duckdb.ts";
import { decodeTail } from "#app/server/search/tier1-format.ts";
import { readLines } from "#app/server/search/tier1-lines.ts";

/** It reads one row group at a time, which decompressed has a few times the 32 MiB of its lines at most. */
const MEMORY_LIMIT_MB = 256;

/** readCompacted reads objects of tier 1. They are small when they are merged again, so their lines are held. */
export async function readCompacted(
  files: readonly string[],
  directory: string,
  kernel: SliceKernel,
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
    for (const file of files) sources.push(await readTier1(connection, kernel, file));
    return sources;
  } finally {
    connection.disconnectSync();
    instance.closeSync();
  }
}

async function readTier1(connection: DuckDBConnection, kernel: SliceKernel, file: string): Promise<SourceLines> {
  const description = decodeTail(await readFile(file), file);
  const blocks: LineBlock[] = [];
  for await (const { bytes, count } of readLines(connection, file, description.promotedKeys)) {
    const block = { entries: count, rawBytes: bytes.length, read: (target: Buffer) => void bytes.copy(target) };
    const { ms } = readBlock(kernel, block);
    const minMs = ms.reduce((least, one) => Math.min(least, one), Infinity);
    blocks.push({ ...block, minMs, maxMs: ms.reduce((most, one) => Math.max(most, one), -Infinity) });
  }
  return { blocks, summary: description };
}
