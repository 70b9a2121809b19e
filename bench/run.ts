import { readFileSync, writeFileSync } from "node:fs";
import { buildWhenStale } from "../scripts/build.mjs";
import { benchAlerts } from "#bench/alerts.ts";
import { calibrate } from "#bench/calibrate.ts";
import { benchDistance } from "#bench/distance.ts";
import { benchExplorer } from "#bench/explorer.ts";
import { benchIngest } from "#bench/ingest.ts";
import { benchLoad } from "#bench/load.ts";
import { benchQuery } from "#bench/query.ts";
import { distanceReport, loadReport, queryReport } from "#bench/query-report.ts";
import { benchBodies, benchTemplates, LINES_PER_REQUEST } from "#bench/lines.ts";
import { alertsReport, explorerReport, ingestReport, shippersReport } from "#bench/reports.ts";
import { benchShippers } from "#bench/shippers.ts";

const REPORT = "docs/benchmarks.md";
/** The headings with which a scenario's part of the report begins. */
const OWN_HEADINGS = [
  "# Benchmarks",
  "## Queries",
  "## Distance",
  "## Load",
  "## Shippers",
  "## Alerts",
  "## Explorer",
];
const DISTANT_RAW_BYTES = 10e9;
const LARGE_ENTRIES = 64;
/** Rows that the explorer has loaded when it is scrolled. */
const LOADED_ROWS = 100_000;
/** Rules by counts do not look at lines, so these are there to be counted. */
const ALERT_LINES = 200_000;

/**
 * `npm run bench -- ingest [entries] [--profile]`, `npm run bench -- query|distance|load|shippers|explorer [entries]`: figures
 * beside the calibrations of the same run;
 * `npm run bench -- alerts [rules]`. Each is written to its section of the docs.
 */
const [scenario = "ingest", count = scenario === "alerts" ? "1000" : "1000000"] = process.argv
  .slice(2)
  .filter((argument) => !argument.startsWith("--"));
const nodeOptions = process.argv.includes("--profile") ? ["--cpu-prof", "--cpu-prof-dir=.cache/profiles"] : [];
const SCENARIOS = ["ingest", "query", "distance", "load", "shippers", "alerts", "explorer"];
if (!SCENARIOS.includes(scenario) || !Number.isInteger(Number(count)) || Number(count) < 1) {
  console.error(
    "usage: npm run bench -- ingest|query|distance|load|shippers|explorer [entries] [--profile], or alerts [rules]",
  );
  process.exit(2);
}
const entries = scenario === "alerts" ? ALERT_LINES : Number(count);

await buildWhenStale();
const { source, lines } = benchTemplates();
const startMs = Date.now() - entries - 60_000;
const bodies = [...benchBodies(lines, entries, LINES_PER_REQUEST, startMs)];
if (scenario === "shippers") writeSection("## Shippers", shippersReport(await benchShippers(bodies, entries), entries));
else if (scenario === "query") await runQuery();
else if (scenario === "load") {
  const results = [];
  for (const largeEntries of [0, LARGE_ENTRIES]) results.push(await benchLoad(bodies, entries, largeEntries));
  writeSection("## Load", loadReport(results));
} else if (scenario === "distance")
  writeSection("## Distance", distanceReport(await benchDistance(bodies, DISTANT_RAW_BYTES)));
else if (scenario === "alerts")
  writeSection("## Alerts", alertsReport(await benchAlerts(bodies, entries, Number(count))));
else if (scenario === "explorer") {
  const services = [...new Set(lines.map(({ service }) => service))];
  writeSection(
    "## Explorer",
    explorerReport(await benchExplorer(bodies, services, Math.min(LOADED_ROWS, entries)), entries),
  );
} else await runIngest();

async function runQuery(): Promise<void> {
  const before = calibrate(bodies);
  const result = await benchQuery(bodies, startMs, entries);
  const after = calibrate(bodies);
  writeSection(
    "## Queries",
    queryReport({ ...before, parseCpuS: (before.parseCpuS + after.parseCpuS) / 2 }, result, entries),
  );
}

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
