import { defineConfig } from "@playwright/test";
import { findChromium } from "#tests/e2e/find-chromium.ts";

const executablePath = findChromium();
const SPEED = "explorer-speed.spec.ts";

export default defineConfig({
  testDir: "tests/e2e",
  outputDir: "test-results",
  globalSetup: "./tests/e2e/require-chromium.ts",
  // Each worker has a server of its own, and two are what a small machine carries.
  workers: 2,
  projects: [
    { name: "pages", testIgnore: SPEED },
    // What is timed runs alone.
    { name: "speed", testMatch: SPEED, dependencies: ["pages"], retries: 3 },
  ],
  // A walk that needed a second try is listed as flaky.
  retries: process.env.CI === undefined ? 0 : 1,
  forbidOnly: process.env.CI !== undefined,
  timeout: 120_000,
  // On a busy machine a page takes long; nothing here is timed but by its own test.
  expect: { timeout: 20_000 },
  reporter: [["list"]],
  use: {
    trace: "retain-on-failure",
    launchOptions: {
      ...(executablePath === undefined ? {} : { executablePath }),
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    },
  },
});
