import { existsSync } from "node:fs";
import { defineConfig } from "vitest/config";

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
        },
      },
      {
        test: {
          name: "integration",
          include: ["tests/integration/**/*.test.ts"],
          environment: "node",
          globalSetup: postgresSetup,
          testTimeout: 30_000,
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
          globalSetup: postgresSetup,
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
