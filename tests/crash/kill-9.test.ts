import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { objectsOf } from "#tests/support/crash-objects.ts";
import { openCrashSite, type CrashSite } from "#tests/support/crash-process.ts";
import { runRounds, type RoundReport } from "#tests/support/crash-rounds.ts";

/** `CRASH_KILLS=100 npm run test:crash` on the day; `CRASH_SEED` repeats a run's plan. */
const KILLS = Number(process.env["CRASH_KILLS"] ?? 20);
const SEED = Number(process.env["CRASH_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const MS_PER_KILL = 15_000;
const MAX_RECOVERY_MS = 5_000;

let site: CrashSite | null = null;

afterEach(async () => {
  await site?.killDatabase();
  await site?.remove();
  site = null;
});

/** A folder of mode 0700, as under /root: PostgreSQL, which cannot run as root, has to live elsewhere. */
async function privateFolder(): Promise<string> {
  return await mkdtemp(path.join(tmpdir(), "akavelog-crash-"));
}

/** What the server said in all its lives, for the reader of a failure. */
async function keepOutput(report: RoundReport): Promise<void> {
  await mkdir("test-results", { recursive: true });
  await writeFile(`test-results/crash-${SEED}.log`, report.output);
}

function assertNothingLost(report: RoundReport): void {
  const { final, failedStarts, surprises, wrongAfterRestart } = report;
  expect({ failedStarts, surprises, wrongAfterRestart }).toEqual({
    failedStarts: [],
    surprises: [],
    wrongAfterRestart: [],
  });
  for (const { lost, twice, foreign } of final)
    expect({ lost, twice, foreign }).toEqual({ lost: [], twice: [], foreign: [] });
  expect(report.totals.acknowledged).toBeGreaterThan(1_000);
  expect(Math.max(...report.recoveriesMs)).toBeLessThanOrEqual(MAX_RECOVERY_MS);
}

function summary({
  killsBy,
  killsInRecovery,
  missedPoints,
  totals,
  recoveriesMs,
  checksAfterRestart,
  final,
}: RoundReport): string {
  const sorted = [...recoveriesMs].sort((a, b) => a - b);
  const entries = final.reduce((sum, back) => sum + back.entries, 0);
  return JSON.stringify({
    seed: SEED,
    killsBy,
    killsInRecovery,
    missedPoints,
    checksAfterRestart,
    ...totals,
    entries,
    recoveryMs: { median: sorted[sorted.length >> 1], slowest: sorted.at(-1) },
  });
}

describe("kill -9", () => {
  it(
    `loses and doubles no acknowledged line in ${KILLS} kills, and recovers within 5 s each time`,
    { timeout: 60_000 + KILLS * MS_PER_KILL },
    async ({ annotate }) => {
      const dataDirectory = await privateFolder();
      site = await openCrashSite(dataDirectory);
      const report = await runRounds({ site, kills: KILLS, seed: SEED, projects: 4, env: {} });
      await annotate(summary(report));
      await keepOutput(report);
      assertNothingLost(report);
      expect(await objectsOf(dataDirectory, report.final)).toEqual({
        wal: [],
        spool: [],
        quarantine: [],
        unreferenced: [],
        missing: [],
        entries: report.final.reduce((sum, back) => sum + back.entries, 0),
      });
    },
  );
});
