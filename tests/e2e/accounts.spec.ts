import { ADMIN, createProject, expect, expectGoodPage, sendLines, signIn, test } from "#tests/e2e/fixtures.ts";

test("a wrong password is told, and a right one leads where one wanted to go", async ({ page, consoleErrors }) => {
  await page.goto("/account");
  await expect(page).toHaveURL(/\/login\?next=%2Faccount$/);
  await expectGoodPage(page, "login");
  await page.getByLabel("E-mail").fill(ADMIN.email);
  await page.getByLabel("Password").fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toHaveText("The e-mail address or the password is wrong.");
  await expect(page.getByLabel("E-mail")).toHaveValue(ADMIN.email);
  await page.getByLabel("Password").fill(ADMIN.password);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Password and sessions" })).toBeVisible();
  await expectGoodPage(page, "account");
  // The browser reports the status of the refusal.
  expect(consoleErrors.splice(0)).toEqual([expect.stringContaining("403")]);
});

test("guessing is slowed down", async ({ page, consoleErrors }) => {
  await page.goto("/login");
  for (let guess = 0; guess < 9; guess++) {
    await page.getByLabel("E-mail").fill("victim@example.org");
    await page.getByLabel("Password").fill(`guess ${guess}`);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("alert")).toHaveText(guess < 8 ? /is wrong/ : /Too many tries/);
    await expect(page.getByRole("button", { name: "Sign in" })).toBeEnabled();
  }
  // The browser reports the statuses.
  consoleErrors.length = 0;
});

test("the life of a key: made, shown once, used, rotated, revoked, by keyboard alone", async ({ page }) => {
  await signIn(page);
  const { slug } = await createProject(page, "keys");
  await page.goto(`/p/${slug}/settings/keys`);
  const status = async (key: string | null) =>
    (await page.request.post("/ingest", { data: '{"message":"x"}', headers: { "x-api-key": key ?? "" } })).status();

  await page.getByLabel("Name").focus();
  await page.keyboard.type("fluent-bit");
  await page.keyboard.press("Enter");
  const shown = page.getByRole("status").locator("code");
  await expect(shown).toHaveText(/^akl_/);
  const first = await shown.textContent();
  expect(await status(first)).toBe(202);

  await page
    .getByRole("listitem")
    .filter({ hasText: "fluent-bit" })
    .getByRole("button", { name: "Rotate" })
    .press("Enter");
  await expect(page.getByRole("dialog", { name: "Rotate fluent-bit?" })).toBeVisible();
  await expectGoodPage(page, "dialog");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Rotate key" }).press("Enter");
  const rotated = page.getByRole("listitem").filter({ hasText: "fluent-bit" }).getByRole("status").locator("code");
  await expect(rotated).toHaveText(/^akl_/);
  const second = await rotated.textContent();
  expect(second).not.toBe(first);
  await expect.poll(() => status(first), { timeout: 6_000 }).toBe(401);
  expect(await status(second)).toBe(202);

  await page
    .getByRole("listitem")
    .filter({ hasText: "fluent-bit" })
    .getByRole("button", { name: "Revoke" })
    .press("Enter");
  await page.getByRole("button", { name: "Revoke key" }).press("Enter");
  await expect(page.getByText("revoked", { exact: true })).toBeVisible();
  await expect.poll(() => status(second), { timeout: 6_000 }).toBe(401);
  await page.reload();
  await expect(page.getByText(/^akl_\w{32}$/)).toHaveCount(0);
  await expectGoodPage(page, "settings-keys");
});

test("a shipper gets a key of its own, and channels are listed once there are some", async ({ page }) => {
  await signIn(page);
  const { slug, key } = await createProject(page, "senders");
  await page.goto(`/p/${slug}/settings/channels`);
  await expect(page.getByText("Nobody is told yet")).toBeVisible();
  const rule = {
    name: "errors",
    query: "level:error",
    kind: "threshold",
    window: "5m",
    condition: { op: ">", value: 5 },
    notify: [{ type: "slack", url: "https://chat.example.org/hook" }],
  };
  const made = await page.request.post("/alerts", { data: rule, headers: { "x-api-key": key } });
  expect(made.status()).toBe(201);
  await page.reload();
  await expect(page.getByRole("link", { name: "errors" })).toBeVisible();
  await expectGoodPage(page, "settings-channels");

  await page.getByRole("link", { name: "Shippers" }).click();
  await expect(page.locator("details[open] pre")).toContainText("akl_…");
  await page.getByRole("button", { name: "New key for this snippet" }).click();
  await expect(page.locator("details[open] pre")).toContainText(/akl_\w{32}/);
  await expectGoodPage(page, "settings-shippers");
});

test("a project is renamed, its retention changed, and deleted when its name is typed", async ({ page }) => {
  await signIn(page);
  const { slug } = await createProject(page, "short lived");
  await page.goto(`/p/${slug}/settings`);
  await expectGoodPage(page, "settings-general");
  await page.getByLabel("Name").fill("");
  await page.getByLabel("Days to keep logs").fill("1.5");
  await page.getByRole("button", { name: "Save" }).first().click();
  await expect(page.getByText("Enter a name.")).toBeVisible();
  await expect(page.getByText("Enter a whole number of days.")).toBeVisible();
  await page.getByLabel("Name").fill("Renamed");
  await page.getByLabel("Days to keep logs").fill("5");
  await page.getByRole("button", { name: "Save" }).first().click();
  await expect(page.getByText("Saved")).toBeVisible();
  await expect(page.getByRole("button", { name: "Renamed, switch project" })).toBeVisible();

  await page.getByLabel("Open lines that are JSON or logfmt").uncheck();
  await page.getByRole("button", { name: "Save" }).nth(1).click();
  await expect(page.getByText("Saved")).toHaveCount(2);
  await page.reload();
  await expect(page.getByLabel("Open lines that are JSON or logfmt")).not.toBeChecked();

  await page.getByLabel("Type Renamed to confirm").fill("renamed");
  await page.getByRole("button", { name: "Delete project" }).click();
  await expect(page.getByText("This is not Renamed.")).toBeVisible();
  await page.getByLabel("Type Renamed to confirm").fill("Renamed");
  await page.getByRole("button", { name: "Delete project" }).click();
  await expect(page).toHaveURL(/\/$/);
  await expect(page.getByText("Renamed")).toHaveCount(0);
});

test("an invited viewer sees and cannot change", async ({ page, browser, baseURL, consoleErrors }) => {
  await signIn(page);
  const { slug, key } = await createProject(page, "shared");
  await sendLines(page, key, [{ message: "a shared line", service: "web" }]);
  await page.goto(`/p/${slug}/settings/members`);
  await page.getByLabel("Role", { exact: true }).selectOption("viewer");
  await page.getByRole("button", { name: "Make a link" }).click();
  const link = await page.getByRole("status").locator("code").textContent();
  await expectGoodPage(page, "settings-members");

  const context = await browser.newContext({ baseURL: baseURL ?? "" });
  const guest = await context.newPage();
  await guest.goto(link ?? "");
  await expectGoodPage(guest, "invitation");
  await guest.getByLabel("E-mail").fill("guest@example.org");
  await guest.getByLabel("Password").fill("a password of mine");
  await guest.getByRole("button", { name: "Create account and join" }).click();
  await expect(guest).toHaveURL(new RegExp(`/p/${slug}$`));
  await guest.goto(`/p/${slug}/settings`);
  await expect(guest.getByLabel("Name")).toBeDisabled();
  await expect(guest.getByRole("navigation", { name: "Settings" }).getByRole("link")).toHaveText([
    "General",
    "Shippers",
    "Members",
    "Channels",
  ]);
  await expect(guest.getByRole("button", { name: "Save" })).toHaveCount(0);
  await expect(guest.getByRole("button", { name: "Delete project" })).toHaveCount(0);
  const answer = await guest.goto(`/p/${slug}/settings/keys`);
  expect(answer?.status()).toBe(403);
  await expect(guest.getByRole("heading", { name: "Not allowed" })).toBeVisible();
  await expectGoodPage(guest, "not-allowed");
  await guest.goto(`/p/${slug}/settings/members`);
  await expect(guest.getByText("guest@example.org")).toBeVisible();
  await expect(guest.getByRole("button", { name: "Remove" })).toHaveCount(0);
  await context.close();

  await page.reload();
  await page
    .getByRole("listitem")
    .filter({ hasText: "guest@example.org" })
    .getByRole("button", { name: "Remove" })
    .click();
  await page.getByRole("button", { name: "Remove member" }).click();
  await expect(page.getByText("guest@example.org")).toHaveCount(0);
  expect(consoleErrors).toEqual([]);
});

test("the theme that is chosen stays, and signing out ends the session", async ({ page }) => {
  await signIn(page);
  await page.getByRole("button", { name: "Account and theme" }).click();
  await page.getByRole("menuitemradio", { name: "Dark" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.getByRole("button", { name: "Account and theme" }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/login$/);
  await page.goto("/");
  await expect(page).toHaveURL(/\/login$/);
});

test("times are in the zone of the device or in UTC, on every page alike", async ({ browser, baseURL }) => {
  const context = await browser.newContext({
    timezoneId: "Asia/Kolkata",
    ...(baseURL === undefined ? {} : { baseURL }),
  });
  const page = await context.newPage();
  await signIn(page);
  const { slug, key } = await createProject(page, "Around the world");
  await sendLines(page, key, [{ message: "where am I" }]);
  const zoneOfExplorer = page.getByRole("columnheader", { name: /^UTC/ });
  await page.goto(`/p/${slug}/settings/audit`);
  await expect(page.locator("time").first()).toContainText("UTC+05:30");
  await page.goto(`/p/${slug}/logs`);
  await expect(zoneOfExplorer).toHaveText("UTC+05:30");

  await page.getByRole("button", { name: "Account and theme" }).click();
  await page.getByRole("menuitemradio", { name: "UTC" }).click();
  await expect(zoneOfExplorer).toHaveText("UTC");
  await page.goto(`/p/${slug}/settings/audit`);
  await expect(page.locator("time").first()).toHaveText(/ UTC$/);

  await page.goto(`/p/${slug}/logs`);
  await page.getByRole("button", { name: /^Time range/ }).click();
  await page.getByRole("button", { name: "My zone (UTC+05:30)" }).click();
  await expect(zoneOfExplorer).toHaveText("UTC+05:30");
  await page.goto(`/p/${slug}/settings/audit`);
  await expect(page.locator("time").first()).toContainText("UTC+05:30");
  await context.close();
});

test("an owner reads what was done in a project, and everybody whether the server works", async ({ page }) => {
  await signIn(page);
  const { slug } = await createProject(page, "Looked after");
  await page.goto(`/p/${slug}/settings/audit`);
  await expect(page.getByText("created the project Looked after")).toBeVisible();
  await expectGoodPage(page, "settings-audit");
  await page.goto("/status");
  await expect(page.getByText("Taking logs")).toBeVisible();
  await expectGoodPage(page, "status");
});
