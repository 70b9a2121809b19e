import { readFile } from "node:fs/promises";
import path from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import binding from "zstd-napi/binding.js";
import { readBlock, type LineBlock } from "#app/server/compaction/line-block.ts";
import type { SliceKernel } from "#app/server/compaction/slice-kernel.ts";
import type { SourceLines } from "#app/server/compaction/read-sources.ts";
import { openDuckDb } from "#app/server/search/open-duckdb.ts";
import { decodeTail } from "#app/server/search/tier1-format.ts";
import { readLines } from "#app/server/search/tier1-lines.ts";

/** It reads one row group at a time, which decompressed has a few times the 32 MiB of its lines at most. */
const MEMORY_LIMIT_MB = 256;

/**
 * readCompacted reads objects of tier 1. DuckDB is asked for their lines once; until they are taken these are held
 * compressed, since they may be several times a slice.
 */
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
    const block = { entries: count, rawBytes: bytes.length, read: holdCompressed(bytes) };
    const { ms } = readBlock(kernel, block);
    const minMs = ms.reduce((least, one) => Math.min(least, one), Infinity);
    blocks.push({ ...block, minMs, maxMs: ms.reduce((most, one) => Math.max(most, one), -Infinity) });
  }
  return { blocks, summary: description };
}

const compressing = new binding.CCtx();
const decompressing = new binding.DCtx();
const LEVEL = 1;

/** holdCompressed returns what writes the bytes again. */
function holdCompressed(bytes: Buffer): (target: Buffer) => void {
  const frame = Buffer.alloc(binding.compressBound(bytes.length));
  const held = Buffer.from(frame.subarray(0, compressing.compress(frame, bytes, LEVEL)));
  return (target) => void decompressing.decompress(target, held);
}
