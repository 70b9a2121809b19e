import { expect, expectAccessible, test } from "#tests/e2e/fixtures.ts";

const SIZES = [
  { width: 1280, height: 720 },
  { width: 390, height: 844 },
];

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(`in the ${colorScheme} theme`, () => {
    test.use({ colorScheme });

    for (const viewport of SIZES) {
      test(`the first page fits ${viewport.width}x${viewport.height} and axe finds nothing`, async ({ page }) => {
        await page.setViewportSize(viewport);
        await page.goto("/");
        await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
        await expectAccessible(page);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        expect(overflow).toBeLessThanOrEqual(0);
        const name = `test-results/first-run-${colorScheme}-${viewport.width}.png`;
        await page.screenshot({ path: name, fullPage: true });
      });
    }

    test("the page of an unknown address is a 404 and axe finds nothing", async ({ page, consoleErrors }) => {
      const answer = await page.goto("/no/such/page");
      expect(answer?.status()).toBe(404);
      await expect(page.getByRole("heading", { name: "Page not found" })).toBeVisible();
      await expectAccessible(page);
      await page.screenshot({ path: `test-results/not-found-${colorScheme}.png` });
      // The browser itself reports the status of the page.
      expect(consoleErrors.splice(0)).toEqual([expect.stringContaining("404")]);
    });
  });
}

test("the steps can be copied by keyboard alone, and that is announced", async ({ page, context, server }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto("/", { waitUntil: "networkidle" });
  const copy = page.getByRole("button", { name: "Copy command that sends a line" });
  await copy.focus();
  await page.keyboard.press("Enter");
  await expect(copy).toHaveText("Copied");
  await expect(page.getByRole("status").filter({ hasText: "Copied to the clipboard" })).toHaveCount(1);
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toContain(`curl -s "${server.url}/ingest?wait=commit"`);
  await expect(copy).toHaveText("Copy", { timeout: 4_000 });
});

test("the page runs no script without its nonce and asks nothing of another host", async ({ page, server }) => {
  const hosts = new Set<string>();
  page.on("request", (request) => hosts.add(new URL(request.url()).origin));
  const answer = await page.goto("/", { waitUntil: "networkidle" });
  expect([...hosts]).toEqual([server.url]);
  const nonce = /'nonce-([^']+)'/.exec(answer?.headers()["content-security-policy"] ?? "")?.[1];
  expect(nonce).toBeTruthy();
  const html = (await answer?.text()) ?? "";
  const inline = [...html.matchAll(/<script(?![^>]* src=)[^>]*>/g)].map(([tag]) => tag);
  expect(inline.length).toBeGreaterThan(0);
  for (const tag of inline) expect(tag).toContain(`nonce="${nonce}"`);
});

test("the page reads well without scripts", async ({ browser, server }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(server.url);
  await expect(page.getByText("curl -s").first()).toBeVisible();
  await context.close();
});
