/** LongRun is one kind of test that can go on for as long as there is time. */
export interface LongRun {
  /** As in `npm run test:long <name>` and in RELIABILITY.md. */
  name: string;
  what: string;
  project: "lab" | "integration" | "crash" | "soak";
  file: string;
  /** The variable that says how much, how much a piece does, and how much is wanted over all time. */
  count: { variable: string; piece: number; wanted: number };
  seed?: string;
}

/** A piece takes a few minutes at most, so that a run can end at any time without losing what it has shown. */
export const LONG_RUNS: readonly LongRun[] = [
  {
    name: "kills",
    what: "kill -9 of the whole server, acknowledged lines counted",
    project: "crash",
    file: "tests/crash/kill-9.test.ts",
    count: { variable: "CRASH_KILLS", piece: 40, wanted: 1_000 },
    seed: "CRASH_SEED",
  },
  {
    name: "crash-states",
    what: "disks that a crash can leave",
    project: "lab",
    file: "tests/lab/crash-states.test.ts",
    count: { variable: "CRASH_STATES", piece: 40_000, wanted: 200_000 },
    seed: "CRASH_SEED",
  },
  {
    name: "wal-corruption",
    what: "damaged WALs",
    project: "lab",
    file: "tests/lab/wal-corruption.test.ts",
    count: { variable: "WAL_CORRUPTIONS", piece: 250_000, wanted: 500_000 },
    seed: "WAL_SEED",
  },
  {
    name: "store-faults",
    what: "objects put, expired and swept through seventeen kinds of faults",
    project: "integration",
    file: "tests/integration/o3/store-faults.test.ts",
    count: { variable: "STORE_FAULTS", piece: 1_000, wanted: 50_000 },
    seed: "STORE_SEED",
  },
  {
    name: "database-faults",
    what: "faults of the database while lines come in",
    project: "integration",
    file: "tests/integration/catalog/database-faults.test.ts",
    count: { variable: "DATABASE_FAULTS", piece: 100, wanted: 300 },
  },
  {
    name: "simulation",
    what: "seeded runs of 2-3 processes that share a catalog and a store",
    project: "lab",
    file: "tests/lab/simulation.test.ts",
    count: { variable: "SIMULATIONS", piece: 5_000, wanted: 1_000_000 },
    seed: "SIMULATION_SEED",
  },
  {
    name: "fuzz-formats",
    what: "mutated queries, WAL payloads, object headers and tails, cursors (of each)",
    project: "lab",
    file: "tests/lab/formats.fuzz.test.ts",
    count: { variable: "FUZZ_INPUTS", piece: 300_000, wanted: 10_000_000 },
    seed: "FUZZ_FROM",
  },
  {
    name: "fuzz-decoders",
    what: "mutated bodies of every wire format (of each)",
    project: "lab",
    file: "tests/lab/decoders.fuzz.test.ts",
    count: { variable: "FUZZ_INPUTS", piece: 60_000, wanted: 10_000_000 },
    seed: "FUZZ_FROM",
  },
  {
    name: "restarts",
    what: "rolling restarts of two processes under load",
    project: "crash",
    file: "tests/crash/rolling-restart.test.ts",
    count: { variable: "RESTARTS", piece: 20, wanted: 1_000 },
    seed: "RESTART_SEED",
  },
  {
    name: "overload",
    what: "seconds of ten times overload",
    project: "crash",
    file: "tests/crash/overload.test.ts",
    count: { variable: "OVERLOAD_S", piece: 120, wanted: 3_600 },
  },
  {
    name: "soak",
    what: "seconds at 2,000 lines/s with a fault every 10 s",
    project: "soak",
    file: "tests/soak/soak.test.ts",
    count: { variable: "SOAK_S", piece: 900, wanted: 86_400 },
  },
];
