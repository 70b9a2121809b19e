import { ask, expect, expectAccessible, logsOf, rowsOf, test } from "#tests/e2e/explorer-fixtures.ts";
import { HOSTILE_MESSAGES } from "#tests/e2e/hostile-lines.ts";

declare global {
  interface Window {
    hacked?: boolean;
    violations?: string[];
  }
}

test("a line that is written from the right begins at the right", async ({ page, workspace }) => {
  const project = await workspace.projectWith("from the right", [
    { message: "تم تسجيل الدخول من 10.0.0.1 ".repeat(20) },
  ]);
  await page.goto(logsOf(project));
  const message = rowsOf(page).first().getByRole("gridcell").last();
  await expect(message).toHaveCSS("direction", "rtl");
  await message.click();
  const shown = page.getByRole("region", { name: "Message" }).locator("[dir]");
  await expect(shown).toHaveCSS("direction", "rtl");
});

test("a hundred hostile lines are nothing but text", async ({ page, workspace, server }) => {
  test.setTimeout(90_000);
  expect(HOSTILE_MESSAGES.length).toBeGreaterThanOrEqual(100);
  const project = await workspace.projectWith(
    "hostile",
    HOSTILE_MESSAGES.map((message, index) => ({
      level: index % 2 === 0 ? "error" : "info",
      service: message.slice(0, 40),
      message,
      tags: { index, value: message.slice(0, 500), [`<b>${index}</b>`]: "x" },
    })),
  );
  const hosts = new Set<string>();
  page.on("request", (request) => hosts.add(new URL(request.url()).origin));
  page.on("dialog", (dialog) => expect(dialog.message()).toBe("no dialog"));
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => window.violations?.push(event.violatedDirective));
  });
  const columns = { columns: "value" };
  for (const search of [columns, { ...columns, wrap: "1" }] as Record<string, string>[]) {
    await page.goto(logsOf(project, search));
    await expect(rowsOf(page).first()).toBeVisible();
    const list = page.getByRole("grid", { name: "Log lines" });
    for (let step = 0; step <= 20; step++) {
      await list.evaluate((element, share) => element.scrollTo(0, element.scrollHeight * share), step / 20);
      await page.waitForTimeout(30);
      // No line reaches into another one: each stays within its own row.
      const heights = await rowsOf(page).evaluateAll((rows) => rows.map((row) => row.scrollHeight - row.clientHeight));
      if (search["wrap"] === undefined) expect(Math.max(...heights)).toBeLessThanOrEqual(40);
    }
  }
  for (const index of [0, 1, 5, 45, 60, 75, 87, 96]) {
    await page.goto(logsOf(project, { query: `index:${index}` }));
    await rowsOf(page).first().click();
    await expect(page.getByRole("complementary", { name: "Details of the line" })).toContainText("value");
  }
  await expectAccessible(page);
  await ask(page, "<script>");
  await ask(page, "script");
  await expect(rowsOf(page).locator("mark").first()).toHaveText("script");

  expect(await page.evaluate(() => window.hacked)).toBeUndefined();
  expect(await page.evaluate(() => window.violations)).toEqual([]);
  expect([...hosts]).toEqual([server.url]);
  const drawn = await page
    .locator("main")
    .evaluate((main) => main.querySelectorAll("script, img, iframe, form, style, b").length);
  expect(drawn).toBe(0);
});
