import { rm } from "node:fs/promises";
import path from "node:path";
import { logsOf, rowsOf, statusOf } from "#tests/e2e/explorer-fixtures.ts";
import { ACCOUNT_ENV, expect, expectGoodPage, signIn, test as base } from "#tests/e2e/fixtures.ts";
import { API_ENV, apiClient, type TestProject } from "#tests/support/api-client.ts";
import { startS3Server } from "#tests/support/s3-server.ts";
import { startServer, temporaryDataDirectory, type TestServer } from "#tests/support/server.ts";
import { startTcpProxy, type TcpProxy } from "#tests/support/tcp-proxy.ts";

interface Site {
  server: TestServer;
  shop: TestProject;
  wayToStore: TcpProxy;
}

/** The server has lines in a bucket of which it has no copy, and others that are not stored yet. */
const test = base.extend<object, { site: Site }>({
  site: [
    // oxlint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const store = await startS3Server();
      const wayToStore = await startTcpProxy({ host: "127.0.0.1", port: Number(new URL(store.endpoint).port) });
      const dataDirectory = await temporaryDataDirectory();
      const env = {
        ...API_ENV,
        ...ACCOUNT_ENV,
        O3_ENDPOINT: `http://127.0.0.1:${wayToStore.port}`,
        O3_BUCKET: store.bucket,
        O3_REGION: store.region,
        O3_ACCESS_KEY_ID: store.accessKeyId,
        O3_SECRET_ACCESS_KEY: store.secretAccessKey,
      };
      let server = await startServer({ dataDirectory, env });
      const api = apiClient(() => server);
      const shop = await api.createProject("shop");
      await api.ingest(shop.key, JSON.stringify([{ message: "stored 1" }, { message: "stored 2" }]), { wait: true });
      await server.stop();
      await rm(path.join(dataDirectory, "cache"), { recursive: true, force: true });
      server = await startServer({ dataDirectory, env });
      await api.ingest(shop.key, JSON.stringify([{ message: "fresh" }]));
      await use({ server, shop, wayToStore });
      await wayToStore.setState("open");
      await server.stop();
      await rm(dataDirectory, { recursive: true, force: true });
      await wayToStore.close();
      await store.close();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  server: [async ({ site }, use) => use(site.server), { scope: "worker" }],
});

test("while the store is away the explorer shows what is at hand and says that it is not all", async ({
  page,
  site: { shop, wayToStore },
}) => {
  await wayToStore.setState("away");
  await signIn(page);
  await page.goto(logsOf(shop));
  await expect(rowsOf(page)).toHaveCount(1);
  await expect(rowsOf(page)).toContainText("fresh");
  await expect(statusOf(page)).toContainText("Partial: 1 line. Part of the store could not be reached", {
    timeout: 20_000,
  });
  await expectGoodPage(page, "explorer-store-away");
  await page.goto(`/p/${shop.slug}`);
  await expect(page.getByRole("heading", { name: "Lines over time" })).toBeVisible();
  await wayToStore.setState("open");
  await page.goto(logsOf(shop));
  await expect(statusOf(page)).toContainText("3 lines, all there are", { timeout: 20_000 });
});
