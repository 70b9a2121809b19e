import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { cloneInto } from "#tests/support/crash-build.ts";
import { objectsOf } from "#tests/support/crash-objects.ts";
import { openCrashSite, type CrashSite } from "#tests/support/crash-process.ts";
import { runRounds, type RoundReport } from "#tests/support/crash-rounds.ts";
import { startStrictS3Server } from "#tests/support/s3-strict-server.ts";
import { seedOf } from "#tests/support/seeded-random.ts";

/** `CRASH_KILLS=100 npm run test:crash` on the day; `CRASH_SEED` repeats a run's plan. */
const KILLS = Number(process.env["CRASH_KILLS"] ?? 20);
const S3_KILLS = Math.ceil(KILLS / 4);
const CLONE_KILLS = 2;
const SEED = seedOf("CRASH_SEED");
const MAX_RECOVERY_MS = 5_000;
const MAX_BUSY_RECOVERY_MS = 30_000;

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

function timeoutFor(kills: number): number {
  return 60_000 + kills * 15_000;
}

/** The figures, and what the server said in all its lives, for the reader of a failure. */
async function keepOutput(name: string, report: RoundReport): Promise<void> {
  await mkdir("test-results", { recursive: true });
  await writeFile(`test-results/crash-${name}-${SEED}.log`, `${summary(report)}\n${report.output}`);
}

function assertNothingLost(report: RoundReport): void {
  const { final, failedStarts, surprises, wrongAfterRestart } = report;
  expect({ failedStarts, surprises, wrongAfterRestart }).toEqual({
    failedStarts: [],
    surprises: [],
    wrongAfterRestart: [],
  });
  for (const { lost, twice, foreign } of final) {
    expect({ lost, twice, foreign }).toEqual({ lost: [], twice: [], foreign: [] });
  }
  expect(report.totals.acknowledged).toBeGreaterThan(100);
  expect(Math.max(0, ...report.recoveriesMs)).toBeLessThanOrEqual(MAX_RECOVERY_MS);
  expect(Math.max(0, ...report.busyRecoveriesMs)).toBeLessThanOrEqual(MAX_BUSY_RECOVERY_MS);
}

function summary(report: RoundReport): string {
  const { killsBy, killsInRecovery, missedPoints, totals, checksAfterRestart, repeatedKeys } = report;
  return JSON.stringify({
    seed: SEED,
    killsBy,
    killsInRecovery,
    missedPoints,
    checksAfterRestart,
    repeatedKeys,
    ...totals,
    entries: entriesOf(report),
    recoveryMs: spreadOf(report.recoveriesMs),
    busyRecoveryMs: spreadOf(report.busyRecoveriesMs),
  });
}

function spreadOf(times: readonly number[]): object {
  const sorted = [...times].sort((a, b) => a - b);
  return { count: sorted.length, median: sorted[sorted.length >> 1], slowest: sorted.at(-1) };
}

function entriesOf({ final }: RoundReport): number {
  return final.reduce((sum, back) => sum + back.entries, 0);
}

describe("kill -9 of the server, alone or with its database", () => {
  it(
    `loses and doubles no acknowledged line and no keyed request in ${KILLS} kills, and is back within 5 s each time`,
    { timeout: timeoutFor(KILLS) },
    async ({ annotate }) => {
      site = await openCrashSite(await privateFolder());
      const report = await runRounds({ site, kills: KILLS, seed: SEED, projects: 4, env: {} });
      await annotate(summary(report));
      await keepOutput("embedded", report);
      assertNothingLost(report);
      expect(await objectsOf(site.dataDirectory, report.final)).toEqual({
        wal: [],
        spool: [],
        quarantine: [],
        unreferenced: [],
        missing: [],
        entries: entriesOf(report),
      });
    },
  );

  it(
    `holds with objects in an S3 store, where ${S3_KILLS} kills leave one version of each and nothing beside`,
    { timeout: timeoutFor(S3_KILLS) },
    async ({ annotate }) => {
      const s3 = await startStrictS3Server();
      try {
        site = await openCrashSite(await privateFolder());
        const env = {
          O3_ENDPOINT: s3.endpoint,
          O3_BUCKET: s3.bucket,
          O3_REGION: s3.region,
          O3_ACCESS_KEY_ID: s3.accessKeyId,
          O3_SECRET_ACCESS_KEY: s3.secretAccessKey,
        };
        const report = await runRounds({ site, kills: S3_KILLS, seed: SEED, projects: 3, env });
        await annotate(summary(report));
        await keepOutput("s3", report);
        assertNothingLost(report);
        const stored = s3.keys().filter((key) => key.endsWith(".ndjson.zst"));
        const referenced = new Set(report.final.flatMap(({ keys }) => [...keys]));
        expect(new Set(stored)).toEqual(referenced);
        expect(stored.filter((key) => s3.versionCount(key) !== 1)).toEqual([]);
      } finally {
        await s3.close();
      }
    },
  );

  it(
    "holds for a clone below a folder that only its owner may enter",
    { timeout: timeoutFor(CLONE_KILLS) },
    async ({ annotate }) => {
      const folder = await privateFolder();
      try {
        site = await openCrashSite(path.join(folder, "data"), () => cloneInto(folder));
        const report = await runRounds({ site, kills: CLONE_KILLS, seed: SEED, projects: 2, env: {} });
        await annotate(summary(report));
        await keepOutput("clone", report);
        assertNothingLost(report);
      } finally {
        await site?.killDatabase();
        await site?.remove();
        site = null;
        await rm(folder, { recursive: true, force: true });
      }
    },
  );
});
