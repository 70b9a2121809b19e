import { createProject, expect, expectGoodPage, sendLines, signIn, test } from "#tests/e2e/fixtures.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

test("the dashboard counts what was sent, compares it with the day before and leads to the logs", async ({ page }) => {
  await signIn(page);
  const { slug, key } = await createProject(page, "figures");
  await page.goto(`/p/${slug}`);
  await expect(page.getByText("No line has arrived yet.")).toBeVisible();
  await expect(page.getByText("Waiting for the first line")).toBeVisible();
  // Whoever did not keep the first key needs another one, here and now.
  await page.getByRole("button", { name: "New key for this snippet" }).click();
  await expect(page.getByText("Keep the key “shipper” now")).toBeVisible();
  await expect(page.locator("details[open] pre")).toContainText(/akl_\w{32}/);

  const now = Date.now();
  const lines = (count: number, service: string, level: string, atMs: number) =>
    Array.from({ length: count }, (_, i) => ({
      timestamp: new Date(atMs - i * 1_000).toISOString(),
      service,
      level,
      message: `line ${i} of ${service}`,
    }));
  await sendLines(page, key, [
    ...lines(1_200, "web", "info", now - 30 * MINUTE_MS),
    ...lines(300, "auth", "error", now - 90 * MINUTE_MS),
    ...lines(1_000, "web", "info", now - DAY_MS - 30 * MINUTE_MS),
  ]);
  await page.goto(`/p/${slug}`);
  const figures = page.locator("dl");
  await expect(figures.getByText("1,500", { exact: true })).toBeVisible();
  await expect(figures.getByText("+50 % on the day before")).toBeVisible();
  await expect(figures.getByText("20 %", { exact: true })).toBeVisible();
  await expect(figures.getByText("0 % in the day before")).toBeVisible();
  const row = page.getByRole("row").filter({ hasText: "auth" });
  await expect(row).toContainText("300");
  await expectGoodPage(page, "dashboard");

  // What the chart shows can be read.
  await page.getByText("Figures as a table").click();
  const cells = await page.getByRole("region", { name: "Lines over time" }).getByRole("cell").allTextContents();
  const sum = cells
    .filter((cell) => /^[\d,]+$/.test(cell))
    .reduce((total, cell) => total + Number(cell.replace(",", "")), 0);
  expect(sum).toBe(1_500);

  await page.getByRole("link", { name: "Hour" }).click();
  await expect(figures.getByText("1,200", { exact: true })).toBeVisible();
  await page.getByRole("link", { name: "Week" }).click();
  await expect(figures.getByText("2,500", { exact: true })).toBeVisible();
  await page.goBack();
  await page.goBack();
  await expect(figures.getByText("1,500", { exact: true })).toBeVisible();

  // Another page begins at its top; going back leads to where one was.
  const content = page.locator("#content");
  const scrolledTo = () => content.evaluate((element) => Math.round(element.scrollTop));
  await content.evaluate((element) => element.scrollTo(0, 100));
  const before = await scrolledTo();
  expect(before).toBeGreaterThan(0);
  await page.getByRole("link", { name: "Settings" }).click();
  await expect(page.getByRole("heading", { name: "Settings" })).toBeVisible();
  expect(await scrolledTo()).toBe(0);
  await page.goBack();
  await expect(figures.getByText("1,500", { exact: true })).toBeVisible();
  await expect.poll(scrolledTo).toBe(before);

  await page.goto("/");
  const card = page.getByRole("listitem").filter({ hasText: "figures" });
  await expect(card.getByText("300")).toBeVisible();
  await expectGoodPage(page, "projects");
  await card.getByRole("link", { name: "figures" }).click();
  await page.getByRole("link", { name: "auth" }).click();
  await expect(page).toHaveURL(/\/logs\?/);
  await expect(page.getByText("line 0 of auth")).toBeVisible();
});
