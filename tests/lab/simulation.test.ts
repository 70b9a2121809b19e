import { expect, it } from "vitest";
import { simulate, type SimulationOutcome } from "#tests/support/simulation.ts";
import { seedOf } from "#tests/support/seeded-random.ts";

/** `SIMULATIONS=1000000` in the long tier; `SIMULATION_SEED` begins with one certain run. */
const RUNS = Number(process.env["SIMULATIONS"] ?? 2_000);
const SEED = seedOf("SIMULATION_SEED");

it(
  `in ${RUNS} runs of processes that share a catalog and a store nothing is lost, doubled or left over`,
  { timeout: 120_000 + RUNS * 400 },
  async ({ annotate }) => {
    const wrong: string[] = [];
    const totals: Record<string, number> = {};
    let run = 0;
    for (; run < RUNS && wrong.length === 0; run++) {
      const { wrong: found, ...counts } = await simulate(SEED + run);
      wrong.push(...found.slice(0, 20));
      addTo(totals, counts);
    }
    await annotate(JSON.stringify({ seed: SEED, runs: run, ...totals }));
    expect(wrong).toEqual([]);
    // Runs in which little happened would prove little.
    const often: (keyof SimulationOutcome)[] = ["kills", "killsBetweenCalls", "compactedRows", "expiredRequests"];
    for (const name of often)
      expect([name, totals[name]]).toEqual([name, expect.toSatisfy((n: number) => n > RUNS / 4)]);
    expect(totals["takeovers"]).toBeGreaterThan(RUNS / 50);
  },
);

function addTo(totals: Record<string, number>, counts: Record<string, number>): void {
  for (const [name, count] of Object.entries(counts)) totals[name] = (totals[name] ?? 0) + count;
}
