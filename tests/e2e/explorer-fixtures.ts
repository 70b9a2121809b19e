import type { Page } from "@playwright/test";
import { expect, test as base } from "#tests/e2e/fixtures.ts";
import { API_ENV, apiClient, type ApiClient, type TestProject } from "#tests/support/api-client.ts";
import { openBrowser, type BrowserClient } from "#tests/support/browser-client.ts";
import { startServer } from "#tests/support/server.ts";

export { expect };
export { expectAccessible } from "#tests/e2e/fixtures.ts";

/** Workspace is a server with an account, and what a test needs to fill a project. */
export interface Workspace {
  client: ApiClient;
  owner: BrowserClient;
  /** Lets one more person into a project. */
  invite(project: TestProject, role: "member" | "viewer"): Promise<BrowserClient>;
  /** A project with these entries, each with its time as it is or spread over the last minutes. */
  projectWith(name: string, entries: readonly object[]): Promise<TestProject>;
}

/** The account whose pages these are. */
export const ACCOUNT = { email: "ada@example.org", password: "correct horse battery staple" };

/** Tests of the explorer get a page that is signed in as an owner. */
export const test = base.extend<{ signIn: (browser: BrowserClient) => Promise<void> }, { workspace: Workspace }>({
  server: [
    // oxlint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const server = await startServer({ env: { ...API_ENV, QUERY_MAX_CONCURRENT: "8" } });
      await use(server);
      await server.stop();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  workspace: [
    async ({ server }, use) => {
      const client = apiClient(() => server);
      const owner = openBrowser(() => server);
      await owner.submit("/setup", ACCOUNT);
      await use({
        client,
        owner,
        async invite(project, role) {
          const answer = await owner.submit(`/p/${project.slug}/settings/members`, { intent: "invite", role });
          const link = /https?:\/\/[^"<]*\/invite\/[\w-]{43}/.exec(await answer.text())?.[0];
          if (link === undefined) throw new Error("the page of members shows no link");
          const invited = openBrowser(() => server);
          await invited.submit(new URL(link).pathname, {
            email: `${role}-${project.slug}@example.org`,
            password: ACCOUNT.password,
          });
          return invited;
        },
        async projectWith(name, entries) {
          const project = await client.createProject(name);
          const nowMs = Date.now();
          const lines = entries.map((entry, index) =>
            JSON.stringify({ timestamp: new Date(nowMs - 1_000 - index * 20).toISOString(), ...entry }),
          );
          for (let at = 0; at < lines.length; at += 5_000) {
            const answer = await client.ingest(project.key, lines.slice(at, at + 5_000).join("\n"));
            expect(answer.status).toBe(202);
          }
          return project;
        },
      });
    },
    { scope: "worker", timeout: 60_000 },
  ],
  signIn: async ({ context, server }, use) => {
    await use(async ({ cookie }) => {
      const [name = "", ...value] = cookie.split("=");
      await context.clearCookies();
      await context.addCookies([{ name, value: value.join("="), url: server.url }]);
    });
  },
  page: async ({ page, signIn, workspace }, use) => {
    await signIn(workspace.owner);
    await use(page);
  },
});

/** logsOf is the address of a project's explorer. */
export function logsOf(project: TestProject, search: Record<string, string> = {}): string {
  const parameters = new URLSearchParams(search).toString();
  return `/p/${project.slug}/logs${parameters === "" ? "" : `?${parameters}`}`;
}

/** rowsOf are the lines that the list draws. */
export function rowsOf(page: Page) {
  return page.getByRole("grid", { name: "Log lines" }).locator("[role=row][data-index]");
}

/** queryOf is the field that the query is written in. */
export function queryOf(page: Page) {
  return page.getByRole("textbox", { name: "Query" });
}

/** ask writes a query and runs it. */
export async function ask(page: Page, query: string): Promise<void> {
  await queryOf(page).fill(query);
  await page.keyboard.press("Enter");
}

/** statusOf says how far the search is. */
export function statusOf(page: Page) {
  return page
    .getByRole("status")
    .filter({ hasText: /lines?\b|Searching/ })
    .first();
}
