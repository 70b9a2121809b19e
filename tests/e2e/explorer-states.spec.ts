import type { Page } from "@playwright/test";
import {
  ACCOUNT,
  ask,
  expect,
  expectAccessible,
  logsOf,
  rowsOf,
  statusOf,
  test,
} from "#tests/e2e/explorer-fixtures.ts";
import type { TestProject } from "#tests/support/api-client.ts";

let shop: TestProject;

test.beforeAll(async ({ workspace }) => {
  shop = await workspace.projectWith(
    "states",
    Array.from({ length: 20 }, (_, index) => ({ service: "web", message: `line ${index}` })),
  );
});

const OUTAGE = {
  status: 503,
  contentType: "application/problem+json",
  body: JSON.stringify({ title: "Database unavailable", status: 503, detail: "The metadata index did not answer." }),
};

function entry(id: number): string {
  return `${JSON.stringify({
    entry: {
      timestamp: "2026-01-02T10:00:00.000Z",
      service: "web",
      level: "info",
      message: `reached ${id}`,
      tags: {},
      ref: { id: String(id), batch: null, key: null },
    },
  })}\n`;
}

function end(complete: boolean, reason?: string): string {
  const batches = { total: 4, skipped: 1, scanned: 2 };
  return `${JSON.stringify({ end: { complete, matched: 2, cursor: null, elapsedMs: 5, batches, reason } })}\n`;
}

test("an error in histogram or facets leaves the rows, and each can be tried again", async ({
  page,
  consoleErrors,
}) => {
  await page.route("**/histogram?*", (route) => route.fulfill(OUTAGE));
  await page.route("**/facets?*", (route) => route.fulfill(OUTAGE));
  await page.goto(logsOf(shop));
  await expect(rowsOf(page)).toHaveCount(20);
  await expect(page.getByText("The counts could not be read: The metadata index did not answer.")).toBeVisible();
  await expect(page.getByText("The values could not be counted: The metadata index did not answer.")).toBeVisible();
  await expectAccessible(page);
  await page.unrouteAll();
  await page.getByRole("region", { name: "Lines over time" }).getByRole("button", { name: "Retry" }).click();
  await page.getByRole("complementary", { name: "Filters" }).getByRole("button", { name: "Retry" }).click();
  await expect(page.getByRole("region", { name: "Lines over time" })).toContainText("20 lines");
  await expect(page.getByRole("button", { name: /^web/ })).toBeVisible();
  await expect(rowsOf(page)).toHaveCount(20);
  // The browser itself reports the answers' status.
  for (const error of consoleErrors.splice(0)) expect(error).toContain("503");
});

test("a question that is not answered says so and is asked again", async ({ page, consoleErrors }) => {
  await page.route("**/query?*", (route) => route.fulfill(OUTAGE));
  await page.goto(logsOf(shop));
  await expect(page.getByRole("alert")).toContainText("Database unavailable");
  await expect(page.getByText("Partial:")).toBeHidden();
  await page.unrouteAll();
  await page.getByRole("alert").getByRole("button", { name: "Retry" }).click();
  await expect(rowsOf(page)).toHaveCount(20);
  for (const error of consoleErrors.splice(0)) expect(error).toContain("503");
});

test("what could not be reached is told, and what could is shown", async ({ page }) => {
  await page.route("**/query?*", (route) =>
    route.fulfill({ contentType: "application/x-ndjson", body: entry(1) + entry(2) + end(false, "unreachable") }),
  );
  await page.goto(logsOf(shop));
  await expect(rowsOf(page)).toHaveCount(2);
  await expect(statusOf(page)).toContainText("Partial: 2 lines. Part of the store could not be reached");
});

test("a stream that is cut off keeps its rows, and goes on without showing one twice", async ({ page }) => {
  await page.route("**/query?*", (route) =>
    route.fulfill({ contentType: "application/x-ndjson", body: entry(1) + entry(2) }),
  );
  await page.goto(logsOf(shop));
  await expect(rowsOf(page)).toHaveCount(2);
  await expect(statusOf(page)).toContainText("Partial: 2 lines.");
  await page.unrouteAll();
  await page.route("**/query?*", (route) =>
    route.fulfill({ contentType: "application/x-ndjson", body: entry(1) + entry(2) + entry(3) + end(true) }),
  );
  await page.getByRole("button", { name: "Retry" }).click();
  await expect(statusOf(page)).toContainText("3 lines, all there are");
  await expect(rowsOf(page)).toHaveCount(3);
});

/** answerSlowly has searches begin with `head` and then say nothing for long. */
async function answerSlowly(page: Page, head: string): Promise<void> {
  await page.addInitScript((text) => {
    const real = window.fetch;
    window.fetch = (input, init) => {
      if (typeof input !== "string" || !input.startsWith("/query")) return real(input, init);
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new TextEncoder().encode(text)),
      });
      return Promise.resolve(new Response(body, { headers: { "content-type": "application/x-ndjson" } }));
    };
  }, head);
}

const PROGRESS = '{"progress":{"batchesTotal":40,"batchesDone":12,"bytesScanned":73400320,"matched":2}}\n';

test("stop keeps what is there and says that it is not all", async ({ page }) => {
  await answerSlowly(page, entry(1) + entry(2) + PROGRESS);
  await page.goto(logsOf(shop));
  await expect(statusOf(page)).toContainText("2 lines so far: 12 of 40 batches, 70 MiB read");
  await page.getByRole("button", { name: "Stop" }).click();
  await expect(statusOf(page)).toContainText("Partial: 2 lines. You stopped the search.");
  await expect(rowsOf(page)).toHaveCount(2);
  await expect(page.getByRole("button", { name: "Go on" })).toBeVisible();
});

test("a search that is stopped before its first line says so where the lines would be", async ({ page }) => {
  await answerSlowly(page, PROGRESS);
  await page.goto(logsOf(shop));
  await expect(statusOf(page)).toContainText("Searching: 12 of 40 batches");
  await page.getByRole("button", { name: "Stop" }).click();
  await expect(page.getByRole("heading", { name: "Stopped before the first line" })).toBeVisible();
  await expectAccessible(page);
});

test("whoever was signed out meanwhile signs in again and is back", async ({ page, context, consoleErrors }) => {
  await page.goto(logsOf(shop, { query: "line" }));
  await expect(rowsOf(page)).toHaveCount(20);
  await context.clearCookies();
  await page.getByRole("button", { name: "Run" }).click();
  await expect(page.getByRole("alert")).toContainText("You are signed out");
  await page.getByRole("link", { name: "Sign in again" }).click();
  await page.getByLabel("E-mail").fill(ACCOUNT.email);
  await page.getByLabel("Password").fill(ACCOUNT.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(/\/logs\?query=line/);
  await expect(rowsOf(page)).toHaveCount(20);
  for (const error of consoleErrors.splice(0)) expect(error).toContain("401");
});

test("rows do not wait for the counts", async ({ page }) => {
  const release: (() => void)[] = [];
  await page.route(/\/(histogram|facets)\?/, async (route) => {
    await new Promise<void>((resolve) => release.push(resolve));
    await route.continue();
  });
  await page.goto(logsOf(shop));
  await expect(rowsOf(page)).toHaveCount(20);
  const before = await rowsOf(page).first().boundingBox();
  await ask(page, "line");
  await expect(statusOf(page)).toContainText("20 lines");
  for (const go of release) go();
  await page.unrouteAll({ behavior: "wait" });
  await ask(page, "");
  await expect(page.getByRole("region", { name: "Lines over time" })).toContainText("20 lines");
  await expect(page.getByRole("button", { name: /^web/ })).toBeVisible();
  expect(await rowsOf(page).first().boundingBox()).toEqual(before);
});

test("counts that arrive in the middle of a drag do not take it away", async ({ page }) => {
  await page.goto(`${logsOf(shop)}?from=now-12h&to=now`);
  const bars = page.getByRole("slider", { name: /Lines over time/ });
  await expect(bars.locator("rect.fill-level-unknown").first()).toBeVisible();
  let release = () => {};
  await page.route("**/histogram?*", async (route) => {
    await new Promise<void>((resolve) => (release = resolve));
    await route.continue();
  });
  await page.getByRole("button", { name: /Time range/ }).click();
  await page.getByLabel("Type a time range").fill("-1m");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/from=now-1m/);
  await expect(statusOf(page)).toContainText("20 lines");
  const box = await bars.boundingBox();
  if (box === null) throw new Error("the histogram has no place");
  await page.mouse.move(box.x + box.width * 0.9, box.y + 20);
  await page.mouse.down();
  const counted = page.waitForResponse(/\/histogram\?/);
  release();
  await (await counted).finished();
  await page.mouse.move(box.x + box.width * 0.99, box.y + 20, { steps: 5 });
  await page.mouse.up();
  await expect(page).toHaveURL(/from=\d{4}-/);
});
