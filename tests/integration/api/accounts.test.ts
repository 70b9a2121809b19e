import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { openBrowser, type BrowserClient } from "#tests/support/browser-client.ts";

const ADMIN = { email: "ada@example.org", password: "correct horse battery" };

let server: ApiServer;
let admin: BrowserClient;
let project: TestProject;
/** Where the very first requests were led. */
let firstWays: (string | null)[];

const browser = () => openBrowser(() => server.process());

beforeAll(async () => {
  server = await startApiServer();
  admin = browser();
  const open = await admin.open("/");
  const answers = await Promise.all([
    admin.submit("/setup", ADMIN),
    browser().submit("/setup", { ...ADMIN, email: "b@example.org" }),
  ]);
  firstWays = [open, ...answers].map((answer) => answer.headers.get("location"));
  if (admin.cookie === "") {
    ADMIN.email = "b@example.org";
    await admin.submit("/login", ADMIN);
  }
  project = await server.api.createProject("shop");
  await server.api.commit(project.key, '{"message":"a line of the shop","service":"web"}');
});

afterAll(() => server.close());

/** Invites somebody with a role and lets them sign up. */
async function join(role: string, email: string): Promise<BrowserClient> {
  const invited = browser();
  const answer = await invited.submit(new URL(await inviteLink(role)).pathname, {
    email,
    password: "a password of mine",
  });
  expect(answer.headers.get("location")).toBe(`/p/${project.slug}`);
  return invited;
}

async function inviteLink(role: string): Promise<string> {
  const answer = await admin.submit(`/p/${project.slug}/settings/members`, { intent: "invite", role });
  const link = /https?:\/\/[^"<]*\/invite\/[\w-]{43}/.exec(await answer.text())?.[0];
  if (link === undefined) throw new Error("no link in the page");
  return link;
}

describe("signing in", () => {
  test("the first visit makes the account; of two at once one does, and the other is shown the login", () => {
    expect(firstWays[0]).toBe("/setup");
    expect(new Set(firstWays.slice(1))).toEqual(new Set(["/", "/login"]));
  });

  test("the setup is closed once there is an account", async () => {
    expect((await browser().open("/setup")).headers.get("location")).toBe("/login");
    const late = await browser().submit("/setup", { email: "eve@example.org", password: "let me in please" });
    expect(late.headers.get("location")).toBe("/login");
    expect(late.headers.get("set-cookie")).toBeNull();
  });

  test("a page leads to the login and back to where one wanted to go", async () => {
    const visitor = browser();
    const location = (await visitor.open("/p/shop/settings?x=1")).headers.get("location");
    expect(location).toBe("/login?next=%2Fp%2Fshop%2Fsettings%3Fx%3D1");
    const signedIn = await visitor.submit(location ?? "", ADMIN);
    expect(signedIn.headers.get("location")).toBe("/p/shop/settings?x=1");
    const elsewhere = await browser().submit("/login?next=//evil.example", ADMIN);
    expect(elsewhere.headers.get("location")).toBe("/");
  });

  test("the cookie is for the server alone, and every sign-in has its own", async () => {
    const answer = await browser().submit("/login", ADMIN);
    expect(answer.headers.get("set-cookie")).toMatch(/^akavelog=.+; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/);
    const stale = browser();
    stale.cookie = admin.cookie;
    await stale.submit("/login", ADMIN);
    expect(stale.cookie).not.toBe(admin.cookie);
  });

  test("a wrong password and an unknown account read the same, and after eight tries both wait", async () => {
    for (const email of ["nobody@example.org", ADMIN.email]) {
      const guesser = browser();
      const answers = [];
      for (let i = 0; i < 9; i++) answers.push(await guesser.submit("/login", { email, password: `guess ${i}` }));
      expect(answers.map(({ status }) => status)).toEqual([...Array.from({ length: 8 }, () => 403), 429]);
      expect(await answers[0]?.text()).toContain("The e-mail address or the password is wrong.");
      expect(Number(answers[8]?.headers.get("retry-after"))).toBeGreaterThan(800);
      expect(await answers[8]?.text()).toContain("Too many tries.");
    }
    const script = await browser().submit("/login", ADMIN, { "sec-fetch-site": "same-origin", accept: "*/*" });
    expect([script.status, script.headers.get("content-type")]).toEqual([429, "application/problem+json"]);
    expect(Number(script.headers.get("retry-after"))).toBeGreaterThan(800);
    // Also the right one waits, or guessing would go on.
    expect((await browser().submit("/login", ADMIN)).status).toBe(429);
    await server.restart();
    expect((await browser().submit("/login", ADMIN)).status).toBe(302);
  });

  test("a session outlives a restart, and a cookie that was changed or made up is none", async () => {
    await server.restart();
    expect((await admin.open("/")).status).toBe(200);
    const forged = browser();
    forged.cookie = admin.cookie.slice(0, -3);
    expect((await forged.open("/")).status).toBe(302);
  });

  test("signing out needs a form of ours, and ends the session", async () => {
    const visitor = browser();
    await visitor.submit("/login", ADMIN);
    const { cookie } = visitor;
    expect((await visitor.open("/logout")).headers.get("location")).toBe("/");
    expect((await visitor.open("/")).status).toBe(200);
    await visitor.submit("/logout", {});
    expect(visitor.cookie).toBe("");
    visitor.cookie = cookie;
    expect((await visitor.open("/")).status).toBe(302);
  });

  test("a new password signs every other browser out and works from then on", async () => {
    const [here, there] = [await join("viewer", "grace@example.org"), browser()];
    await there.submit("/login", { email: "Grace@Example.org ", password: "a password of mine" });
    const change = (current: string) =>
      here.submit("/account", { intent: "password", current, password: "another password" });
    expect((await change("not mine at all")).status).toBe(422);
    expect((await there.open("/")).status).toBe(200);
    expect((await change("a password of mine")).status).toBe(200);
    expect((await here.open("/")).status).toBe(200);
    expect((await there.open("/")).status).toBe(302);
    await there.submit("/login", { email: "grace@example.org", password: "another password" });
    await here.submit("/account", { intent: "sign-out-everywhere" });
    expect((await there.open("/")).status).toBe(302);
  });
});

describe("other sites", () => {
  const FOREIGN: Record<string, string>[] = [
    {},
    { origin: "https://evil.example" },
    { origin: "null" },
    { "sec-fetch-site": "cross-site", origin: "https://evil.example" },
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "none" },
  ];

  test.each(FOREIGN)("cannot make a signed-in browser change anything: %j", async (headers) => {
    const wanted = { intent: "project", name: "hijacked", retentionDays: "1" };
    expect((await admin.submit(`/p/${project.slug}/settings?index`, wanted, headers)).status).toBe(403);
    expect((await admin.submit("/login", ADMIN, headers)).status).toBe(403);
    expect((await admin.submit("/logout", {}, headers)).status).toBe(403);
    const api = await admin.call("/projects", {
      method: "POST",
      body: '{"name":"hijacked"}',
      headers: { "sec-fetch-site": "", ...headers },
    });
    expect(api.status).toBe(403);
    expect(await (await server.api.operator("GET", "/projects")).text()).not.toContain("hijacked");
  });
});

test("what a page fetches of an object that is not there is a problem document", async () => {
  const answer = await admin.call(`/p/${project.slug}/objects/none`);
  expect([answer.status, answer.headers.get("content-type")]).toEqual([404, "application/problem+json"]);
  expect(await answer.json()).toMatchObject({ title: "Object not found", status: 404 });
});

test("a script that is refused by a page is told what the page would say", async () => {
  const answer = await admin.submit("/logout", {}, { origin: "https://evil.example", accept: "*/*" });
  expect(await answer.json()).toMatchObject({ status: 403, detail: expect.stringContaining("set that") as string });
});

describe("roles", () => {
  let viewer: BrowserClient;
  let member: BrowserClient;
  let stranger: BrowserClient;

  beforeAll(async () => {
    viewer = await join("viewer", "viewer@example.org");
    member = await join("member", "member@example.org");
    stranger = await join("viewer", "stranger@example.org");
    await admin.submit(`/p/${project.slug}/settings/members`, { intent: "remove", userId: await idOf("stranger") });
  }, 60_000);

  async function idOf(name: string): Promise<string> {
    const [row] = await server.database.sql<
      { id: string }[]
    >`select id from users where email = ${`${name}@example.org`}`;
    return row?.id ?? "";
  }

  test("all members read with a cookie, and nobody else", async () => {
    const read = (who: BrowserClient, slug = project.slug) =>
      who.call(`/query?project=${slug}`, {
        method: "POST",
        body: '{"from":0}',
        headers: { accept: "application/json" },
      });
    for (const who of [admin, member, viewer]) {
      const answer = await read(who);
      expect(answer.status).toBe(200);
      expect(await answer.text()).toContain("a line of the shop");
    }
    expect((await read(stranger)).status).toBe(404);
    expect((await read(viewer, "no-such")).status).toBe(404);
    expect((await read(browser())).status).toBe(401);
    expect((await viewer.call("/query", { method: "POST", body: "{}" })).status).toBe(400);
    for (const path of ["/tail?query=(&project=shop", "/export?query=(&project=shop"]) {
      expect((await viewer.call(path)).status).toBe(400);
      expect((await stranger.call(path)).status).toBe(404);
    }
  });

  test("pages show what a role may see", async () => {
    const statuses = async (path: string) =>
      Promise.all([admin, member, viewer, stranger].map(async (who) => (await who.open(path)).status));
    expect(await statuses(`/p/${project.slug}/settings`)).toEqual([200, 200, 200, 404]);
    expect(await statuses(`/p/${project.slug}/settings/keys`)).toEqual([200, 200, 403, 404]);
    expect(await statuses(`/p/${project.slug}/settings/members`)).toEqual([200, 200, 200, 404]);
    expect(await statuses(`/p/${project.slug}/settings/shippers`)).toEqual([200, 200, 200, 404]);
    expect(await statuses("/projects/new")).toEqual([200, 403, 403, 403]);
  });

  test("only owners change a project, its keys and its people, by page or by request", async () => {
    const base = `/p/${project.slug}/settings`;
    const forms: [string, Record<string, string>][] = [
      [`${base}?index`, { intent: "project", name: "mine now", retentionDays: "1" }],
      [`${base}?index`, { intent: "lines" }],
      [`${base}?index`, { intent: "delete", confirmation: "shop" }],
      [`${base}/keys`, { intent: "create", name: "k", scopes: "query", lifetimeDays: "never" }],
      [`${base}/keys`, { intent: "rotate", keyId: project.keyId }],
      [`${base}/keys`, { intent: "revoke", keyId: project.keyId }],
      [`${base}/shippers`, {}],
      [`${base}/members`, { intent: "invite", role: "owner" }],
      [`${base}/members`, { intent: "role", userId: await idOf("viewer"), role: "owner" }],
      [`${base}/members`, { intent: "remove", userId: await idOf("member") }],
      ["/projects/new", { name: "another", retentionDays: "3" }],
    ];
    for (const [path, fields] of forms) {
      for (const [who, refusals] of [
        [member, [403]],
        [viewer, [403]],
        [stranger, [403, 404]],
      ] as const) {
        expect([path, fields, refusals.includes((await who.submit(path, fields)).status as never)]).toEqual([
          path,
          fields,
          true,
        ]);
      }
    }
    const calls: [string, string, string | null][] = [
      ["POST", "/projects", '{"name":"x"}'],
      ["PATCH", `/projects/${project.id}`, '{"retentionDays":1}'],
      ["DELETE", `/projects/${project.id}`, null],
      ["GET", `/projects/${project.id}/keys`, null],
      ["POST", `/projects/${project.id}/keys`, '{"name":"k","scopes":["query"]}'],
      ["DELETE", `/projects/${project.id}/keys/${project.keyId}`, null],
    ];
    for (const [method, path, body] of calls) {
      expect([path, (await viewer.call(path, { method, body })).status]).toEqual([path, 403]);
      expect([path, (await stranger.call(path, { method, body })).status]).toEqual([
        path,
        path === "/projects" ? 403 : 404,
      ]);
    }
    expect(await (await server.api.operator("GET", `/projects/${project.id}`)).json()).toMatchObject({
      project: { name: "shop", retentionDays: 30 },
    });
    expect((await server.api.call("/projects/current", { key: project.key })).status).toBe(200);
  });

  test("an owner manages the project as the operator does", async () => {
    await admin.submit(`/p/${project.slug}/settings/members`, {
      intent: "role",
      userId: await idOf("member"),
      role: "owner",
    });
    const made = await member.call(`/projects/${project.id}/keys`, {
      method: "POST",
      body: '{"name":"k","scopes":["query"]}',
    });
    expect(made.status).toBe(201);
    const { projects } = (await (await member.call("/projects")).json()) as { projects: { slug: string }[] };
    expect(projects.map(({ slug }) => slug)).toEqual(["shop"]);
    expect(((await (await viewer.call("/projects")).json()) as { projects: unknown[] }).projects).toEqual([]);
    // The last owner stays one.
    const last = { intent: "role", userId: await idOf("member"), role: "viewer" };
    expect((await member.submit(`/p/${project.slug}/settings/members`, last)).status).toBe(422);
  });

  test("an invitation works once, and not after it was withdrawn", async () => {
    const path = new URL(await inviteLink("member")).pathname;
    expect(await (await browser().open(path)).text()).toContain("as member");
    const taken = await browser().submit(path, { email: "viewer@example.org", password: "a password of mine" });
    expect(await taken.text()).toContain("This address has an account");
    // Somebody who has an account joins with it, and gets the higher role.
    expect((await viewer.submit(path, {})).headers.get("location")).toBe("/p/shop");
    expect((await viewer.open("/p/shop/settings/keys")).status).toBe(200);
    expect((await browser().open(path)).status).toBe(404);

    const other = new URL(await inviteLink("owner")).pathname;
    const [row] = await server.database.sql<{ id: string }[]>`select id from invitations`;
    await admin.submit("/p/shop/settings/members", { intent: "withdraw", invitationId: row?.id ?? "" });
    expect((await stranger.submit(other, {})).status).toBe(404);
  });

  test("somebody who was removed sees nothing from then on", async () => {
    await admin.submit("/p/shop/settings/members", { intent: "remove", userId: await idOf("viewer") });
    expect((await viewer.open("/p/shop")).status).toBe(404);
    expect((await viewer.call("/query?project=shop", { method: "POST", body: "{}" })).status).toBe(404);
  });
});

test("the first account may come from the configuration, and does not come back changed", async () => {
  const env = { AKAVELOG_ADMIN_EMAIL: "Root@Example.org", AKAVELOG_ADMIN_PASSWORD: "configured password" };
  const configured = await startApiServer({ env });
  const visitor = openBrowser(() => configured.process());
  const credentials = { email: "root@example.org", password: "configured password" };
  try {
    expect((await visitor.open("/setup")).headers.get("location")).toBe("/login");
    expect((await visitor.submit("/login", credentials)).status).toBe(302);
    await configured.restart({ env: { AKAVELOG_ADMIN_PASSWORD: "another password" } });
    expect((await visitor.submit("/login", credentials)).status).toBe(302);
  } finally {
    await configured.close();
  }
});
