import { existsSync } from "node:fs";
import { defineConfig } from "vitest/config";

/** Property tests begin at the commit's seed too. */
const setupFiles = ["tests/support/property-seed.ts"];

/** Starts one PostgreSQL for all tests that need a real one. */
const postgresSetup = ["tests/support/postgres-global-setup.ts"].filter((file) => existsSync(file));

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["app/**/*.test.{ts,tsx}"],
          environment: "node",
          setupFiles,
          // Nothing here waits; a busy machine only takes longer.
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "integration",
          include: ["tests/integration/**/*.test.ts"],
          environment: "node",
          setupFiles,
          globalSetup: postgresSetup,
          // A busy machine takes several times as long; what is timed is timed by the test itself.
          testTimeout: 90_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          // Whole worlds in memory: no server, no database, no time of day. Their counts are what takes long.
          name: "lab",
          include: ["tests/lab/**/*.test.ts"],
          environment: "node",
          setupFiles,
          testTimeout: 600_000,
        },
      },
      {
        test: {
          // Only by `npm run soak`.
          name: "soak",
          include: ["tests/soak/**/*.test.ts"],
          environment: "node",
          setupFiles,
          globalSetup: postgresSetup,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "crash",
          include: ["tests/crash/**/*.test.ts"],
          // Recovery is timed, so nothing else may run beside it.
          poolOptions: { forks: { singleFork: true } },
          environment: "node",
          setupFiles,
          globalSetup: postgresSetup,
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
