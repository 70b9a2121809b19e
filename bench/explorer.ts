import { gzipSync } from "node:zlib";
import { chromium, type Page } from "@playwright/test";
import { startBenchServer } from "#bench/bench-server.ts";
import { sendAll, waitForCommit } from "#bench/ingest.ts";
import { findChromium } from "#tests/e2e/find-chromium.ts";

/** ExplorerResult are the figures of one run in Chromium, at 1280x720. */
export interface ExplorerResult {
  /** From pressing Enter to the first row of the answer in the document, one for each search, ascending. */
  firstRowMs: number[];
  loadedRows: number;
  /** Time between two frames while the loaded rows are scrolled through, ascending. */
  frameMs: number[];
  /** All scripts of the page, gzipped. */
  scriptBytes: number;
}

const ACCOUNT = { email: "bench@example.org", password: "a password of the bench" };
const SEARCHES = 15;
const SCROLLED_FRAMES = 400;

/** benchExplorer searches and scrolls through the lines as a person does. `services` are names that stand in them. */
export async function benchExplorer(
  bodies: readonly Buffer[],
  services: readonly string[],
  rows: number,
): Promise<ExplorerResult> {
  const server = await startBenchServer([], {
    AKAVELOG_ADMIN_EMAIL: ACCOUNT.email,
    AKAVELOG_ADMIN_PASSWORD: ACCOUNT.password,
  });
  const executablePath = findChromium();
  const browser = await chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  try {
    await sendAll(server, bodies, []);
    await waitForCommit(server);
    const page = await browser.newPage({ baseURL: server.url, viewport: { width: 1280, height: 720 } });
    const scriptSizes: Promise<number>[] = [];
    page.on("response", (response) => {
      if (!new URL(response.url()).pathname.endsWith(".js")) return;
      scriptSizes.push(response.body().then((body) => gzipSync(body).length));
    });
    await page.goto("/login");
    await page.getByLabel("E-mail").fill(ACCOUNT.email);
    await page.getByLabel("Password").fill(ACCOUNT.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL((url) => url.pathname !== "/login");
    scriptSizes.length = 0;
    await page.goto("/p/bench/logs?from=now-7d", { waitUntil: "networkidle" });
    const firstRowMs: number[] = [];
    for (let turn = 0; turn < SEARCHES; turn++) {
      firstRowMs.push(await timeFirstRow(page, services[turn % services.length] ?? ""));
    }
    await ask(page, "");
    const loadedRows = await loadRows(page, rows);
    const frameMs = await scroll(page);
    const sizes = await Promise.all(scriptSizes);
    return {
      firstRowMs: ascending(firstRowMs),
      loadedRows,
      frameMs: ascending(frameMs),
      scriptBytes: sizes.reduce((sum, size) => sum + size, 0),
    };
  } finally {
    await browser.close();
    await server.stop();
  }
}

async function ask(page: Page, query: string): Promise<void> {
  await page.getByRole("textbox", { name: "Query" }).fill(query);
  await page.keyboard.press("Enter");
}

/** Neighbouring searches are for different services, so the first row that names the one asked for is the answer's. */
async function timeFirstRow(page: Page, service: string): Promise<number> {
  await page.getByRole("textbox", { name: "Query" }).fill(`service:"${service}"`);
  await page.evaluate((wanted) => {
    const firstRow = new Promise<number>((resolve) => {
      let startedAtMs = 0;
      document.addEventListener("keydown", () => (startedAtMs = performance.now()), { capture: true, once: true });
      const observer = new MutationObserver(() => {
        const row = document.querySelector("[role=grid][aria-busy=false] [data-index]");
        if (startedAtMs === 0 || row?.textContent?.includes(wanted) !== true) return;
        observer.disconnect();
        resolve(performance.now() - startedAtMs);
      });
      observer.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
    });
    Object.assign(window, { firstRow });
  }, service);
  await page.keyboard.press("Enter");
  return await page.evaluate(() => (window as unknown as { firstRow: Promise<number> }).firstRow);
}

/** Scrolls to the end again and again until so many rows are loaded; returns how many there are. */
async function loadRows(page: Page, wanted: number): Promise<number> {
  const list = page.getByRole("grid", { name: "Log lines" });
  for (;;) {
    const count = Number(await list.getAttribute("aria-rowcount")) - 1;
    if (count >= wanted) return count;
    await list.evaluate(async (element, before) => {
      element.scrollTo(0, element.scrollHeight);
      const startedAtMs = performance.now();
      while (Number(element.ariaRowCount) - 1 === before && performance.now() - startedAtMs < 2_000) {
        await new Promise((resolve) => setTimeout(resolve, 4));
      }
    }, count);
  }
}

/** Scrolls from the first to the last row, by one page and more each frame. */
async function scroll(page: Page): Promise<number[]> {
  const list = page.getByRole("grid", { name: "Log lines" });
  await list.evaluate((element) => element.scrollTo(0, 0));
  await page.waitForTimeout(500);
  // No function of its own in here: the page would lack what the compiler names it with.
  return await list.evaluate(async (element, frames) => {
    const times = [await new Promise<number>(requestAnimationFrame)];
    const step = (element.scrollHeight - element.clientHeight) / frames;
    for (let frame = 1; frame <= frames; frame++) {
      element.scrollTo(0, frame * step);
      times.push(await new Promise<number>(requestAnimationFrame));
    }
    return times.slice(1).map((time, index) => time - (times[index] ?? time));
  }, SCROLLED_FRAMES);
}

function ascending(figures: readonly number[]): number[] {
  return [...figures].sort((a, b) => a - b);
}
