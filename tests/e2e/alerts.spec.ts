import {
  ACCOUNT_ENV,
  createProject,
  expect,
  expectGoodPage,
  sendLines,
  signIn,
  test as withServer,
} from "#tests/e2e/fixtures.ts";
import { startServer, type TestServer } from "#tests/support/server.ts";
import { startWebhookReceiver, type WebhookReceiver } from "#tests/support/webhook-receiver.ts";

/** Rules of these servers are evaluated every second. */
const test = withServer.extend<object, { server: TestServer; receiver: WebhookReceiver }>({
  receiver: [
    // oxlint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const receiver = await startWebhookReceiver();
      await use(receiver);
      await receiver.close();
    },
    { scope: "worker" },
  ],
  server: [
    // oxlint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const server = await startServer({
        env: {
          ...ACCOUNT_ENV,
          LOG_LEVEL: "warn",
          ALERT_INTERVAL_MS: "1000",
          ALERT_OFFSET_MS: "0",
          WEBHOOK_ALLOW_CIDRS: "127.0.0.0/8",
        },
      });
      await use(server);
      await server.stop();
    },
    { scope: "worker", timeout: 120_000 },
  ],
});

const MIN = 60_000;

function failures(service: string, minutesAgo: number, count: number): object[] {
  const timestamp = new Date(Date.now() - minutesAgo * MIN).toISOString();
  return Array.from({ length: count }, (_, i) => ({
    timestamp,
    service,
    level: "error",
    message: `charge ${i} failed`,
  }));
}

test("a rule is built from a search, previewed, saved, fires, is silenced, and its history leads to the logs", async ({
  page,
  receiver,
  consoleErrors,
}) => {
  await signIn(page);
  const { slug, key } = await createProject(page, "Shop");
  await sendLines(page, key, [...failures("pay", 240, 9), ...failures("pay", 120, 4), ...failures("web", 60, 2)]);

  await page.goto(`/p/${slug}/alerts`);
  await expect(page.getByText("No alert rules yet")).toBeVisible();
  await expectGoodPage(page, "alerts-empty");

  await page.goto(`/p/${slug}/alerts/new?query=charge&service=pay&level=error`);
  await expect(page.getByLabel("Query")).toHaveValue("charge service:pay level:error");
  await page.getByLabel("Matches", { exact: true }).fill("5");
  await page.getByLabel("Window", { exact: true }).fill("1m");
  await expect(page.getByText("It would have fired once in the last 24 hours.")).toBeVisible();
  await expect(page.getByRole("img", { name: /The fullest window had 9 matches/ })).toBeVisible();
  await page.getByText("Figures as a table").click();
  await expect(page.getByRole("cell", { name: "9", exact: true })).toBeVisible();

  // What cannot be is said beside its field, by the browser and by the server.
  await page.getByLabel("Window", { exact: true }).fill("soon");
  await page.getByRole("button", { name: "Create alert" }).click();
  await expect(page.getByText(/must be a duration/)).toBeVisible();
  await page.getByLabel("Window", { exact: true }).fill("1m");
  await page.getByLabel("Name").fill("Payments fail");
  await page.getByLabel("Webhook address").fill("http://169.254.169.254/");
  await page.getByRole("button", { name: "Create alert" }).click();
  await expect(page.getByText(/leads to an address that is not public/)).toBeVisible();
  expect(consoleErrors.splice(0)).toEqual([expect.stringContaining("422")]);
  await page.getByLabel("Webhook address").fill(`${receiver.url}/hook`);
  await expectGoodPage(page, "alert-new");
  await page.getByRole("button", { name: "Create alert" }).click();

  await expect(page.getByRole("heading", { name: "Payments fail" })).toBeVisible();
  await expect(page.getByText("more than 5 matches within 1m")).toBeVisible();
  await page.getByRole("button", { name: "Send test" }).click();
  await expect(page.getByText(`${receiver.url}/hook: delivered`)).toBeVisible();
  expect(receiver.all.map(({ body }) => body.type)).toEqual(["alert.test"]);

  await sendLines(page, key, failures("pay", 0, 8));
  await expect.poll(() => receiver.all.at(-1)?.body.type, { timeout: 15_000 }).toBe("alert.firing");
  await page.reload();
  await expect(page.getByText("firing").first()).toBeVisible();
  await expect(page.getByText("8 matches").first()).toBeVisible();
  await expectGoodPage(page, "alert-firing");

  await page.getByRole("link", { name: "Edit" }).click();
  await expect(page.getByLabel("Matches", { exact: true })).toHaveValue("5");
  await expect(page.getByRole("img", { name: /The fullest window had 9 matches/ })).toBeVisible();
  await page.getByLabel("Name").fill("Payments fail often");
  await expectGoodPage(page, "alert-edit");
  await page.getByRole("button", { name: "Save alert" }).click();
  await expect(page.getByRole("heading", { name: "Payments fail often" })).toBeVisible();
  await expect(page.getByText("firing").first()).toBeVisible();

  await page.getByRole("button", { name: "Silence" }).click();
  await expect(page.getByText("silenced", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "End the silence" }).click();
  await expect(page.getByText("silenced", { exact: true })).toBeHidden();

  await page.goto(`/p/${slug}/alerts`);
  await expect(page.getByRole("link", { name: "Payments fail often" })).toBeVisible();
  await expectGoodPage(page, "alerts-list");
  await page.getByRole("link", { name: "Payments fail often" }).click();
  await page
    .getByRole("link", { name: /Show logs/ })
    .first()
    .click();
  await expect(page).toHaveURL(new RegExp(`/p/${slug}/logs\\?query=`));
  await expect(page.getByText("charge 7 failed").first()).toBeVisible();

  await page.goBack();
  await page.getByRole("button", { name: "Disable" }).click();
  await expect(page.getByText("disabled", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete alert" }).click();
  await expect(page.getByText("No alert rules yet")).toBeVisible();
});
