import { createHash } from "node:crypto";
import { open, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { choosePromoted, type PromotedTags } from "#app/server/compaction/choose-promoted.ts";
import { mergeSummaries, type BatchSummary } from "#app/server/compaction/merge-summaries.ts";
import { planSlices, type SlicePlan } from "#app/server/compaction/plan-slices.ts";
import { PlainParquetWriter, stagedColumns } from "#app/server/compaction/plain-parquet.ts";
import { sliceColumns, type SliceColumns } from "#app/server/compaction/slice-columns.ts";
import type { SliceKernel } from "#app/server/compaction/slice-kernel.ts";
import { surveyLines, TagSample, type SurveyedBlock } from "#app/server/compaction/survey-lines.ts";
import {
  CorruptBatchError,
  decodeTier0Header,
  decompressBlockInto,
  TIER0_SUFFIX,
} from "#app/server/ingest/tier0-format.ts";
import { openDuckDb } from "#app/server/search/open-duckdb.ts";
import { columnOf, quoted } from "#app/server/search/sql-names.ts";
import {
  decodeTail,
  encodeTail,
  footerBytes,
  TIER1_SUFFIX,
  type RowGroup,
  type Tier1Description,
} from "#app/server/search/tier1-format.ts";
import { readLines } from "#app/server/search/tier1-lines.ts";
import { TOKENISER_VERSION } from "#app/server/search/word-filter.ts";

export interface Tier1Input {
  projectId: string;
  generation: number;
  /** Verified copies of the objects, all in `directory`; nothing else is read or written. */
  files: string[];
  directory: string;
}

export interface Tier1Built {
  /** The finished object, in the input's directory. */
  path: string;
  bytes: number;
  sha256: string;
  tailStart: number;
  tailSha256: string;
  description: Tier1Description;
}

/** On logs higher ones up to 5 are both slower and larger. */
const COMPRESSION_LEVEL = 1;
/** Sorting spills to disk beyond this; the process around it takes as much again. */
const MEMORY_LIMIT_MB = 512;

/**
 * buildTier1 merges objects into one of tier 1. Its memory does not grow with the objects, only with the number of their
 * entries; it runs in a process of its own, whose memory goes with it.
 */
export async function buildTier1(input: Tier1Input, kernel: SliceKernel): Promise<Tier1Built> {
  const { directory } = input;
  const instance = await openDuckDb({
    directories: [directory],
    temporaryDirectory: path.join(directory, "tmp"),
    memoryLimitMb: MEMORY_LIMIT_MB,
    threads: 1,
  });
  const connection = await instance.connect();
  try {
    const sample = new TagSample();
    const sources: SourceLines[] = [];
    for (const file of input.files) sources.push(await surveyFile(connection, kernel, file, sample));
    const summary = mergeSummaries(sources.map((source) => source.summary));
    const blocks = sources.flatMap((source) => source.blocks);
    const plan = planSlices(blocks);
    const promoted = choosePromoted(sample);
    const { promotedKeys } = promoted;
    const staged = path.join(directory, `staged${TIER1_SUFFIX}`);
    const target = path.join(directory, `built${TIER1_SUFFIX}`);
    const words = await stageSlices(staged, kernel, blocks, plan, promoted);
    await writeParquet(connection, staged, target, plan, promotedKeys);
    return await finishObject(connection, target, plan, words, {
      format: 1,
      projectId: input.projectId,
      generation: input.generation,
      ...summary,
      promotedKeys,
      tokeniser: TOKENISER_VERSION,
    });
  } finally {
    connection.disconnectSync();
    instance.closeSync();
  }
}

/** SourceLines is what is known of the lines of one object. */
interface SourceLines {
  blocks: SurveyedBlock[];
  summary: BatchSummary;
}

async function surveyFile(
  connection: DuckDBConnection,
  kernel: SliceKernel,
  file: string,
  sample: TagSample,
): Promise<SourceLines> {
  return file.endsWith(TIER0_SUFFIX)
    ? await surveyTier0(kernel, file, sample)
    : await surveyTier1(connection, kernel, file, sample);
}

async function surveyTier0(kernel: SliceKernel, file: string, sample: TagSample): Promise<SourceLines> {
  const object = await readFile(file);
  const { header, blocksStart } = decodeTier0Header(object, file);
  const { walId, batchNo, ...known } = header.batch;
  const blocks: SurveyedBlock[] = [];
  let start = blocksStart;
  for (const block of header.blocks) {
    const at = start;
    const read = (target: Buffer) => decompressBlockInto(target, object, at, block, file);
    blocks.push(surveyLines(kernel, { ...block, read }, sample));
    start += block.bytes;
  }
  return { blocks, summary: { ...known, lineage: [[walId, batchNo, batchNo]] } };
}

/** Objects of tier 1 are small when they are merged again, so their lines are held. */
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

type SliceWords = Omit<SliceColumns, "columns">;

/**
 * Writes the rows of each slice, sorted, as a plain Parquet file of our own, which DuckDB reads at next to no cost; what it
 * makes of it is the object. Returns what is known of their words.
 */
async function stageSlices(
  path: string,
  kernel: SliceKernel,
  blocks: readonly SurveyedBlock[],
  plan: SlicePlan,
  { promotedKeys, sortKey }: PromotedTags,
): Promise<SliceWords[]> {
  const target = await open(path, "w");
  try {
    const writer = new PlainParquetWriter(target, stagedColumns(promotedKeys));
    await writer.begin();
    const words: SliceWords[] = [];
    for (const [i, { rows, rawBytes }] of plan.slices.entries()) {
      const from = plan.borders[i - 1] ?? null;
      const to = plan.borders[i] ?? null;
      const within = blocks.filter(({ minMs, maxMs }) => maxMs >= (from?.ms ?? minMs) && minMs <= (to?.ms ?? maxMs));
      const slice = { rows, rawBytes, from, to, promotedKeys, sortKey, blocks: within };
      const { columns, ...known } = sliceColumns(kernel, slice);
      await writer.addRowGroup(rows, columns);
      words.push(known);
    }
    await writer.end();
    return words;
  } finally {
    await target.close();
  }
}

async function writeParquet(
  connection: DuckDBConnection,
  staged: string,
  target: string,
  plan: SlicePlan,
  promotedKeys: readonly string[],
): Promise<void> {
  const rows = await connection.run(`
    copy (
      select id_request, id_index, make_timestamptz("timestamp") as "timestamp", timestamp_ns, service, level,
        ${["level_original", "message", ...promotedKeys.map(columnOf), "tags"].join(", ")}
      from read_parquet(${quoted(staged)})
    ) to ${quoted(target)} (
      format parquet, parquet_version v2, compression zstd, compression_level ${COMPRESSION_LEVEL},
      row_group_size ${plan.rowsPerSlice}, write_bloom_filter false, kv_metadata {akavelog: 'tier 1, format 1'}
    )`);
  const expected = plan.slices.reduce((sum, slice) => sum + slice.rows, 0);
  if (rows.rowsChanged !== expected)
    throw new Error(`cannot compact: ${rows.rowsChanged} rows were written for ${expected} entries`);
}

/** Puts filters and description before the Parquet footer, which then still points to the same row groups. */
async function finishObject(
  connection: DuckDBConnection,
  target: string,
  plan: SlicePlan,
  words: readonly SliceWords[],
  known: Omit<Tier1Description, "rowGroups">,
): Promise<Tier1Built> {
  const file = await readFile(target);
  const places = await rowGroupPlaces(connection, target);
  if (places.length !== plan.slices.length || places.some(({ rows }, i) => rows !== plan.slices[i]?.rows))
    throw new CorruptBatchError(target, "its row groups are not the slices that it was to be cut into");
  const footer = file.subarray(file.length - footerBytes(file, target));
  const tailStart = file.length - footer.length;
  let filterStart = tailStart;
  const rowGroups: RowGroup[] = plan.slices.map((slice, i) => {
    const { start, bytes } = places[i] as RowGroupPlace;
    const { filter, isAscii } = words[i] as SliceWords;
    const sha256 = createHash("sha256")
      .update(file.subarray(start, start + bytes))
      .digest("hex");
    const rowGroup = {
      ...slice,
      start,
      bytes,
      sha256,
      firstRow: i * plan.rowsPerSlice,
      filterStart,
      filterBytes: filter.length,
      isAscii,
    };
    filterStart += filter.length;
    return rowGroup;
  });
  const description: Tier1Description = { ...known, rowGroups };
  const tail = encodeTail(
    words.map(({ filter }) => filter),
    description,
    footer,
  );
  const object = Buffer.concat([file.subarray(0, tailStart), tail]);
  await writeFile(target, object);
  return {
    path: target,
    bytes: object.length,
    sha256: createHash("sha256").update(object).digest("hex"),
    tailStart,
    tailSha256: createHash("sha256").update(tail).digest("hex"),
    description,
  };
}

interface RowGroupPlace {
  start: number;
  bytes: number;
  rows: number;
}

async function rowGroupPlaces(connection: DuckDBConnection, file: string): Promise<RowGroupPlace[]> {
  const reader = await connection.runAndReadAll(`
    select min(least(coalesce(nullif(dictionary_page_offset, 0), data_page_offset), data_page_offset))::double,
      sum(total_compressed_size)::double, any_value(row_group_num_rows)::double
    from parquet_metadata(${quoted(file)}) group by row_group_id order by row_group_id`);
  return reader
    .getRows()
    .map(([start, bytes, rows]) => ({ start: Number(start), bytes: Number(bytes), rows: Number(rows) }));
}
