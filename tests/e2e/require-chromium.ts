import { findChromium } from "#tests/e2e/find-chromium.ts";

/** Stops the run before its first test; without this each test fails by itself with a page of advice. */
export default function requireChromium(): void {
  if (findChromium() !== undefined) return;
  const error = new Error(
    "cannot run the browser tests: there is no Chromium. Install it (on Debian: apt-get install -y chromium), " +
      "or run npx playwright install chromium, or name one with CHROMIUM_PATH.",
  );
  // The remedy is the message; where it was thrown helps nobody.
  error.stack = error.message;
  throw error;
}
