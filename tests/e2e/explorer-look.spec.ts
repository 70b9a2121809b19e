import type { Page } from "@playwright/test";
import { expect, expectAccessible, logsOf, queryOf, rowsOf, test } from "#tests/e2e/explorer-fixtures.ts";
import { demoEntries } from "#scripts/demo-logs.mjs";
import type { TestProject } from "#tests/support/api-client.ts";

const SIZES = [
  { width: 1280, height: 720 },
  { width: 390, height: 844 },
];
const MINUTES = 50;

let shop: TestProject;
let empty: TestProject;

test.beforeAll(async ({ workspace }) => {
  const nowMs = Date.now();
  const visits = Array.from({ length: 1_200 }, (_, index) => nowMs - MINUTES * 60_000 * (index / 1_200));
  const json = { level: "fatal", service: "api", message: '{"event":"charge","order":{"id":"A-1","items":[1,2]}}' };
  shop = await workspace.projectWith("look", [json, ...visits.flatMap(demoEntries)]);
  empty = await workspace.client.createProject("look-empty");
});

interface State {
  name: string;
  search?: Record<string, string>;
  isEmpty?: boolean;
  /** It looks the same on a phone as other states do there, or does not exist there. */
  isWideOnly?: boolean;
  isPhoneOnly?: boolean;
  show?: (page: Page) => Promise<void>;
}

const STATES: readonly State[] = [
  { name: "rows" },
  { name: "wrapped", isWideOnly: true, search: { wrap: "1", query: "level:>=warn" } },
  { name: "line", search: { query: "service:api" }, show: async (page) => rowsOf(page).first().click() },
  {
    name: "around",
    search: { query: "service:payments" },
    show: async (page) => {
      await rowsOf(page).first().click();
      await page.getByRole("tab", { name: "Surrounding lines" }).click();
      await expect(page.getByRole("grid", { name: "Surrounding lines" })).toBeVisible();
    },
  },
  {
    name: "completion",
    show: async (page) => {
      await queryOf(page).click();
      await page.keyboard.type("service:");
      await expect(page.getByRole("option").first()).toBeVisible();
    },
  },
  {
    name: "mistake",
    isWideOnly: true,
    show: async (page) => {
      await queryOf(page).fill('level:error "timed out');
      await page.keyboard.press("Enter");
      await expect(page.getByRole("alert")).toBeVisible();
    },
  },
  {
    name: "time",
    show: async (page) => {
      await page.getByRole("button", { name: /Time range/ }).click();
      await expect(page.getByRole("button", { name: "Use these days" })).toBeVisible();
    },
  },
  {
    name: "nothing",
    isWideOnly: true,
    search: { query: "imed service:payments" },
    show: async (page) => expect(page.getByRole("button", { name: /Any part of a word/ })).toBeVisible(),
  },
  {
    name: "first-run",
    isEmpty: true,
    isWideOnly: true,
    show: async (page) => expect(page.getByRole("link", { name: "Send your first line" })).toBeVisible(),
  },
  { name: "live", isWideOnly: true, search: { live: "1" } },
  {
    name: "filters",
    isPhoneOnly: true,
    show: async (page) => {
      await page.getByRole("button", { name: "Filters" }).click();
      await expect(page.getByRole("dialog", { name: "Filters" })).toContainText("payments");
    },
  },
  {
    name: "commands",
    isWideOnly: true,
    show: async (page) => {
      await page.keyboard.press("Control+k");
      await expect(page.getByRole("dialog", { name: "Commands" })).toBeVisible();
    },
  },
  {
    name: "saved",
    isWideOnly: true,
    show: async (page) => {
      await page.getByRole("button", { name: "Save search" }).click();
      await expect(page.getByRole("dialog")).toBeVisible();
    },
  },
];

for (const colorScheme of ["light", "dark"] as const) {
  for (const viewport of SIZES) {
    test.describe(`at ${viewport.width}x${viewport.height} in the ${colorScheme} theme`, () => {
      test.use({ colorScheme, viewport });

      test("every state of the explorer fits, and axe finds nothing", async ({ page }) => {
        // axe takes seconds for each of a dozen states, and many more on a busy machine.
        test.setTimeout(300_000);
        const isPhone = viewport.width < 640;
        for (const { name, search, isEmpty, show, isWideOnly, isPhoneOnly } of STATES) {
          if ((isPhone ? isWideOnly : isPhoneOnly) === true) continue;
          await test.step(name, async () => {
            await page.goto(logsOf(isEmpty === true ? empty : shop, search));
            if (isEmpty !== true && name !== "nothing") {
              await expect(rowsOf(page).first()).toBeVisible();
              await expect(page.getByRole("region", { name: "Lines over time" })).toContainText(/\d lines?/);
            }
            await show?.(page);
            await expectAccessible(page);
            const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
            expect(overflow).toBeLessThanOrEqual(0);
            await page.screenshot({ path: `test-results/explorer-${name}-${colorScheme}-${viewport.width}.png` });
          });
        }
      });
    });
  }
}
