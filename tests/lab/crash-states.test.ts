import { describe, expect, it } from "vitest";
import { seededRandom, seedOf } from "#tests/support/seeded-random.ts";
import { crashStates, recover } from "#tests/support/crash-states.ts";
import { recordWorkload, type Snapshot } from "#tests/support/crash-workload.ts";

/** `CRASH_STATES=200000` in the long tier. `CRASH_SEED` begins with one certain workload. */
const STATES = Number(process.env["CRASH_STATES"] ?? 10_000);
const SEED = seedOf("CRASH_SEED");
/**
 * Few recoveries are crashed again, since each has as many moments as the workload before it; more of those after a mere
 * kill, where what the first process had not synced can still be lost.
 */
const SECOND_CRASH_SHARE = { killed: 0.05, cut: 0.005 };
const SECOND_MOMENT_SHARE = 0.3;

interface Tally {
  states: number;
  afterSecondCrash: number;
  wrong: string[];
}

/** Runs one workload and recovers from every crash of it, and of some of the recoveries. */
async function crashWorkload(seed: number, tally: Tally): Promise<void> {
  const random = seededRandom(seed);
  const moments: { snapshot: Snapshot; life: number }[] = [];
  for (const snapshot of await recordWorkload(random)) moments.push({ snapshot, life: 2 });
  for (let moment = moments.shift(); moment !== undefined; moment = moments.shift()) {
    for (const state of crashStates(moment.snapshot, random)) {
      if (tally.states++ >= STATES || tally.wrong.length > 0) return;
      const isCrashedAgain =
        moment.life === 2 && random() < SECOND_CRASH_SHARE[state.fates === "killed" ? "killed" : "cut"];
      const { wrong, snapshots } = await recover(state, moment.life, isCrashedAgain);
      tally.wrong.push(...wrong.map((text) => `${text} [workload ${seed}]`));
      if (moment.life === 3) tally.afterSecondCrash++;
      for (const snapshot of snapshots) if (random() < SECOND_MOMENT_SHARE) moments.push({ snapshot, life: 3 });
    }
  }
}

describe("every disk that a crash can leave", () => {
  it(
    `keeps acknowledged lines once, over ${STATES} of them`,
    { timeout: 120_000 + STATES * 60 },
    async ({ annotate }) => {
      const tally: Tally = { states: 0, afterSecondCrash: 0, wrong: [] };
      let workloads = 0;
      while (tally.states < STATES && tally.wrong.length === 0) await crashWorkload(SEED + workloads++, tally);
      await annotate(
        JSON.stringify({ seed: SEED, workloads, states: tally.states, afterSecondCrash: tally.afterSecondCrash }),
      );
      expect(tally.wrong).toEqual([]);
    },
  );
});
