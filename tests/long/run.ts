import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { LONG_RUNS, type LongRun } from "#tests/long/long-runs.ts";
import { withRun, type RunRow } from "#tests/long/reliability-page.ts";

/**
 * `npm run test:long [name] [count]` runs the long tier, all of it or one kind, a piece or as much as is said, and adds to
 * RELIABILITY.md what was run. It ends with the first failure, which is written down as well.
 */
const PAGE = path.resolve(import.meta.dirname, "../../RELIABILITY.md");
const FUZZ_NUMBERS = 2 ** 31;

const [wanted, count] = process.argv.slice(2);
const runs = wanted === undefined ? LONG_RUNS : LONG_RUNS.filter(({ name }) => name === wanted);
if (runs.length === 0) {
  process.stderr.write(`there is no ${wanted}; there are ${LONG_RUNS.map(({ name }) => name).join(", ")}\n`);
  process.exit(2);
}
for (const run of runs) {
  const row = runPiece(run, count === undefined ? run.count.piece : Number(count));
  writeFileSync(PAGE, withRun(readFileSync(PAGE, "utf8"), row, LONG_RUNS));
  if (row.result !== "passed") process.exit(1);
}

function runPiece({ name, project, file, count: { variable }, seed }: LongRun, amount: number): RunRow {
  const chosen = randomInt(FUZZ_NUMBERS);
  const startedMs = Date.now();
  const { status } = spawnSync("npx", ["vitest", "run", "--project", project, "--reporter=verbose", file], {
    stdio: "inherit",
    env: {
      ...process.env,
      UV_THREADPOOL_SIZE: "16",
      [variable]: String(amount),
      ...(seed === undefined ? {} : { [seed]: String(chosen) }),
    },
  });
  return {
    name,
    date: new Date().toISOString().slice(0, 10),
    amount,
    seed: seed === undefined ? "" : String(chosen),
    seconds: Math.round((Date.now() - startedMs) / 1000),
    result: status === 0 ? "passed" : "FAILED",
  };
}
