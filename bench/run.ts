import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { buildWhenStale } from "../scripts/build.mjs";
import { calibrate, type Calibration } from "#bench/calibrate.ts";
import { benchIngest, type IngestResult } from "#bench/ingest.ts";
import { benchBodies, benchTemplates } from "#bench/lines.ts";
import { benchShippers, type ShipperResult } from "#bench/shippers.ts";

const LINES_PER_REQUEST = 1_000;
const REPORT = "docs/benchmarks.md";
/** The headings with which a scenario's part of the report begins. */
const OWN_HEADINGS = ["# Benchmarks", "## Shippers"];

/**
 * `npm run bench -- ingest [entries] [--profile]`, `npm run bench -- shippers [entries]`: figures beside the calibrations of the same run,
 * each written to its section of the docs.
 */
const [scenario = "ingest", count = "1000000"] = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const nodeOptions = process.argv.includes("--profile") ? ["--cpu-prof", "--cpu-prof-dir=.cache/profiles"] : [];
const entries = Number(count);
if (!["ingest", "shippers"].includes(scenario) || !Number.isInteger(entries) || entries < 1) {
  console.error("usage: npm run bench -- ingest|shippers [entries] [--profile]");
  process.exit(2);
}

await buildWhenStale();
const { source, lines } = benchTemplates();
const startMs = Date.now() - entries - 60_000;
const bodies = [...benchBodies(lines, entries, LINES_PER_REQUEST, startMs)];
if (scenario === "shippers") writeSection("## Shippers", shippersReport(await benchShippers(bodies, entries), entries));
else await runIngest();

async function runIngest(): Promise<void> {
  const before = calibrate(bodies);
  const result = await benchIngest(bodies, startMs, entries, nodeOptions);
  // The machine's speed drifts: the work lies between two calibrations, and their mean is what it is compared with.
  const after = calibrate(bodies);
  const calibration = { ...before, parseCpuS: (before.parseCpuS + after.parseCpuS) / 2 };
  const report = ingestReport(source, calibration, result);
  if (nodeOptions.length === 0) writeSection("# Benchmarks", report);
  else console.log(report);
}

/** writeSection replaces what stands from a heading to the next section that another scenario writes. */
function writeSection(heading: string, section: string): void {
  console.log(section);
  const report = readFileSync(REPORT, "utf8");
  const start = report.indexOf(`${heading}\n`);
  const next = OWN_HEADINGS.map((other) => report.indexOf(`${other}\n`)).filter((at) => at > start && start !== -1);
  const end = Math.min(report.length, ...next);
  const before = start === -1 ? `${report.trimEnd()}\n\n` : report.slice(0, start);
  writeFileSync(
    REPORT,
    `${before}${section.trimEnd()}\n${end < report.length && start !== -1 ? `\n${report.slice(end)}` : ""}`,
  );
}

function shippersReport(results: readonly ShipperResult[], sent: number): string {
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
