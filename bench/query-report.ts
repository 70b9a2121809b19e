import type { DistanceResult } from "#bench/distance.ts";
import type { LoadResult } from "#bench/load.ts";
import type { Calibration } from "#bench/calibrate.ts";
import { mebibytes, ratio } from "#bench/figures.ts";
import type { QueryResult } from "#bench/query.ts";

/** queryReport is the section of docs/benchmarks.md on compacted lines. */
export function queryReport({ parseCpuS, zstdBytes }: Calibration, run: QueryResult, entries: number): string {
  const { objectBytes, filterBytes, scanMs, ingestCpuS, compactionCpuS } = run;
  const sizes: [string, string, string, string][] = [
    [
      "row groups and description",
      mebibytes(objectBytes - filterBytes),
      ratio(objectBytes - filterBytes, zstdBytes, "Z"),
      "<= 0.52 Z",
    ],
    ["the same with word filters", mebibytes(objectBytes), ratio(objectBytes, zstdBytes, "Z"), "<= 0.57 Z"],
    ["ingestion, app CPU", `${ingestCpuS.toFixed(2)} s`, ratio(ingestCpuS, parseCpuS, "P"), "<= 3.0 P"],
    ["compaction, CPU of its processes", `${compactionCpuS.toFixed(2)} s`, ratio(compactionCpuS, parseCpuS, "P"), ""],
    [
      "both",
      `${(ingestCpuS + compactionCpuS).toFixed(2)} s`,
      ratio(ingestCpuS + compactionCpuS, parseCpuS, "P"),
      "<= 5.0 P",
    ],
  ];
  const asked = run.timings.map(
    ({ name, ms, scanMs: ownScanMs, goal, found }) =>
      `| ${name} | ${found.toLocaleString("en")} | ${ms.toFixed(1)} ms | ${(ms / ownScanMs).toFixed(2)} C | ${goal === null ? "" : `<= ${goal} C`} |`,
  );
  return `## Queries

Written by \`npm run bench -- query ${entries}\` on ${new Date().toISOString().slice(0, 10)}: the same lines, compacted into ${run.objects} objects with ${run.rowGroups} row
groups; each question over HTTP, nine times, the middle one; every answer was compared with a count of the lines
themselves. **C** is what DuckDB takes for \`select max(length(message))\` over the same objects with two threads,
in turns with each question.

P = ${parseCpuS.toFixed(2)} s, Z = ${mebibytes(zstdBytes)}, C = ${scanMs.toFixed(1)} ms

| what | figure | ratio | goal |
| --- | --- | --- | --- |
${sizes.map((row) => `| ${row.join(" | ")} |`).join("\n")}

| asked | found | time | ratio | goal |
| --- | --- | --- | --- | --- |
${asked.join("\n")}
`;
}

/** loadReport is the section about heavy queries beside everything else. */
export function loadReport(results: readonly LoadResult[]): string {
  const entries = results[0]?.entries ?? 0;
  return `## Load

Written by \`npm run bench -- load ${entries}\` on ${new Date().toISOString().slice(0, 10)}: four senders of 1,000 lines and a project that searches, ten
times a second each, alone and beside eight at a time of another project's heaviest questions over ${entries.toLocaleString("en")} lines.

${results.map(loadTable).join("\n\n")}
`;
}

function loadTable({ largeEntries, heavyQueries, alone, beside, peakResidentBytes }: LoadResult): string {
  const times = (a: number, b: number) => [`${a.toFixed(0)} ms`, `${b.toFixed(0)} ms`, (b / a).toFixed(1)];
  const rows = [
    ["request of 1,000 lines, p50", ...times(alone.ingestP50Ms, beside.ingestP50Ms), ""],
    ["request of 1,000 lines, p99", ...times(alone.ingestP99Ms, beside.ingestP99Ms), "<= 3 times"],
    ["another project's search, p50", ...times(alone.quietP50Ms, beside.quietP50Ms), ""],
    ["another project's search, p99", ...times(alone.quietP99Ms, beside.quietP99Ms), ""],
    ["longest fdatasync", ...times(alone.longestSyncMs, beside.longestSyncMs), "<= 100 ms"],
    ["resident memory of all processes but the database's", "", mebibytes(peakResidentBytes), "", "<= 800 MB"],
  ];
  const large = largeEntries === 0 ? "no large entries" : `${largeEntries} entries of 1 MiB among them`;
  return `With ${large}; ${heavyQueries} heavy questions were answered:

| what | alone | beside | times | goal |
| --- | --- | --- | --- | --- |
${rows.map((row) => `| ${row.join(" | ")} |`).join("\n")}`;
}

/** distanceReport is the section about a store that is far away. */
export function distanceReport({ delayMs, sizes }: DistanceResult): string {
  const rows = sizes.flatMap(({ entries, rawBytes, objects, questions }) =>
    questions.map(
      ({ name, coldMs, coldReads, warmMs, warmReads }) =>
        `| ${(rawBytes / 1e9).toFixed(1)} GB, ${(entries / 1e6).toFixed(1)} M lines, ${objects} objects | ${name} | ${coldMs.toFixed(0)} ms | ${coldReads} | ${warmMs.toFixed(0)} ms | ${warmReads} |`,
    ),
  );
  return `## Distance

Written by \`npm run bench -- distance\` on ${new Date().toISOString().slice(0, 10)}: ${delayMs} ms before every read of an object, in an S3 store. A million lines
were compacted, and what is larger is one of their objects repeated at earlier times. Cold is the first answer of a
process that has read nothing yet, warm the middle of nine more. Goals for the needle over 10 GB: 700 ms cold, 150 ms warm.

| raw logs | asked | cold | reads | warm | reads |
| --- | --- | --- | --- | --- | --- |
${rows.join("\n")}
`;
}
