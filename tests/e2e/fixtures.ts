import { AxeBuilder } from "@axe-core/playwright";
import { test as base, expect, type Page } from "@playwright/test";
import { startServer, type TestServer } from "#tests/support/server.ts";

export { expect };

/** The first account of the servers below. */
export const ADMIN = { email: "ada@example.org", password: "correct horse battery" };

export const ACCOUNT_ENV = { AKAVELOG_ADMIN_EMAIL: ADMIN.email, AKAVELOG_ADMIN_PASSWORD: ADMIN.password };

/** Tests get one server for each file, and fail on anything the browser's console reports as an error. */
export const test = base.extend<{ consoleErrors: string[] }, { server: TestServer }>({
  server: [
    // Playwright reads the fixtures a function uses from its parameter's pattern.
    // oxlint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const server = await startServer({ env: { ...ACCOUNT_ENV, LOG_LEVEL: "warn" } });
      await use(server);
      await server.stop();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  baseURL: async ({ server }, use) => use(server.url),
  consoleErrors: [
    async ({ page }, use) => {
      const errors: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error") errors.push(message.text());
      });
      page.on("pageerror", (error) => errors.push(String(error)));
      await use(errors);
      expect(errors).toEqual([]);
    },
    { auto: true },
  ],
});

/** signIn goes through the login page; a browser context stays signed in. */
export async function signIn(page: Page, { email, password } = ADMIN): Promise<void> {
  await page.goto("/login");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).not.toHaveURL(/\/login/);
}

/** createProject makes one with a page that is signed in as an administrator. */
export async function createProject(page: Page, name: string): Promise<{ id: string; slug: string; key: string }> {
  const answer = await page.request.post("/projects", {
    data: { name },
    headers: { "sec-fetch-site": "same-origin" },
  });
  const { project, apiKey } = (await answer.json()) as {
    project: { id: string; slug: string };
    apiKey: { key: string };
  };
  return { ...project, key: apiKey.key };
}

/** sendLines has entries committed before it returns. */
export async function sendLines(page: Page, key: string, entries: readonly object[]): Promise<void> {
  const answer = await page.request.post("/ingest?wait=commit", {
    data: entries.map((entry) => JSON.stringify(entry)).join("\n"),
    headers: { "x-api-key": key, "content-type": "application/x-ndjson" },
  });
  expect(await answer.json()).toMatchObject({ accepted: entries.length, committed: true });
}

const SIZES = [
  { width: 1280, height: 720 },
  { width: 390, height: 844 },
];

/**
 * expectGoodPage looks at a page that is open, in both themes and both sizes: axe finds nothing, nothing hangs over the
 * side, and a screenshot is left as `test-results/pages/<name>-<theme>-<width>.png`.
 */
export async function expectGoodPage(page: Page, name: string): Promise<void> {
  for (const viewport of SIZES) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      // Each theme and each size once: axe is the slowest part of these tests.
      if ((colorScheme === "light") === viewport.width > 1_000) await expectAccessible(page);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect([name, viewport.width, Math.max(0, overflow)]).toEqual([name, viewport.width, 0]);
      await page.screenshot({ path: `test-results/pages/${name}-${colorScheme}-${viewport.width}.png` });
    }
  }
  await page.setViewportSize({ width: 1280, height: 720 });
  await page.emulateMedia({ colorScheme: "light" });
}

/** expectAccessible fails with what axe finds. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`);
  expect(found).toEqual([]);
}
