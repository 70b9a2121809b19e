import { describe, expect, it } from "vitest";
import { crashStates, recover } from "#tests/support/crash-states.ts";
import { seededRandom } from "#tests/support/crash-random.ts";
import { recordWorkload, type Snapshot } from "#tests/support/crash-workload.ts";

/** `CRASH_STATES=200000` in the long tier. */
const STATES = Number(process.env["CRASH_STATES"] ?? 10_000);
const SEED = Number(process.env["CRASH_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
/** Of the moments of a recovery, few are crashed again: each has a whole workload's states before it. */
const SECOND_CRASH_SHARE = 0.02;

describe("every disk that a crash can leave", () => {
  it(
    `keeps acknowledged lines once, over ${STATES} states of the disk`,
    { timeout: 60_000 + STATES * 20 },
    async ({ annotate }) => {
      const random = seededRandom(SEED);
      const wrong: string[] = [];
      let states = 0;
      let twiceCrashed = 0;
      let workloads = 0;
      while (states < STATES && wrong.length === 0) {
        workloads++;
        const moments: { snapshot: Snapshot; life: number }[] = (await recordWorkload(random)).map((snapshot) => ({
          snapshot,
          life: 2,
        }));
        for (let moment = moments.shift(); moment !== undefined; moment = moments.shift()) {
          for (const state of crashStates(moment.snapshot, random)) {
            states++;
            const { life } = moment;
            const recovered = await recover(state, life);
            wrong.push(...recovered.wrong);
            if (life > 2) twiceCrashed++;
            else if (random() < SECOND_CRASH_SHARE) {
              for (const snapshot of recovered.snapshots) if (random() < 0.3) moments.push({ snapshot, life: 3 });
            }
          }
          if (states >= STATES || wrong.length > 20) break;
        }
      }
      await annotate(JSON.stringify({ seed: SEED, states, twiceCrashed, workloads }));
      expect({ seed: SEED, wrong: wrong.slice(0, 20) }).toEqual({ seed: SEED, wrong: [] });
    },
  );
});
