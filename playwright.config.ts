import { existsSync } from "node:fs";
import { chromium, defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "tests/e2e",
  outputDir: "test-results",
  // One server serves all tests of a file; the machine that runs them is small.
  workers: 1,
  retries: 0,
  forbidOnly: process.env.CI !== undefined,
  timeout: 30_000,
  reporter: [["list"]],
  use: {
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: chromiumPath(),
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    },
  },
});

/** Chromium is the one named by CHROMIUM_PATH, else the system's, else Playwright's own. */
function chromiumPath(): string {
  const found = [process.env.CHROMIUM_PATH, "/usr/bin/chromium", chromium.executablePath()].find(
    (candidate) => candidate !== undefined && candidate !== "" && existsSync(candidate),
  );
  if (found === undefined) {
    throw new Error(
      "cannot run the browser tests: there is no Chromium. Install it (on Debian: apt-get install -y chromium), " +
        "or run npx playwright install chromium, or name one with CHROMIUM_PATH.",
    );
  }
  return found;
}
