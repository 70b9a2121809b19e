import { afterAll, beforeAll, expect, test } from "vitest";
import type { FullRule } from "#tests/support/alert-client.ts";
import type { TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { openBrowser, type BrowserClient } from "#tests/support/browser-client.ts";

const ADMIN = { email: "ada@example.org", password: "correct horse battery" };
const RULE = {
  intent: "save",
  name: "Errors",
  query: "level:error",
  kind: "threshold",
  window: "5m",
  op: ">",
  value: "5",
};

let server: ApiServer;
let owner: BrowserClient;
let project: TestProject;

beforeAll(async () => {
  server = await startApiServer({
    env: { AKAVELOG_ADMIN_EMAIL: ADMIN.email, AKAVELOG_ADMIN_PASSWORD: ADMIN.password },
  });
  owner = openBrowser(() => server.process());
  await owner.submit("/login", ADMIN);
  project = await server.api.createProject("shop");
}, 180_000);

afterAll(() => server.close());

async function join(role: string, name = role): Promise<BrowserClient> {
  const answer = await owner.submit(`/p/${project.slug}/settings/members`, { intent: "invite", role });
  const link = /https?:\/\/[^"<]*(\/invite\/[\w-]{43})/.exec(await answer.text())?.[1] ?? "";
  const invited = openBrowser(() => server.process());
  await invited.submit(link, { email: `${name}@example.org`, password: "a password of mine" });
  return invited;
}

/** The page of a rule that the form made. */
async function createRule(browser: BrowserClient, change: Record<string, string> = {}): Promise<string> {
  const answer = await browser.submit(`/p/${project.slug}/alerts/new`, { ...RULE, ...change });
  expect([answer.status, answer.headers.get("location")]).toEqual([302, expect.stringContaining("/alerts/")]);
  return answer.headers.get("location") ?? "";
}

test("a form makes a rule without scripts, and says beside its fields what cannot be", async () => {
  const page = `/p/${project.slug}/alerts/new`;
  const opened = await (await owner.open(`${page}?query=a+OR+b&service=pay&level=warning`)).text();
  expect(opened).toContain('value="(a OR b) service:pay level:warn"');
  for (const [change, said] of [
    [{ window: "soon" }, "must be a duration"],
    [{ query: "level:(" }, "Expected"],
    [{ webhookUrl: "http://10.0.0.1/" }, "not public"],
    [{ emailTo: "a@example.org" }, "SMTP_URL, which is not set"],
    [{ name: "" }, "must not be empty"],
    [{ value: "" }, "is needed by a threshold"],
  ] as const) {
    const refused = await owner.submit(page, { ...RULE, ...change });
    expect([change, refused.status, await refused.text()]).toEqual([change, 422, expect.stringContaining(said)]);
  }
  const preview = await owner.submit(page, { ...RULE, intent: "preview" });
  expect([preview.status, await preview.text()]).toEqual([200, expect.stringContaining("It would not have fired")]);
  const shown = await (await owner.open(await createRule(owner, { groupBy: "host" }))).text();
  expect(shown).toContain("more than 5 matches within 5m, by host");
});

test("a rule is edited in the form it was made with; what the form does not show stays", async () => {
  const answer = await owner.call(`/alerts?project=${project.slug}`, {
    method: "POST",
    body: JSON.stringify({
      name: "Errors",
      query: "level:error",
      window: "5m",
      condition: { op: ">=", value: 7 },
      groupBy: "host",
      repeatEvery: "1h",
      notifyResolved: false,
      silencedUntil: "2100-01-01T00:00:00Z",
      notify: [
        { type: "webhook", url: "https://example.org/a", secret: "a secret of mine" },
        { type: "webhook", url: "https://example.org/b", secret: "another secret" },
        { type: "slack", url: "https://hooks.example.org/services/T/B/private" },
      ],
    }),
  });
  const made = (await answer.json()) as FullRule;
  const page = `/p/${project.slug}/alerts/${made.id}`;
  const form = await (await owner.open(`${page}/edit`)).text();
  for (const value of ["Errors", "level:error", "7", "5m", "host", "1h", "https://example.org/a"])
    expect(form).toContain(`value="${value}"`);
  expect(form).not.toContain("private");
  expect(form).not.toContain("a secret of mine");

  const edited = {
    ...RULE,
    name: "More errors",
    window: "10m",
    op: ">=",
    value: "7",
    groupBy: "host",
    repeatEvery: "1h",
    webhookUrl: "https://example.org/c",
    slackUrl: (made.notify[2] as { url: string }).url,
  };
  expect((await owner.submit(`${page}/edit`, { ...edited, window: "soon" })).status).toBe(422);
  expect((await owner.submit(`${page}/edit`, edited)).headers.get("location")).toBe(page);
  const changed = (await (await owner.call(`/alerts/${made.id}?project=${project.slug}`)).json()) as FullRule;
  expect(changed).toMatchObject({ name: "More errors", window: "10m", silencedUntil: made.silencedUntil });
  expect(changed.notify).toEqual([{ ...made.notify[0], url: "https://example.org/c" }, made.notify[2], made.notify[1]]);

  const viewer = await join("viewer", "looker");
  expect((await viewer.open(`${page}/edit`)).status).toBe(403);
  expect((await viewer.submit(`${page}/edit`, edited)).status).toBe(403);
});

test("a member changes rules; a viewer looks at them and changes nothing", async () => {
  const [member, viewer] = [await join("member"), await join("viewer")];
  const page = await createRule(member);
  const list = `/p/${project.slug}/alerts`;
  for (const path of [list, page]) {
    const looked = await viewer.open(path);
    const text = await looked.text();
    expect([path, looked.status]).toEqual([path, 200]);
    for (const offer of ["New alert", "Silence for", "Send test", "Edit", "Delete"]) expect(text).not.toContain(offer);
  }
  expect((await viewer.open(`${list}/new`)).status).toBe(403);
  for (const intent of ["silence", "switch", "test", "delete"])
    expect([intent, (await viewer.submit(page, { intent, length: "1h", enabled: "false" })).status]).toEqual([
      intent,
      403,
    ]);
  expect((await viewer.submit(`${list}/new`, RULE)).status).toBe(403);

  // Read by a session, the API goes by the same roles.
  const asked = `?project=${project.slug}`;
  expect((await viewer.call(`/alerts${asked}`)).status).toBe(200);
  const body = JSON.stringify({ name: "r", window: "5m", condition: { op: ">", value: 1 } });
  expect((await viewer.call(`/alerts${asked}`, { method: "POST", body })).status).toBe(403);
  expect((await member.call(`/alerts${asked}`, { method: "POST", body })).status).toBe(201);

  expect((await member.submit(page, { intent: "silence", length: "1h" })).status).toBe(200);
  expect(await (await viewer.open(page)).text()).toContain("Silenced until");
  expect((await member.submit(page, { intent: "switch", enabled: "false" })).status).toBe(200);
  expect(await (await viewer.open(list)).text()).toContain("disabled");
  expect((await member.submit(page, { intent: "delete" })).headers.get("location")).toBe(list);
  expect((await viewer.open(page)).status).toBe(404);
});

test("another project's rule is not found below one's own address", async () => {
  const page = await createRule(owner);
  const other = await server.api.createProject("other");
  expect((await owner.open(page.replace(`/p/${project.slug}/`, `/p/${other.slug}/`))).status).toBe(404);
});
