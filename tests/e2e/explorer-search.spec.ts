import { ask, expect, logsOf, queryOf, rowsOf, statusOf, test } from "#tests/e2e/explorer-fixtures.ts";
import type { TestProject } from "#tests/support/api-client.ts";

const SERVICES = ["web", "payments", "auth"];
const LEVELS = ["info", "warn", "error"];

/** 300 lines over six seconds: each third of another service, each fifth with its own host. */
const ENTRIES = Array.from({ length: 300 }, (_, index) => ({
  service: SERVICES[index % 3],
  level: LEVELS[index % 3],
  message: `request ${index} of the shop ${index % 3 === 1 ? "timed out" : "is done"}`,
  tags: { host: `n${index % 5}`, status: 200 + (index % 2) * 300 },
}));

let shop: TestProject;

test.beforeAll(async ({ workspace }) => {
  shop = await workspace.projectWith("shop", ENTRIES);
});

test.beforeEach(async ({ page }) => {
  await page.goto(logsOf(shop));
  await expect(rowsOf(page).first()).toBeVisible();
});

test("words, facets and values find lines, and the address has it all", async ({ page }) => {
  await ask(page, '"timed out"');
  await expect(statusOf(page)).toContainText("100 lines, all there are");
  await expect(rowsOf(page).first().locator("mark")).toHaveText("timed out");
  await expect(page).toHaveURL(/query=%22timed\+out%22/);

  const filters = page.getByRole("complementary", { name: "Filters" });
  await expect(filters.getByRole("button", { name: /^n2/ })).toContainText("20");
  await filters.getByRole("button", { name: /^n2/ }).click();
  await expect(queryOf(page)).toHaveValue('"timed out" host:n2');
  await expect(statusOf(page)).toContainText("20 lines");

  await filters.getByRole("button", { name: /^n3/ }).hover();
  await filters.getByRole("button", { name: "Also n3" }).click();
  await expect(queryOf(page)).toHaveValue('"timed out" host:(n2 OR n3)');
  await expect(statusOf(page)).toContainText("40 lines");
  await filters.getByRole("button", { name: "Clear the filter of host" }).click();
  await filters.getByRole("button", { name: /^n0/ }).hover();
  await filters.getByRole("button", { name: "Exclude n0" }).click();
  await expect(statusOf(page)).toContainText("80 lines");

  await page.reload();
  await expect(queryOf(page)).toHaveValue('"timed out" -host:n0');
  await expect(statusOf(page)).toContainText("80 lines");
  for (const [query, count] of [
    ['"timed out"', 100],
    ['"timed out" host:(n2 OR n3)', 40],
    ['"timed out" host:n2', 20],
    ['"timed out"', 100],
    ["", 200],
  ] as const) {
    await page.goBack();
    await expect(queryOf(page)).toHaveValue(query);
    await expect(statusOf(page)).toContainText(`${count} lines`);
  }
});

test("a mistake is shown at its place, and what was found stays", async ({ page }) => {
  await ask(page, "level:error (timed OR");
  await expect(page.getByRole("alert")).toContainText("Expected a condition after 'OR'.");
  await expect(queryOf(page)).toHaveAttribute("aria-invalid", "true");
  await expect(page.locator("[data-error-at]")).toHaveAttribute("data-error-at", "21");
  await expect(rowsOf(page).first()).toBeVisible();
  await ask(page, "level:eror");
  await expect(page.locator("[data-error-at]")).toHaveAttribute("data-error-at", "6");
  await expect(page.locator("[data-error-at]")).toHaveText("eror");
});

test("a value that the list would complete is no mistake until it is run", async ({ page }) => {
  await queryOf(page).click();
  await page.keyboard.type("level:er");
  await expect(page.getByRole("option", { name: /error/ })).toBeVisible();
  // Longer than the patience with which a mistake is told.
  await page.waitForTimeout(1_200);
  await expect(page.getByRole("alert")).toBeHidden();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toContainText("Expected a level");
});

test("fields and values are completed with their counts, and recent searches are offered", async ({ page }) => {
  await queryOf(page).click();
  await page.keyboard.type("ser");
  await expect(page.getByRole("option", { name: /service/ })).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(queryOf(page)).toHaveValue("service:");
  await expect(page.getByRole("option", { name: /payments/ })).toContainText("100");
  await page.keyboard.type("pay");
  await page.keyboard.press("Tab");
  await expect(queryOf(page)).toHaveValue("service:payments ");
  await page.keyboard.press("Enter");
  await expect(statusOf(page)).toContainText("100 lines, all there are");
  await ask(page, "");
  await expect(statusOf(page)).toContainText("200 lines, more below");
  await queryOf(page).click();
  await page.getByRole("option", { name: /recent search: service:payments/ }).click();
  await expect(statusOf(page)).toContainText("100 lines, all there are");
});

test("the time is chosen from a list, typed, and drawn on the histogram", async ({ page }) => {
  await page.getByRole("button", { name: "Time range: Last hour" }).click();
  await page.getByRole("button", { name: "Last 15 minutes" }).click();
  await expect(page).toHaveURL(/from=now-15m/);
  await page.getByRole("button", { name: "Time range: Last 15 minutes" }).click();
  await page.getByLabel("Type a time range").fill("soon");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toContainText("Expected a time");
  await page.getByLabel("Type a time range").fill("-2m");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/from=now-2m/);
  await expect(statusOf(page)).toContainText("lines");

  const bars = page.getByRole("slider", { name: /Lines over time/ });
  await expect(bars.locator("rect.fill-level-info").first()).toBeVisible();
  const box = await bars.boundingBox();
  if (box === null) throw new Error("the histogram has no place");
  await page.mouse.move(box.x + box.width * 0.9, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.99, box.y + 20, { steps: 5 });
  await page.mouse.up();
  await expect(page).toHaveURL(/from=\d{4}-/);
  await page.goBack();
  await expect(page).toHaveURL(/from=now-2m/);
  await page.getByRole("button", { name: "Zoom out" }).click();
  await expect(page).toHaveURL(/from=now-6m/);
  await page.getByRole("button", { name: /Time range/ }).click();
  await page.getByRole("button", { name: "Previous range" }).click();
  await expect(page).not.toHaveURL(/from=now-6m/);
});

test("levels are counted in the asked time, not in whole bars", async ({ page }) => {
  const answer = await page.request.post("/query", {
    data: { limit: 151 },
    headers: { "x-api-key": shop.key, accept: "application/json" },
  });
  const { entries } = (await answer.json()) as { entries: { timestamp: string }[] };
  await page.goto(logsOf(shop, { from: entries[150]?.timestamp ?? "", to: "now" }));
  const histogram = page.getByRole("region", { name: "Lines over time" });
  await expect(histogram).toContainText("151 lines");
  await expect(async () => {
    const texts = await histogram.getByTitle(/^Only /).allInnerTexts();
    const counts = texts.map((text) => Number(/\d+/.exec(text)?.[0]));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(151);
  }).toPass({ timeout: 5_000 });
});

test("the histogram is read and used by keyboard", async ({ page }) => {
  const bars = page.getByRole("slider", { name: /Lines over time/ });
  await expect(bars.locator("rect.fill-level-info").first()).toBeVisible();
  await bars.focus();
  // The last bars may be of minutes that came after the lines.
  await expect(async () => {
    await page.keyboard.press("ArrowLeft");
    await expect(bars).toHaveAttribute("aria-valuetext", /\d{2}:\d{2}:\d{2}: .*\d+ (error|info)/, { timeout: 200 });
  }).toPass();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/from=\d{4}-/);
  await expect(rowsOf(page).first()).toBeVisible();
});

test("where nothing matches, the one change that finds lines is offered", async ({ page }) => {
  await ask(page, "imed service:payments");
  await expect(page.getByRole("heading", { name: "Nothing matches" })).toBeVisible();
  await page.getByRole("button", { name: /Any part of a word \*imed\* 100 lines/ }).click();
  await expect(queryOf(page)).toHaveValue("*imed* service:payments");
  await expect(statusOf(page)).toContainText("100 lines");
});

test("an operator in small letters is offered as one", async ({ page }) => {
  await ask(page, "service:payments or service:auth");
  await page.getByRole("button", { name: /In capitals OR 200 lines/ }).click();
  await expect(queryOf(page)).toHaveValue("service:payments OR service:auth");
  await expect(statusOf(page)).toContainText("200 lines");
});

test("lines of years ago are offered where the usual times have none", async ({ page, workspace }) => {
  const old = await workspace.client.createProject("long ago");
  const line = { timestamp: "2019-03-01T10:00:00Z", message: "found again" };
  await workspace.client.ingest(old.key, JSON.stringify(line));
  await page.goto(logsOf(old, { query: "found", zone: "utc" }));
  await page.getByRole("button", { name: /More time Mar 1, 2019, .* 1 line/ }).click();
  await expect(rowsOf(page)).toHaveCount(1);
});

test("a project without lines leads to the first one", async ({ page, workspace }) => {
  const empty = await workspace.client.createProject("empty");
  await page.goto(logsOf(empty));
  await expect(page.getByRole("heading", { name: "No lines have arrived yet" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Send your first line" })).toHaveAttribute(
    "href",
    `/p/${empty.slug}/settings/shippers`,
  );
  await workspace.client.ingest(empty.key, JSON.stringify({ message: "the first one" }));
  await expect(rowsOf(page)).toHaveCount(1);
});

test("the whole walk works by keyboard alone", async ({ page }) => {
  await page.keyboard.press("/");
  await expect(queryOf(page)).toBeFocused();
  await page.keyboard.type("service:auth ");
  await page.keyboard.press("Enter");
  await expect(statusOf(page)).toContainText("100 lines, all there are");
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  const details = page.getByRole("complementary", { name: "Details of the line" });
  await expect(details).toContainText("request 5 of the shop");
  await page.keyboard.press("j");
  await expect(details).toContainText("request 8 of the shop");
  await page.keyboard.press("k");
  await expect(details).toContainText("request 5 of the shop");
  await page.getByRole("tab", { name: "Line", exact: true }).focus();
  await page.keyboard.press("ArrowRight");
  await expect(page.getByRole("tab", { name: "Surrounding lines", selected: true })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(details).toBeHidden();
  const list = page.getByRole("grid", { name: "Log lines" });
  await expect(list).toBeFocused();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(list).toBeFocused();
  await page.keyboard.press("t");
  await expect(page.getByLabel("Type a time range")).toBeFocused();
  await page.keyboard.type("30m");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/from=now-30m/);
  await page.keyboard.press("Control+k");
  await page.keyboard.type("only err");
  await page.keyboard.press("Enter");
  await expect(queryOf(page)).toHaveValue("level:>=error");
  await page.keyboard.press("l");
  await expect(page.getByRole("button", { name: "Live" })).toHaveAttribute("aria-pressed", "true");
});
