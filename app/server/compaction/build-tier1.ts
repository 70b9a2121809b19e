import { createHash } from "node:crypto";
import { open, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { choosePromoted } from "#app/server/compaction/choose-promoted.ts";
import { mergeSummaries, type BatchSummary } from "#app/server/compaction/merge-summaries.ts";
import { planSlices, type SlicePlan } from "#app/server/compaction/plan-slices.ts";
import { surveyLines, TagSample, type SurveyedBlock } from "#app/server/compaction/survey-lines.ts";
import { CorruptBatchError, decodeTier0Header, decompressBlock, TIER0_SUFFIX } from "#app/server/ingest/tier0-format.ts";
import { columnOf, openDuckDb, quoted } from "#app/server/search/open-duckdb.ts";
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

const COMPRESSION_LEVEL = 3;
/** Sorting spills to disk beyond this; the process around it takes as much again. */
const MEMORY_LIMIT_MB = 256;
/** Blocks that tier 1 is read back in, when small objects of it are merged. */
const LINES_PER_BLOCK = 4_096;

/**
 * buildTier1 merges objects into one of tier 1. Its memory does not grow with the objects, only with the number of their
 * entries; it runs in a process of its own, whose memory goes with it.
 */
export async function buildTier1(input: Tier1Input): Promise<Tier1Built> {
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
    for (const file of input.files) sources.push(await surveyFile(connection, file, sample));
    const summary = mergeSummaries(sources.map((source) => source.summary));
    const plan = planSlices(sources.flatMap(({ blocks }) => blocks));
    const { promotedKeys, sortKey } = choosePromoted(sample);
    const target = path.join(directory, `built${TIER1_SUFFIX}`);
    const hasOnlyPromoted = summary.tags.complete && Object.keys(summary.tags.keys).every((key) => promotedKeys.includes(key));
    await writeParquet(connection, { sources, plan, promotedKeys, sortKey, hasOnlyPromoted, target });
    return await finishObject(connection, target, plan, {
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

/** SourceLines is one of the objects: a file of lines that DuckDB can read, and what is known of them. */
interface SourceLines {
  path: string;
  blocks: SurveyedBlock[];
  summary: BatchSummary;
}

async function surveyFile(connection: DuckDBConnection, file: string, sample: TagSample): Promise<SourceLines> {
  return file.endsWith(TIER0_SUFFIX) ? await surveyTier0(file, sample) : await surveyTier1(connection, file, sample);
}

async function surveyTier0(file: string, sample: TagSample): Promise<SourceLines> {
  const object = await readFile(file);
  const { header, blocksStart } = decodeTier0Header(object, file);
  const { walId, batchNo, ...known } = header.batch;
  const blocks: SurveyedBlock[] = [];
  let start = blocksStart;
  for (const block of header.blocks) {
    const at = start;
    const read = () => decompressBlock(object, at, block, file);
    blocks.push(surveyLines(read(), block.entries, sample, read));
    start += block.bytes;
  }
  return { path: file, blocks, summary: { ...known, lineage: [[walId, batchNo, batchNo]] } };
}

/** Objects of tier 1 are small when they are merged again, so their lines are simply written out. */
async function surveyTier1(connection: DuckDBConnection, file: string, sample: TagSample): Promise<SourceLines> {
  const description = decodeTail(await readFile(file), file);
  const linesPath = `${file}.ndjson`;
  const target = await open(linesPath, "wx");
  const blocks: SurveyedBlock[] = [];
  try {
    for await (const lines of readLines(connection, file, description.promotedKeys)) {
      for (let from = 0; from < lines.length; from += LINES_PER_BLOCK) {
        const piece = lines.slice(from, from + LINES_PER_BLOCK);
        const bytes = Buffer.from(piece.join(""));
        await target.appendFile(bytes);
        blocks.push(surveyLines(bytes, piece.length, sample, () => bytes));
      }
    }
  } finally {
    await target.close();
  }
  return { path: linesPath, blocks, summary: description };
}

interface ParquetJob {
  sources: readonly SourceLines[];
  plan: SlicePlan;
  promotedKeys: readonly string[];
  sortKey: string | null;
  hasOnlyPromoted: boolean;
  target: string;
}

/**
 * Where every tag has a column they are read as a struct, which skips the JSON of each line; only else is there a rest to
 * keep, and taking it out costs as much again as reading the lines.
 */
async function writeParquet(connection: DuckDBConnection, job: ParquetJob): Promise<void> {
  const { promotedKeys, sortKey, plan } = job;
  const isStruct = job.hasOnlyPromoted && promotedKeys.length > 0;
  const tagsType = isStruct ? `struct(${promotedKeys.map((key) => `"${key}" varchar`).join(", ")})` : "json";
  const promoted = promotedKeys.map(
    (key) => `${isStruct ? `tags."${key}"` : `json_extract_string(tags, '$."${key}"')`} as ${columnOf(key)}`,
  );
  const rest = isStruct ? "null::varchar" : restOfTags(promotedKeys);
  const slice = plan.borders.map(({ ms, subMsNs, id }) => {
    const ns = BigInt(ms) * 1_000_000n + BigInt(subMsNs);
    return `(ns > ${ns} or (ns = ${ns} and id >= ${quoted(id)}))::integer`;
  });
  const files = job.sources.map((source) => quoted(source.path)).join(", ");
  const rows = await connection.run(`
    copy (
      select left(id, 45) as id_request, right(id, 5) as id_index, make_timestamptz(ns // 1000) as "timestamp",
        case when ns % 1000 <> 0 then ns end as timestamp_ns, service, level, "levelOriginal" as level_original, message,
        ${[...promoted, `${rest} as tags`].join(", ")}
      from (
        select *, epoch_ns("timestamp"::timestamp_ns) as ns
        from read_ndjson([${files}], maximum_object_size = 1048576, columns = {
          id: 'varchar', "timestamp": 'varchar', service: 'varchar', level: 'varchar', "levelOriginal": 'varchar',
          message: 'varchar', tags: ${quoted(tagsType)}
        })
      )
      order by ${[slice.join(" + ") || "0", "service", ...(sortKey === null ? [] : [columnOf(sortKey)]), "ns", "id"].join(", ")}
    ) to ${quoted(job.target)} (
      format parquet, parquet_version v2, compression zstd, compression_level ${COMPRESSION_LEVEL},
      row_group_size ${plan.rowsPerSlice}, write_bloom_filter false, kv_metadata {akavelog: 'tier 1, format 1'}
    )`);
  const expected = plan.slices.reduce((sum, slice) => sum + slice.rows, 0);
  if (rows.rowsChanged !== expected)
    throw new Error(`cannot compact: ${rows.rowsChanged} rows were written for ${expected} entries`);
}

function restOfTags(promotedKeys: readonly string[]): string {
  const without =
    promotedKeys.length === 0
      ? "tags"
      : `json_merge_patch(tags, ${quoted(JSON.stringify(Object.fromEntries(promotedKeys.map((key) => [key, null]))))})`;
  return `nullif(${without}::varchar, '{}')`;
}

/** Puts filters and description before the Parquet footer, which then still points to the same row groups. */
async function finishObject(
  connection: DuckDBConnection,
  target: string,
  plan: SlicePlan,
  known: Omit<Tier1Description, "rowGroups">,
): Promise<Tier1Built> {
  const file = await readFile(target);
  const places = await rowGroupPlaces(connection, target);
  if (places.length !== plan.slices.length || places.some(({ rows }, i) => rows !== plan.slices[i]?.rows))
    throw new CorruptBatchError(target, "its row groups are not the slices that it was to be cut into");
  const footer = file.subarray(file.length - footerBytes(file, target));
  const tailStart = file.length - footer.length;
  let filterStart = tailStart;
  const rowGroups: RowGroup[] = plan.slices.map(({ filter, ...slice }, i) => {
    const { start, bytes } = places[i] as RowGroupPlace;
    const sha256 = createHash("sha256").update(file.subarray(start, start + bytes)).digest("hex");
    const rowGroup = {
      ...slice,
      start,
      bytes,
      sha256,
      firstRow: i * plan.rowsPerSlice,
      filterStart,
      filterBytes: filter.length,
    };
    filterStart += filter.length;
    return rowGroup;
  });
  const description: Tier1Description = { ...known, rowGroups };
  const tail = encodeTail(
    plan.slices.map(({ filter }) => filter),
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
  return reader.getRows().map(([start, bytes, rows]) => ({ start: Number(start), bytes: Number(bytes), rows: Number(rows) }));
}
