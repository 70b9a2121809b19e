import { setTimeout as sleep } from "node:timers/promises";
import { isMachineBusy } from "#tests/support/busy-machine.ts";
import { CRASH_POINTS, planKills, type PlannedKill } from "#tests/support/crash-points.ts";
import type { CrashProcess, CrashSite } from "#tests/support/crash-process.ts";
import { seededRandom } from "#tests/support/seeded-random.ts";
import { readBack, type Readback } from "#tests/support/crash-readback.ts";
import { CrashTraffic, type TrafficProject } from "#tests/support/crash-traffic.ts";

export interface RoundOptions {
  site: CrashSite;
  kills: number;
  seed: number;
  projects: number;
  /** Beside what the rounds need themselves. */
  env: Record<string, string>;
}

export interface RoundReport {
  killsBy: Record<string, number>;
  /** Points that were not passed in time; the server was killed from outside then. */
  missedPoints: number;
  /** Kills before the server was ready: it died again while it recovered. */
  killsInRecovery: number;
  failedStarts: string[];
  recoveriesMs: number[];
  /** Those while the machine had too much else to do. */
  busyRecoveriesMs: number[];
  surprises: string[];
  /** Reads of one project's last round right after a restart. */
  checksAfterRestart: number;
  wrongAfterRestart: string[];
  /** Keyed requests that were sent once more after a restart and answered as the first time. */
  repeatedKeys: number;
  totals: Record<"acknowledged" | "unknown" | "unknownStored", number>;
  final: Readback[];
  /** The server's output of all its lives. */
  output: string;
}

const BATCHES = { BATCH_MAX_AGE_MS: "300", BATCH_MAX_ENTRIES: "150" };
const START_TIMEOUT_MS = 60_000;
const MAX_ROUND_MS = 4_000;
const WRITERS_PER_PROJECT = 2;
/** After some restarts the lines of the round before are asked for at once, while they are on their way to the store. */
const CHECK_SHARE = 0.5;

/** runRounds lets several projects write while the server dies and comes back over the same data, then reads all of it back. */
export async function runRounds({ site, kills, seed, projects, env }: RoundOptions): Promise<RoundReport> {
  const random = seededRandom(seed);
  const report = emptyReport();
  const serverEnv = { ...BATCHES, ...env };
  const first = await startWhole(site, serverEnv, report);
  const written = await createProjects(site, projects);
  await stopClean(first, report);

  let onAcknowledged: () => void = ignore;
  const writers = written.flatMap((project) =>
    Array.from({ length: WRITERS_PER_PROJECT }, (_, i) => {
      const writerRandom = seededRandom(Math.floor(random() * 2 ** 32));
      return new CrashTraffic(`w${i}`, {
        url: site.url,
        project,
        random: writerRandom,
        onAcknowledged: () => onAcknowledged(),
      });
    }),
  );
  for (const writer of writers) writer.start();

  for (const [round, kill] of planKills(kills, random).entries()) {
    for (const writer of writers) writer.enterRound(round);
    const life = site.start({ ...serverEnv, ...crashEnv(kill) });
    const readyMs = await life.ready(START_TIMEOUT_MS);
    if (readyMs === null) report.killsInRecovery++;
    else {
      (isMachineBusy() ? report.busyRecoveriesMs : report.recoveriesMs).push(Math.round(readyMs));
      await dieAs(life, kill, random() < CHECK_SHARE ? round : null);
    }
    await killRest(life, site, kill);
    report.output += life.output();
    report.killsBy[kill.at] = (report.killsBy[kill.at] ?? 0) + 1;
    const isOwnDoing = life.child.signalCode === "SIGKILL";
    if (!isOwnDoing) report.failedStarts.push(`${kill.at}: it ended by itself\n${life.output().slice(-3_000)}`);
  }

  const last = await startWhole(site, serverEnv, report);
  await Promise.all(writers.map((writer) => writer.stop()));
  report.surprises.push(...writers.flatMap(({ surprises }) => surprises));
  await stopClean(last, report);
  const reader = await startWhole(site, serverEnv, report);
  for (const project of written) report.final.push(await readBack(site.url, project));
  for (const { acknowledged, unknown, unknownStored } of report.final) {
    report.totals.acknowledged += acknowledged;
    report.totals.unknown += unknown;
    report.totals.unknownStored += unknownStored;
  }
  await stopClean(reader, report);
  return report;

  /** Lets the server work until it dies of its point, of an answer, or of the clock. */
  async function dieAs(life: CrashProcess, { at, hit }: PlannedKill, checkedRound: number | null): Promise<void> {
    await checkAfterRestart(life, checkedRound);
    life.child.kill("SIGUSR2");
    let answersLeft = hit;
    if (at === "after ack") {
      onAcknowledged = () => {
        if (--answersLeft === 0) life.child.kill("SIGKILL");
      };
    }
    const timeout = sleep(at === "random" ? hit : MAX_ROUND_MS).then(() => "not yet");
    if ((await Promise.race([life.ended, timeout])) === "not yet" && at !== "random") report.missedPoints++;
    onAcknowledged = ignore;
    life.child.kill("SIGKILL");
  }

  /** What was acknowledged before the restart is there at once; keys sent again are answered as before. */
  async function checkAfterRestart(life: CrashProcess, round: number | null): Promise<void> {
    for (const repeated of await Promise.all(writers.map((writer) => writer.repeatKeys())))
      report.repeatedKeys += repeated;
    if (round === null || round === 0) return;
    for (const project of written) {
      const where = `round ${round}, ${project.slug}`;
      try {
        const { lost, twice, foreign } = await readBack(site.url, project, `round-${round - 1}`);
        const wrong = lost.length + twice.length + foreign.length;
        if (wrong > 0) report.wrongAfterRestart.push(`${where}: ${JSON.stringify({ lost, twice, foreign })}`);
        report.checksAfterRestart++;
      } catch (error) {
        // The server died while it answered.
        if (await hasEndedSoon(life)) return;
        report.wrongAfterRestart.push(`${where}: ${String(error)}`);
      }
    }
  }
}

function ignore(): void {
  // Nobody waits for an answer.
}

async function hasEndedSoon(life: CrashProcess): Promise<boolean> {
  return await Promise.race([life.ended.then(() => true), sleep(500).then(() => false)]);
}

function emptyReport(): RoundReport {
  return {
    killsBy: {},
    missedPoints: 0,
    killsInRecovery: 0,
    failedStarts: [],
    recoveriesMs: [],
    busyRecoveriesMs: [],
    surprises: [],
    checksAfterRestart: 0,
    wrongAfterRestart: [],
    repeatedKeys: 0,
    totals: { acknowledged: 0, unknown: 0, unknownStored: 0 },
    final: [],
    output: "",
  };
}

function crashEnv({ at, hit, isInRecovery }: PlannedKill): Record<string, string> {
  if (!(CRASH_POINTS as readonly string[]).includes(at)) return {};
  return { CRASH_POINT: `${at}:${hit}`, CRASH_ARMED: isInRecovery ? "at once" : "later" };
}

/** Kills what of the server is still alive. */
async function killRest(life: CrashProcess, site: CrashSite, { database }: PlannedKill): Promise<void> {
  if (database === "dies before") await site.killDatabase();
  life.child.kill("SIGKILL");
  await life.ended;
  if (database === "dies after") await site.killDatabase();
}

/** Starts without a crash point; a server that does not come up is recorded and tried again. */
async function startWhole(site: CrashSite, env: Record<string, string>, report: RoundReport): Promise<CrashProcess> {
  for (let attempt = 1; ; attempt++) {
    const life = site.start(env);
    if ((await life.ready(START_TIMEOUT_MS)) !== null) return life;
    report.failedStarts.push(life.output().slice(-3_000));
    if (attempt === 3) throw new Error(`the server does not start any more:\n${life.output().slice(-3_000)}`);
  }
}

async function stopClean(alive: CrashProcess, report: RoundReport): Promise<void> {
  alive.child.kill("SIGTERM");
  const how = await alive.ended;
  report.output += alive.output();
  if (how !== "0") report.surprises.push(`SIGTERM ended with ${how}:\n${alive.output().slice(-2_000)}`);
}

async function createProjects(site: CrashSite, count: number): Promise<TrafficProject[]> {
  const token = await site.adminToken();
  const projects: TrafficProject[] = [];
  for (let i = 0; i < count; i++) {
    const answer = await fetch(`${site.url}/projects`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ name: `crash ${i}` }),
    });
    const { project, apiKey } = (await answer.json()) as {
      project: { id: string; slug: string };
      apiKey: { key: string };
    };
    projects.push({ id: project.id, slug: project.slug, apiKey: apiKey.key, requests: new Map() });
  }
  return projects;
}
