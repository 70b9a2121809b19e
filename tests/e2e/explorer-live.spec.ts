import type { Page } from "@playwright/test";
import { ask, expect, logsOf, rowsOf, statusOf, test } from "#tests/e2e/explorer-fixtures.ts";
import type { TestProject } from "#tests/support/api-client.ts";

let shop: TestProject;

test.beforeAll(async ({ workspace }) => {
  shop = await workspace.projectWith(
    "followed",
    Array.from({ length: 40 }, (_, index) => ({ service: "web", message: `line ${index}` })),
  );
});

const liveOf = (page: Page) => page.getByRole("button", { name: "Live", exact: true });

async function follow(page: Page): Promise<void> {
  await liveOf(page).click();
  await expect(page.getByRole("status").filter({ hasText: /^Live$/ })).toBeVisible();
}

test("live shows lines as they arrive, holds still when paused, and says what waits", async ({ page, workspace }) => {
  const { client } = workspace;
  await page.goto(logsOf(shop));
  await follow(page);
  await client.ingest(shop.key, JSON.stringify({ service: "web", message: "fresh one" }));
  await expect(rowsOf(page).first()).toContainText("fresh one");
  await page.getByRole("button", { name: "Pause" }).click();
  await client.ingest(shop.key, JSON.stringify([{ message: "fresh two" }, { message: "fresh three" }]));
  await page.getByRole("button", { name: "Show 2 lines" }).click();
  await expect(rowsOf(page).first()).toContainText("fresh three");
  await expect(rowsOf(page).nth(1)).toContainText("fresh two");
  await expect(rowsOf(page).filter({ hasText: "fresh one" })).toHaveCount(1);
  // The session is looked at again every two seconds; a follow that is allowed goes on.
  await page.waitForTimeout(3_000);
  await client.ingest(shop.key, JSON.stringify({ message: "fresh four" }));
  await expect(rowsOf(page).first()).toContainText("fresh four");
  await expect(page.getByText("the connection was cut")).toBeHidden();
  await page.reload();
  await expect(liveOf(page)).toHaveAttribute("aria-pressed", "true");
  await ask(page, "level:error");
  await client.ingest(shop.key, JSON.stringify([{ message: "no match" }, { level: "error", message: "match" }]));
  await expect(rowsOf(page).first()).toContainText("match");
  await expect(page.getByText("no match")).toBeHidden();
});

test("a follow leaves out nothing of what came since the search, and its lines stay when it ends", async ({
  page,
  workspace,
}) => {
  const { client } = workspace;
  await page.goto(logsOf(shop));
  await expect(statusOf(page)).toContainText("lines, all there are");
  await client.ingest(shop.key, JSON.stringify({ service: "web", message: "in between" }));
  await follow(page);
  await expect(rowsOf(page).first()).toContainText("in between");
  await client.ingest(shop.key, JSON.stringify({ service: "web", message: "seen live" }));
  await expect(rowsOf(page).first()).toContainText("seen live");
  await liveOf(page).click();
  await expect(liveOf(page)).toHaveAttribute("aria-pressed", "false");
  await expect(statusOf(page)).toContainText("lines, all there are");
  await expect(rowsOf(page).first()).toContainText("seen live");
});

test("a line that is looked at holds the list, and stays the one that is marked", async ({ page, workspace }) => {
  const { client } = workspace;
  await page.goto(logsOf(shop));
  await follow(page);
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  const marked = page.getByRole("row", { selected: true });
  const text = await marked.innerText();
  await expect(page.getByRole("status").filter({ hasText: "Live, paused" })).toBeVisible();
  await client.ingest(shop.key, JSON.stringify([{ message: "above one" }, { message: "above two" }]));
  await page.getByRole("button", { name: "Show 2 lines" }).click();
  await expect(rowsOf(page).first()).toContainText("above two");
  expect(await marked.innerText()).toBe(text);
  await page.keyboard.press("k");
  await expect(page.getByRole("complementary", { name: "Details of the line" })).toContainText("above one");
});

test("following from a time that is over looks at the present", async ({ page }) => {
  await page.goto(logsOf(shop, { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" }));
  await follow(page);
  await expect(page.getByRole("button", { name: "Time range: Last hour" })).toBeVisible();
  await expect(rowsOf(page).first()).toBeVisible();
  await page.getByRole("button", { name: /Time range/ }).click();
  await page.getByRole("button", { name: "Previous range" }).click();
  await expect(page).toHaveURL(/from=2026-01-01/);
});

test("lines that were followed stay and count where the search is not answered", async ({
  page,
  workspace,
  consoleErrors,
}) => {
  await page.goto(logsOf(shop));
  await follow(page);
  await workspace.client.ingest(shop.key, JSON.stringify({ message: "the only one" }));
  await expect(rowsOf(page).first()).toContainText("the only one");
  await page.route("**/query?*", (route) => route.fulfill({ status: 503, body: "" }));
  await page.getByRole("button", { name: "Run" }).click();
  await expect(statusOf(page)).toContainText("Partial: 1 line.");
  await expect(rowsOf(page)).toHaveCount(1);
  await page.unrouteAll();
  await page.getByRole("button", { name: "Retry" }).click();
  await expect(page.getByText("lines, all there are")).toBeVisible();
  for (const error of consoleErrors.splice(0)) expect(error).toContain("503");
});
