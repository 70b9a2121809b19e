import { readFile } from "node:fs/promises";
import { ask, expect, logsOf, queryOf, rowsOf, statusOf, test } from "#tests/e2e/explorer-fixtures.ts";
import type { TestProject } from "#tests/support/api-client.ts";

const ENTRIES = Array.from({ length: 60 }, (_, index) => ({
  service: index % 2 === 0 ? "web" : "payments",
  level: index % 10 === 1 ? "error" : "info",
  message: index === 1 ? '{"event":"charge","order":{"id":"A-1","items":[1,2]}}' : `line ${index}`,
  tags: { host: `n${index % 3}`, trace: `t${index}` },
}));

let shop: TestProject;

test.beforeAll(async ({ workspace }) => {
  shop = await workspace.projectWith("lines", ENTRIES);
  await workspace.client.commit(shop.key, JSON.stringify({ service: "last", message: "committed" }));
});

function detailsOf(page: import("@playwright/test").Page) {
  return page.getByRole("complementary", { name: "Details of the line" });
}

test("a line opens with all its fields, each of which filters, excludes and becomes a column", async ({ page }) => {
  await page.goto(logsOf(shop, { query: "charge" }));
  await rowsOf(page).first().click();
  const details = detailsOf(page);
  await expect(details.getByRole("region", { name: "Message" })).toContainText('event: "charge"');
  await expect(details.getByRole("region", { name: "Storage" })).toContainText(/\.ndjson\.zst|\.parquet/);
  await expect(details.getByRole("region", { name: "Storage" })).toContainText(/SHA-256\s*[0-9a-f]{64}/);

  await details.getByRole("button", { name: "Add column host" }).click();
  await expect(page.getByRole("columnheader", { name: "host" })).toBeVisible();
  await expect(page).toHaveURL(/columns=service&columns=host/);
  await details.getByRole("button", { name: "Only host n1" }).click();
  await expect(queryOf(page)).toHaveValue("charge host:n1");
  await expect(statusOf(page)).toContainText("1 line");
  await details.getByRole("button", { name: "Exclude service payments" }).click();
  await expect(queryOf(page)).toHaveValue("charge host:n1 -service:payments");
  await expect(page.getByRole("heading", { name: "Nothing matches" })).toBeVisible();
});

test("a link leads to the line, also when nothing else of the page is loaded", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto(logsOf(shop, { query: "trace:t7" }));
  await rowsOf(page).first().click();
  await detailsOf(page).getByRole("button", { name: "Copy a link to this line" }).click();
  await expect(page.getByRole("status").filter({ hasText: "A link to this line was copied" })).toBeVisible();
  const link = new URL(await page.evaluate(() => navigator.clipboard.readText()));
  expect(link.searchParams.get("from")).toMatch(/^\d{4}-/);
  link.searchParams.set("query", "nothing-like-it");
  await page.goto(link.href);
  await expect(detailsOf(page)).toContainText("line 7");
  await page.reload();
  await expect(detailsOf(page)).toContainText("line 7");
  await detailsOf(page).getByRole("button", { name: "Copy the line" }).click();
  await page.getByRole("menuitem", { name: "As JSON" }).click();
  await expect(page.getByRole("status").filter({ hasText: "The line as JSON was copied" })).toBeVisible();
  const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText())) as { message: string };
  expect(copied.message).toBe("line 7");
});

test("of many fields those are found that have a text", async ({ page, workspace }) => {
  const tags = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`field_${index}`, `value ${index}`]));
  const wide = await workspace.projectWith("wide", [{ message: "many fields", tags }]);
  await page.goto(logsOf(wide));
  await rowsOf(page).first().click();
  const names = detailsOf(page).getByRole("region", { name: "Fields" }).getByRole("listitem");
  await expect(names).toHaveCount(32);
  // In the order that people count in.
  await expect(names.nth(4)).toContainText("field_2");
  await detailsOf(page).getByLabel("Search fields and values").fill("VALUE 29");
  await expect(names).toHaveCount(1);
  const filters = page.getByRole("complementary", { name: "Filters" });
  await filters.getByLabel("Search fields").fill("field_29");
  await expect(filters.getByRole("heading")).toHaveText(["field_29"]);
});

test("a rare value among many is found by a part of it, in any case", async ({ page, workspace }) => {
  const lines = Array.from({ length: 500 }, (_, index) => ({ message: "one", tags: { user: `User/${index % 250}` } }));
  const many = await workspace.projectWith("many-values", [
    ...lines,
    { message: "rare", tags: { user: "a.Rare (one)" } },
  ]);
  await page.goto(logsOf(many));
  const filters = page.getByRole("complementary", { name: "Filters" });
  await filters.getByRole("button", { name: "user", exact: true }).click();
  await filters.getByRole("button", { name: "More values of user" }).click();
  await filters.getByLabel("Search in user").fill(".RARE (");
  await filters.getByRole("button", { name: /^a\.Rare \(one\)/ }).click();
  await expect(statusOf(page)).toContainText("1 line, all there are");
});

test("the lines around a line are those of its place, whatever the query is", async ({ page }) => {
  await page.goto(logsOf(shop, { query: "trace:t30" }));
  await rowsOf(page).first().click();
  await page.getByRole("tab", { name: "Surrounding lines" }).click();
  const around = page.getByRole("grid", { name: "Surrounding lines" });
  await expect(around.getByRole("row")).toHaveCount(10);
  // By row: in the text of the whole list the time of one follows the message of another, as in "line 3" "19:57".
  const lineAround = (number: number) => around.getByRole("gridcell", { name: `line ${number}`, exact: true });
  await expect(lineAround(24)).toBeVisible();
  await expect(lineAround(31)).toBeHidden();
  // The line that it is about stays where it is on the screen while others come and go around it.
  const place = async () => Math.round((await lineAround(30).boundingBox())?.y ?? -1);
  await page.getByRole("button", { name: "service web" }).click();
  await expect(lineAround(27)).toBeVisible();
  const before = await place();
  await page.getByRole("button", { name: "host n0" }).click();
  await expect(lineAround(31)).toBeVisible();
  expect(await place()).toBe(before);
  await lineAround(31).click();
  await page.getByRole("tab", { name: "Line", exact: true }).click();
  await expect(detailsOf(page).getByRole("region", { name: "Message" })).toHaveText("line 31");
});

test("a search is saved, opened again and deleted; a viewer cannot, by page or by request", async ({
  page,
  workspace,
  signIn,
}) => {
  await page.goto(logsOf(shop, { query: "level:error", columns: "host" }));
  await page.getByRole("button", { name: "Save search" }).click();
  await expect(page.getByLabel("Name")).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: "Save search" })).toBeFocused();
  await page.keyboard.press("Enter");
  await page.getByLabel("Name").fill("  ");
  await page.getByRole("button", { name: "Save this search" }).click();
  await expect(page.getByText("Enter a name.")).toBeVisible();
  await page.getByLabel("Name").fill("Only errors");
  await page.getByRole("button", { name: "Save this search" }).click();
  await expect(page.getByRole("dialog")).toBeHidden();

  const viewer = await workspace.invite(shop, "viewer");
  await signIn(viewer);
  await page.goto(logsOf(shop));
  await queryOf(page).click();
  await page.getByRole("option", { name: /saved search: Only errors/ }).click();
  await expect(queryOf(page)).toHaveValue("level:error");
  await expect(page.getByRole("columnheader", { name: "host" })).toBeVisible();
  await page.getByRole("button", { name: "Saved searches" }).click();
  await expect(page.getByRole("button", { name: "Only errors" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Delete Only errors" })).toBeHidden();
  await expect(page.getByLabel("Name")).toBeHidden();
  await expect(page.getByRole("link", { name: "Create alert from this search" })).toBeHidden();
  const refused = await viewer.submit(logsOf(shop), { intent: "save", name: "mine", search: "" });
  expect(refused.status).toBe(403);

  await signIn(workspace.owner);
  await page.goto(logsOf(shop));
  await page.getByRole("button", { name: "Save search" }).click();
  await page.getByRole("button", { name: "Delete Only errors" }).click();
  await expect(page.getByText("None yet.")).toBeVisible();
});

test("all matches are exported as the file that the API gives", async ({ page }) => {
  await page.goto(logsOf(shop, { query: "level:error", order: "asc" }));
  await expect(rowsOf(page).first()).toBeVisible();
  for (const [choice, last] of [
    ["All matches as NDJSON", '"complete":true,"matched":6'],
    ["All matches as CSV", "# end complete=true matched=6"],
  ] as const) {
    await page.getByRole("button", { name: "Export and share" }).click();
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: choice }).click();
    const text = await readFile(await (await download).path(), "utf8");
    expect(text).toContain(last);
  }
  const alert = await page.getByRole("link", { name: "Create alert from this search" }).getAttribute("href");
  expect(alert).toBe(`/p/${shop.slug}/alerts/new?query=level%3Aerror`);
});

test("20,000 lines are reached by scrolling, each once and in order", async ({ page, workspace }) => {
  test.setTimeout(120_000);
  const lines = Array.from({ length: 20_000 }, (_, index) => ({ message: `row ${index}` }));
  const many = await workspace.projectWith("many", lines);
  await page.goto(logsOf(many));
  await expect(statusOf(page)).toContainText("200 lines, more below");
  const list = page.getByRole("grid", { name: "Log lines" });
  await expect(async () => {
    await list.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await expect(statusOf(page)).toContainText("20,000 lines, all there are", { timeout: 200 });
  }).toPass({ timeout: 90_000 });
  await list.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await expect(rowsOf(page).last()).toContainText("row 19999");
  await list.evaluate((element) => element.scrollTo(0, element.scrollHeight / 2));
  await page.waitForTimeout(200);
  const drawn = await rowsOf(page).allTextContents();
  const numbers = drawn.map((text) => Number(/row (\d+)/.exec(text)?.[1]));
  expect(drawn.length).toBeLessThan(100);
  expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));

  // The answer to another question is read from its top.
  await ask(page, "row");
  await expect(rowsOf(page).first()).toContainText("row 0");
  expect(await list.evaluate((element) => element.scrollTop)).toBe(0);
});
