import { cpus } from "node:os";
import type { AlertsResult } from "#bench/alerts.ts";
import type { Calibration } from "#bench/calibrate.ts";
import type { ExplorerResult } from "#bench/explorer.ts";
import { mebibytes, percentile, ratio } from "#bench/figures.ts";
import type { IngestResult } from "#bench/ingest.ts";
import { LINES_PER_REQUEST } from "#bench/lines.ts";
import type { ShipperResult } from "#bench/shippers.ts";

export function shippersReport(results: readonly ShipperResult[], sent: number): string {
  const base = results[0]?.appCpuS ?? 1;
  const rows = results.map(
    ({ name, target, sentBytes, appCpuS }, i) =>
      `| ${name} | \`${target}\` | ${mebibytes(sentBytes)} | ${((appCpuS / sent) * 1e6).toFixed(2)} µs | ${(appCpuS / base).toFixed(2)} | ${i === 0 ? "" : "<= 1.5"} |`,
  );
  return `## Shippers

Written by \`npm run bench -- shippers ${sent}\` on ${new Date().toISOString().slice(0, 10)}: the same ${sent.toLocaleString("en")} records by each way in, in requests of
${LINES_PER_REQUEST.toLocaleString("en")}; the app's CPU until everything is acknowledged and in the store, the median of three runs in turns.

| sent as | to | bytes | CPU a record | against NDJSON | goal |
| --- | --- | --- | --- | --- | --- |
${rows.join("\n")}
`;
}

export function alertsReport({ rules, projects, lines: stored, tickS, evaluations }: AlertsResult): string {
  return `## Alerts

Written by \`npm run bench -- alerts ${rules}\` on ${new Date().toISOString().slice(0, 10)}: ${rules.toLocaleString("en")} rules over the counts of minutes in ${projects.toLocaleString("en")} projects, half of them in
one with ${stored.toLocaleString("en")} lines, a fifth of them grouped by service; one tick, from its first statement to its last.

| what | figure | goal |
| --- | --- | --- |
| one tick | ${tickS.toFixed(2)} s | <= 5 s |
| windows evaluated | ${evaluations.toLocaleString("en")} | |
`;
}

export function explorerReport(
  { firstRowMs, loadedRows, frameMs, scriptBytes }: ExplorerResult,
  stored: number,
): string {
  const slow = frameMs.filter((ms) => ms > 50).length;
  return `## Explorer

Written by \`npm run bench -- explorer ${stored}\` on ${new Date().toISOString().slice(0, 10)}: Chromium at 1280x720 beside the server on the same ${cpus().length} cores,
${stored.toLocaleString("en")} lines stored, ${firstRowMs.length} searches for one service each, then ${loadedRows.toLocaleString("en")} rows loaded and scrolled through in ${frameMs.length} steps.

| what | figure | goal |
| --- | --- | --- |
| Enter to the first row, median | ${percentile(firstRowMs, 0.5).toFixed(0)} ms | |
| Enter to the first row, slowest | ${percentile(firstRowMs, 1).toFixed(0)} ms | <= 300 ms |
| frame while scrolling, median | ${percentile(frameMs, 0.5).toFixed(0)} ms | |
| frame while scrolling, slowest | ${percentile(frameMs, 1).toFixed(0)} ms | <= 50 ms |
| frames over 50 ms | ${slow} of ${frameMs.length} | 0 |
| scripts of the page, gzipped | ${(scriptBytes / 1024).toFixed(0)} KB | <= 250 KB |
`;
}

export function ingestReport(
  lineSource: string,
  { parseCpuS, zstdBytes, rawBytes }: Calibration,
  run: IngestResult,
): string {
  const rows: [string, string, string, string][] = [
    [
      "app CPU until acknowledged and stored",
      `${run.appCpuS.toFixed(2)} s`,
      ratio(run.appCpuS, parseCpuS, "P"),
      "<= 3.0 P",
    ],
    ["the same with PostgreSQL", `${run.totalCpuS.toFixed(2)} s`, ratio(run.totalCpuS, parseCpuS, "P"), ""],
    ["elapsed, 4 senders", `${run.elapsedS.toFixed(1)} s`, `${Math.round(run.entries / run.elapsedS)} entries/s`, ""],
    ["request of 1,000 lines, p50", `${run.p50Ms.toFixed(1)} ms`, "", ""],
    ["request of 1,000 lines, p99", `${run.p99Ms.toFixed(1)} ms`, "", ""],
    [
      "request of one line, app CPU",
      `${((run.small.appCpuS / run.small.requests) * 1e6).toFixed(0)} µs`,
      `${Math.round(run.small.requests / run.small.elapsedS)} requests/s`,
      "",
    ],
    ["peak resident memory of the app", mebibytes(run.peakResidentBytes), "", "<= 250 MB"],
    ["bytes in the store, tier 0", mebibytes(run.objectBytes), ratio(run.objectBytes, zstdBytes, "Z"), ""],
    ["bytes a line", (run.objectBytes / run.entries).toFixed(1), `${run.objects} objects`, ""],
  ];
  return `# Benchmarks

Written by \`npm run bench -- ingest\` on ${new Date().toISOString().slice(0, 10)}: Node ${process.versions.node}, ${cpus().length} cores.
Speed on a shared machine means little by itself, so every figure stands beside what the same lines cost bare in the
same run: **P** is the CPU time of \`JSON.parse\` over every line, **Z** the size of \`zstd -3\` over all of them.

## Ingest

${run.entries.toLocaleString("en")} entries (${mebibytes(rawBytes)} of NDJSON, ${lineSource === "loghub" ? "expanded from 32,000 real lines of 16 systems" : "made by the bench's own generator"}) in requests of
${LINES_PER_REQUEST.toLocaleString("en")} lines over HTTP, embedded database and file-system store; every entry was read back through \`/query\`.

P = ${parseCpuS.toFixed(2)} s, Z = ${mebibytes(zstdBytes)}

| what | figure | ratio | goal |
| --- | --- | --- | --- |
${rows.map((row) => `| ${row.join(" | ")} |`).join("\n")}
`;
}
