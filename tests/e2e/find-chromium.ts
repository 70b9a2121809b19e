import { existsSync } from "node:fs";
import { chromium } from "@playwright/test";

/** findChromium returns the browser named by CHROMIUM_PATH, else the system's, else Playwright's own, else nothing. */
export function findChromium(): string | undefined {
  return [process.env.CHROMIUM_PATH, "/usr/bin/chromium", chromium.executablePath()].find(
    (candidate) => candidate !== undefined && candidate !== "" && existsSync(candidate),
  );
}
