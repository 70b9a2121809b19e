import { afterAll, beforeAll, expect, test } from "vitest";
import { listEvents } from "#app/server/catalog/audit-log.ts";
import type { TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { openBrowser, type BrowserClient } from "#tests/support/browser-client.ts";

const PASSWORD = "a password of mine";
const OWNER = "owner@example.org";
const VIEWER = "viewer@example.org";

let server: ApiServer;
let admin: BrowserClient;
let owner: BrowserClient;
let project: TestProject;

const browser = () => openBrowser(() => server.process());
const settings = (page: string) => `/p/${project.slug}/settings${page}`;

beforeAll(async () => {
  server = await startApiServer();
  admin = browser();
  await admin.submit("/setup", { email: "admin@example.org", password: PASSWORD });
  project = await server.api.createProject("audited");
  owner = await join(admin, "owner", OWNER);
});

afterAll(() => server.close());

async function join(by: BrowserClient, role: string, email: string): Promise<BrowserClient> {
  const invited = await (await by.submit(settings("/members"), { intent: "invite", role })).text();
  const joining = browser();
  await joining.submit(`/invite/${/\/invite\/([\w-]{43})/.exec(invited)?.[1]}`, { email, password: PASSWORD });
  return joining;
}

/** Who did what, the oldest first. */
async function events(): Promise<[actor: string, action: string, target: string][]> {
  const asked = { projectId: project.id, before: null, limit: 100 };
  const listed = await listEvents(server.database.database, asked);
  return listed.toReversed().map(({ actor, action, target }) => [actor, action, target]);
}

test("who made, rotated and revoked keys, let people in and took logs away is kept in order", async () => {
  const viewer = await join(owner, "viewer", VIEWER);
  const made = await owner.call(`/projects/${project.id}/keys`, {
    method: "POST",
    body: '{"name":"ci","scopes":["query"]}',
  });
  const { apiKey } = (await made.json()) as { apiKey: { id: string; key: string } };
  await server.api.operator("POST", `/projects/${project.id}/keys/${apiKey.id}/rotate`);
  await owner.submit(settings("/keys"), { intent: "revoke", keyId: apiKey.id });
  await viewer.call(`/export?project=${project.slug}&format=csv`);
  await server.api.call("/export", { key: project.key });
  await browser().submit("/login", { email: VIEWER, password: "not this one" });
  await viewer.submit("/logout", {});
  const [member] = await server.database.sql<{ id: string }[]>`select id from users where email = ${VIEWER}`;
  const userId = member?.id ?? "";
  await owner.submit(settings("/members"), { intent: "role", userId, role: "member" });
  await server.api.operator("PATCH", `/projects/${project.id}`, { retentionDays: 7 });
  const beforeRemoval = await events();
  expect(beforeRemoval).toEqual([
    ["operator", "project-created", "audited"],
    ["operator", "key-created", "first key"],
    ["admin@example.org", "member-invited", "owner"],
    [OWNER, "member-joined", "owner"],
    [OWNER, "sign-in", ""],
    [OWNER, "member-invited", "viewer"],
    [VIEWER, "member-joined", "viewer"],
    [VIEWER, "sign-in", ""],
    [OWNER, "key-created", "ci"],
    ["operator", "key-rotated", "ci"],
    [OWNER, "key-revoked", "ci"],
    [VIEWER, "exported", "csv"],
    [`API key ${project.keyId}`, "exported", "ndjson"],
    [VIEWER, "sign-in-refused", ""],
    [VIEWER, "sign-out", ""],
    [OWNER, "role-changed", `${VIEWER} to member`],
    ["operator", "project-changed", "retentionDays"],
  ]);
  await owner.submit(settings("/members"), { intent: "remove", userId });
  // Whose sign-ins they are is asked of the members that there are.
  expect((await events()).at(-1)).toEqual([OWNER, "member-removed", VIEWER]);
  expect((await events()).filter(([actor]) => actor === VIEWER).map(([, action]) => action)).toEqual([
    "member-joined",
    "exported",
  ]);
});

test("owners read it, and page on", async () => {
  const shown = await (await owner.open(settings("/audit"))).text();
  expect(shown).toContain("revoked the key");
  expect(shown).toContain("127.0.0.1");
  await server.database.sql`
    insert into audit_events (project_id, actor, action, target, address)
    select ${project.id}, 'filler', 'exported', n::text, '' from generate_series(1, 150) as n`;
  const first = await (await owner.open(settings("/audit"))).text();
  const older = /\?before=\d+/.exec(first)?.[0] ?? "";
  expect(first).not.toContain("revoked the key");
  expect(await (await owner.open(settings(`/audit${older}`))).text()).toContain("revoked the key");
});

test("a change that fails leaves no note, and a deletion's outlives the project", async () => {
  const before = (await events()).length;
  const unknown = "00000000-0000-4000-8000-000000000000";
  await server.api.operator("DELETE", `/projects/${project.id}/keys/${unknown}`);
  await owner.submit(settings("/members"), { intent: "remove", userId: unknown });
  expect(await events()).toHaveLength(before);
  await server.api.operator("DELETE", `/projects/${project.id}`);
  await server.api.operator("DELETE", `/projects/${project.id}`);
  const kept = await server.database.sql`
    select actor, target from audit_events where project_id = ${project.id} and action = 'project-deleted'`;
  expect([...kept]).toEqual([{ actor: "operator", target: "audited" }]);
});

test("what is older than a year goes with the next sign-in", async () => {
  await server.database.sql`update audit_events set at = now() - interval '366 days' where actor = 'filler'`;
  await admin.submit("/login", { email: "admin@example.org", password: PASSWORD });
  const old = await server.database.sql`select 1 from audit_events where actor = 'filler'`;
  expect(old).toHaveLength(0);
});
