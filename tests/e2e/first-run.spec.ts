import { expect, expectAccessible, expectGoodPage, test } from "#tests/e2e/fixtures.ts";
import { startServer, type TestServer } from "#tests/support/server.ts";

let fresh: TestServer;

test.beforeAll(async () => {
  test.setTimeout(120_000);
  fresh = await startServer({ env: { LOG_LEVEL: "warn" } });
});

test.afterAll(() => fresh.stop());

test("from the first visit to the first line, seen arriving", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto(fresh.url);
  await expect(page).toHaveURL(`${fresh.url}/setup`);
  await expectGoodPage(page, "setup");

  await page.getByLabel("E-mail").fill("ada@example");
  await page.getByLabel("Password").fill("short");
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByText("Enter an e-mail address, such as ada@example.org.")).toBeVisible();
  await expect(page.getByText("Use at least 10 characters.")).toBeVisible();
  await page.getByLabel("E-mail").fill("ada@example.org");
  await page.getByLabel("Password").fill("correct horse battery");
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByText("No projects yet")).toBeVisible();
  await expectGoodPage(page, "no-projects");

  await page.getByRole("link", { name: "New project" }).click();
  await page.getByLabel("Name").fill("Shop front");
  await page.getByLabel("Days to keep logs").fill("0");
  await page.getByRole("button", { name: "Create project" }).click();
  await expect(page.getByText("Keep logs for at least a day.")).toBeVisible();
  await page.getByLabel("Days to keep logs").fill("14");
  await page.getByRole("button", { name: "Create project" }).click();

  await expect(page.getByRole("heading", { name: "Send your first line" })).toBeVisible();
  await expect(page.getByText("Waiting for the first line")).toBeVisible();
  await page.getByRole("button", { name: "Copy key first key" }).click();
  const key = await page.evaluate(() => navigator.clipboard.readText());
  expect(key).toMatch(/^akl_[0-9A-Za-z]{32}$/);
  for (const sender of ["Fluent Bit", "Vector", "OpenTelemetry Collector", "Docker", "journald"]) {
    await page.getByText(sender, { exact: true }).click();
    await expect(page.locator("details[open] pre").filter({ hasText: key })).toBeVisible();
  }
  await expectGoodPage(page, "first-line");

  const sent = await fetch(`${fresh.url}/ingest`, {
    method: "POST",
    headers: { "x-api-key": key },
    body: '{"level":"info","service":"web","message":"hello"}',
  });
  expect(sent.status).toBe(202);
  await expect(page.getByText("Lines arrive")).toBeVisible({ timeout: 10_000 });
  await page.getByRole("link", { name: "Look at the logs" }).click();
  await expect(page.getByRole("grid", { name: "Log lines" }).getByText("hello")).toBeVisible();
});

test("nothing of it needs scripts up to the explorer", async ({ browser }) => {
  const other = await startServer({ env: { LOG_LEVEL: "warn" } });
  const context = await browser.newContext({ javaScriptEnabled: false, baseURL: other.url });
  const page = await context.newPage();
  try {
    await page.goto("/");
    await page.getByLabel("E-mail").fill("ada@example.org");
    await page.getByLabel("Password").fill("correct horse battery");
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByRole("link", { name: "New project" }).click();
    await page.getByLabel("Name").fill("plain");
    await page.getByRole("button", { name: "Create project" }).click();
    await expect(page.getByText(/^akl_\w{32}$/)).toBeVisible();
    await page.goto("/p/plain/settings");
    await page.getByLabel("Days to keep logs").fill("7");
    await page.getByRole("button", { name: "Save" }).first().click();
    await expect(page.getByText("Saved").first()).toBeVisible();
    await page.goto("/p/plain/settings/keys");
    await page.getByLabel("Name").fill("second");
    await page.getByRole("button", { name: "Create key" }).click();
    await expect(page.getByText("Keep the key “second” now")).toBeVisible();
    await page.getByText("Revoke", { exact: true }).first().click();
    await page.getByRole("button", { name: "Revoke key" }).first().click();
    await expect(page.getByText("revoked", { exact: true })).toBeVisible();
    await page.goto("/p/plain/settings");
    await page.getByLabel("Type plain to confirm").fill("plain");
    await page.getByRole("button", { name: "Delete project" }).click();
    await expect(page.getByText("No projects yet")).toBeVisible();
  } finally {
    await context.close();
    await other.stop();
  }
});

test("a page runs no script without its nonce and asks nothing of another host", async ({ page }) => {
  const hosts = new Set<string>();
  page.on("request", (request) => hosts.add(new URL(request.url()).origin));
  const answer = await page.goto(`${fresh.url}/login`, { waitUntil: "networkidle" });
  expect([...hosts]).toEqual([fresh.url]);
  const nonce = /'nonce-([^']+)'/.exec(answer?.headers()["content-security-policy"] ?? "")?.[1];
  expect(nonce).toBeTruthy();
  const html = (await answer?.text()) ?? "";
  const inline = [...html.matchAll(/<script(?![^>]* src=)[^>]*>/g)].map(([tag]) => tag);
  expect(inline.length).toBeGreaterThan(0);
  for (const tag of inline) expect(tag).toContain(`nonce="${nonce}"`);
});

test("the page of an unknown address is a 404 and axe finds nothing", async ({ page, consoleErrors }) => {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const answer = await page.goto(`${fresh.url}/no/such/page`);
    expect(answer?.status()).toBe(404);
    await expect(page.getByRole("heading", { name: "Page not found" })).toBeVisible();
    await expectAccessible(page);
  }
  // The browser itself reports the status of the page.
  expect(consoleErrors.splice(0)).toEqual([expect.stringContaining("404"), expect.stringContaining("404")]);
});
