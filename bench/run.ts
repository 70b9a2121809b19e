import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { buildWhenStale } from "../scripts/build.mjs";
import { calibrate, type Calibration } from "#bench/calibrate.ts";
import { benchIngest, type IngestResult } from "#bench/ingest.ts";
import { benchBodies, benchTemplates } from "#bench/lines.ts";

const LINES_PER_REQUEST = 1_000;
const REPORT = "docs/benchmarks.md";

/** `npm run bench -- ingest [entries] [--profile]`: figures beside the calibrations of the same run, written to docs. */
const [scenario = "ingest", count = "1000000"] = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const nodeOptions = process.argv.includes("--profile") ? ["--cpu-prof", "--cpu-prof-dir=.cache/profiles"] : [];
const entries = Number(count);
if (scenario !== "ingest" || !Number.isInteger(entries) || entries < 1) {
  console.error("usage: npm run bench -- ingest [entries] [--profile]");
  process.exit(2);
}

await buildWhenStale();
const { source, lines } = benchTemplates();
const startMs = Date.now() - entries - 60_000;
const bodies = [...benchBodies(lines, entries, LINES_PER_REQUEST, startMs)];
const before = calibrate(bodies);
const result = await benchIngest(bodies, startMs, entries, nodeOptions);
// The machine's speed drifts: the work lies between two calibrations, and their mean is what it is compared with.
const after = calibrate(bodies);
const calibration = { ...before, parseCpuS: (before.parseCpuS + after.parseCpuS) / 2 };
const report = ingestReport(source, calibration, result);
console.log(report);
if (nodeOptions.length === 0) writeFileSync(REPORT, report);

function ingestReport(lineSource: string, { parseCpuS, zstdBytes, rawBytes }: Calibration, run: IngestResult): string {
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

function ratio(value: number, unit: number, name: string): string {
  return `${(value / unit).toFixed(2)} ${name}`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
