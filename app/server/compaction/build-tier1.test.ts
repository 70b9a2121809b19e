import { mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildTier1 } from "#app/server/compaction/build-tier1.ts";
import { fold } from "#app/core/fold.ts";
import { formatTimestamp } from "#app/core/timestamp.ts";
import { STORED_ID_BYTES } from "#app/server/ingest/tier0-batch.ts";
import { openDuckDb } from "#app/server/search/open-duckdb.ts";
import { quoted } from "#app/server/search/sql-names.ts";
import { MAX_RAW_BYTES_PER_GROUP } from "#app/server/search/tier1-format.ts";
import { readLines } from "#app/server/search/tier1-lines.ts";
import { hashWord } from "#app/server/search/word-filter.ts";
import { entryArbitrary } from "#tests/support/predicates.ts";
import { kernel, tier0File, tier1File, WAL_ID, type TimedEntry } from "#tests/support/tier1-file.ts";

let directory: string;
let instance: DuckDBInstance;
let connection: DuckDBConnection;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "akavelog-tier1-"));
  const temporaryDirectory = directory;
  instance = await openDuckDb({ directories: [directory], temporaryDirectory, memoryLimitMb: 256, threads: 1 });
  connection = await instance.connect();
});

afterAll(async () => {
  connection.disconnectSync();
  instance.closeSync();
  await rm(directory, { recursive: true, force: true });
});

/** The filter of docs/object-format.md, made of what stands there alone. */
function expectedFilter(messages: readonly string[]): Buffer {
  const pairs = new Set<string>();
  for (const message of messages) {
    for (const word of message.match(/[\p{L}\p{N}_]+/gu) ?? []) {
      const [lower, capitalised, upper, mixed] = hashWord(fold(word));
      pairs.add(String(lower));
      if (word === fold(word)) continue;
      if (/^[A-Z][a-z0-9_]*$/.test(word)) pairs.add(String(capitalised));
      else pairs.add(String(/^[A-Z0-9_]*$/.test(word) ? upper : mixed));
    }
  }
  const filter = Buffer.alloc(Math.max(8, Math.ceil((pairs.size * 10) / 8)));
  for (const pair of pairs) {
    const [first, second] = pair.split(",").map(Number) as [number, number];
    for (let i = 0; i < 7; i++) {
      const place = ((first + i * second) % 2 ** 32) % (filter.length * 8);
      filter[place >> 3] = (filter[place >> 3] as number) | (1 << (place & 7));
    }
  }
  return filter;
}

async function storedLines(file: string, promotedKeys: readonly string[]): Promise<Record<string, unknown>[]> {
  const lines: Record<string, unknown>[] = [];
  for await (const { bytes, count } of readLines(connection, file, promotedKeys)) {
    const piece = bytes.toString().trimEnd().split("\n");
    expect(piece).toHaveLength(count);
    for (const line of piece) lines.push(JSON.parse(line) as Record<string, unknown>);
  }
  return lines;
}

test("entries with odd texts come back as they were, also from a second compaction, and filters have exactly their words", async () => {
  for (let round = 0; round < 6; round++) {
    const entries = fc.sample(entryArbitrary, { numRuns: 300, seed: round }).map((entry, i): TimedEntry => ({
      ...entry,
      message: `${entry.message}${["", '"\\', "\n\t\r\b\f", "\u0001\u001f\u007f", "\u2028 ä"][i % 5]}`,
      timestamp: { ms: 1_700_000_000_000 + (i % 7), subMsNs: [0, 1000, 1][i % 3] as number },
      levelOriginal: i % 4 === 0 ? 'W"x' : null,
    }));
    const first = await tier1File(directory, [entries.slice(0, 100)]);
    const compacted = path.join(directory, "first.parquet");
    await rename(first.path, compacted);
    const files = [compacted, await tier0File(directory, 1, entries.slice(100))];
    const { path: file, description } = await buildTier1(
      { projectId: WAL_ID, generation: 2, files, directory },
      kernel,
    );
    const lines = await storedLines(file, description.promotedKeys);
    expect(lines).toHaveLength(entries.length);
    const byId = new Map(lines.map((line) => [line["id"], line]));
    for (const [i, entry] of entries.entries()) {
      const id = [...byId.keys()].find((key) => String(key).endsWith(idEnd(i)));
      const { level, levelOriginal, message, service, tags } = byId.get(id) ?? {};
      expect({ level, levelOriginal, message, service, tags }).toEqual({
        level: entry.level,
        levelOriginal: entry.levelOriginal ?? undefined,
        message: entry.message,
        service: entry.service,
        tags: JSON.parse(JSON.stringify(Object.fromEntries(entry.tags))) as unknown,
      });
    }
    const object = await readFile(file);
    const { filterStart = 0, filterBytes = 0 } = description.rowGroups[0] ?? {};
    const filter = object.subarray(filterStart, filterStart + filterBytes);
    expect(filter.equals(expectedFilter(entries.map(({ message }) => message)))).toBe(true);
  }
});

function idEnd(i: number): string {
  return i < 100 ? idOf(0, i) : idOf(1, i - 100);
}

function idOf(batch: number, index: number): string {
  return `-${batch.toString(36).padStart(8, "0")}-${index.toString(36).padStart(5, "0")}`;
}

test("row groups are slices by time and id, sorted inside by service, tag, time and id, also where entries share a moment", async () => {
  const batches = [0, 1, 2].map((batch) =>
    Array.from({ length: 42_000 }, (_, i): TimedEntry => {
      // Neither in the order of time nor without ties: some thousand entries share the moment of the border.
      const ms = 1_700_000_000_000 + ((i * 7919) % 30);
      const tags: [string, string][] = i % 3 === 0 ? [] : [["host", `n${i % 5}`]];
      const service = `s${(i + batch) % 3}`;
      return { timestamp: { ms, subMsNs: i % 2 }, service, level: "info", message: "m", tags };
    }),
  );
  const { path: file, description } = await tier1File(directory, batches);
  const { rowGroups } = description;
  expect(rowGroups.map(({ rows }) => rows)).toEqual([122_880, 126_000 - 122_880]);
  const reader = await connection.runAndReadAll(`
    with rows as (
      select file_row_number as row, file_row_number >= ${rowGroups[0]?.rows} as slice, service, "tags.host" as host,
        coalesce(timestamp_ns, epoch_us("timestamp") * 1000) as ns, id_request || '-' || id_index as id
      from read_parquet(${quoted(file)}, file_row_number = true)
    ), neighbours as (
      select *, lag((slice, service, coalesce(host, '~'), ns, id)) over (order by row) as before from rows
    )
    select count(*)::integer, count(distinct id)::integer,
      count(*) filter (before >= (slice, service, coalesce(host, '~'), ns, id))::integer,
      (select max((ns, id)) from rows where not slice) < (select min((ns, id)) from rows where slice),
      (select min(ns) from rows)::varchar, (select max(ns) from rows)::varchar
    from neighbours`);
  const [rows, ids, unsorted, isCut, first, last] = reader.getRows()[0] ?? [];
  expect({ rows, ids, unsorted, isCut }).toEqual({ rows: 126_000, ids: 126_000, unsorted: 0, isCut: true });
  expect(rowGroups[0]?.tsStartNs).toBe(BigInt(String(first)));
  expect(rowGroups[1]?.tsEndNs).toBe(BigInt(String(last)));
});

test("columns come back whether their texts are few, many or all different, with and without gaps, and statistics are true", async () => {
  const rows = 60_000;
  const entries = Array.from({ length: rows }, (_, i): TimedEntry => {
    const scattered = (i * 7919) % rows;
    const tags: [string, string][] = [
      ["few", `f${i % 3}`],
      ["many", `m${scattered % 20_000}`],
      ["Rest", `r${scattered % 40_000}`],
    ];
    if (i % 1000 < 700) tags.push(["gaps", `g${i % 100}`]);
    if (i % 3 > 0) tags.push(["unique", `u${scattered}`]);
    const ms = scattered === 0 ? 0 : (scattered ** 3 % 4_000_000_000) * 1000;
    const subMsNs = i % 5 === 0 ? scattered : 0;
    return { timestamp: { ms, subMsNs }, service: `s${i % 2}`, level: "info", message: `said ${scattered}`, tags };
  });
  const { path: file, description } = await tier1File(directory, [entries]);
  expect(description.promotedKeys).toEqual(["few", "gaps", "many", "unique"]);
  const lines = await storedLines(file, description.promotedKeys);
  const found = new Map(lines.map((line) => [String(line["id"]).slice(-idEnd(0).length), line]));
  expect(found.size).toBe(rows);
  const wrong = entries.filter(({ message, tags, timestamp }, i) => {
    const line = found.get(idOf(0, i));
    const hasTags = isDeepStrictEqual(line?.["tags"], Object.fromEntries(tags));
    return line?.["timestamp"] !== formatTimestamp(timestamp) || line["message"] !== message || !hasTags;
  });
  expect(wrong).toEqual([]);
  for (const column of ["timestamp", "timestamp_ns", "service", "tags.few", "tags.gaps", "tags.unique", "tags"]) {
    const reader = await connection.runAndReadAll(`
      select count(*) - count("${column}"), min("${column}")::varchar, max("${column}")::varchar
      from read_parquet(${quoted(file)})
      union all
      select stats_null_count, stats_min_value, stats_max_value from parquet_metadata(${quoted(file)})
      where replace(path_in_schema, '"', '') = '${column}'`);
    const [[nulls, ...range] = [], [saidNulls, ...saidRange] = []] = reader.getRows();
    expect([column, saidNulls]).toEqual([column, nulls]);
    // Texts that are nearly all different have none.
    if (column !== "tags.unique" && column !== "tags") expect([column, ...saidRange]).toEqual([column, ...range]);
  }
});

test("no row group has more than 32 MiB of lines, and those of large entries lie between others in their order", async () => {
  const large = "x".repeat(30 * 1024);
  const entries = Array.from({ length: 20_000 }, (_, i): TimedEntry => {
    const message = i > 2_000 && i < 4_000 ? large : "m";
    return { timestamp: { ms: 1_700_000_000_000 + i, subMsNs: 0 }, service: "s", level: "info", message, tags: [] };
  });
  const { path: file, description } = await tier1File(directory, [entries]);
  const { rowGroups } = description;
  // Large entries in one place leave row groups elsewhere as they are.
  expect(rowGroups.length).toBeLessThan(10);
  let firstRow = 0;
  for (const { rows, rawBytes, tsStartNs, tsEndNs, firstRow: said } of rowGroups) {
    expect(said).toBe(firstRow);
    expect(rawBytes - rows * STORED_ID_BYTES).toBeLessThanOrEqual(MAX_RAW_BYTES_PER_GROUP);
    expect([tsStartNs, tsEndNs].map((ns) => Number(ns / 1_000_000n) - 1_700_000_000_000)).toEqual([
      firstRow,
      firstRow + rows - 1,
    ]);
    firstRow += rows;
  }
  const reader = await connection.runAndReadAll(`
    select count(*)::integer, count(distinct id_index)::integer, sum(length(message))::integer from read_parquet(${quoted(file)})`);
  const bytes = entries.reduce((sum, { message }) => sum + message.length, 0);
  expect(reader.getRows()[0]).toEqual([entries.length, entries.length, bytes]);
});
