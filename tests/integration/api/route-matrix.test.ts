import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ALL_TIME, type TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { problemsOf } from "#tests/support/json-schema.ts";
import { openBrowser, type BrowserClient } from "#tests/support/browser-client.ts";
import { CALLERS, ROUTE_TABLE, type Access, type Caller, type Things } from "#tests/support/route-table.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
type Method = (typeof METHODS)[number];

/** Stands in every line, rule and name of the own project; whoever has no business there never reads it. */
const SECRET = "halibut";
const PASSWORD = "a password of mine";
/** `_bulk` and its like are called by any name. */
const ANY = "anything";

interface Route {
  path: string;
  file: string;
}

let server: ApiServer;
let routes: Route[];
let own: TestProject;
let other: TestProject;
let admin: BrowserClient;
let things: Things;
let contract: Contract;
/** Operations of the contract that answered well. */
const answeredWell = new Set<string>();
const keys = new Map<Caller, string>();
const browsers = new Map<Caller, BrowserClient>();

beforeAll(async () => {
  [server, routes] = await Promise.all([startApiServer({ env: { BATCH_MAX_AGE_MS: "3600000" } }), listRoutes()]);
  admin = openBrowser(() => server.process());
  await admin.submit("/setup", { email: "admin@example.org", password: PASSWORD });
  own = await server.api.createProject("own");
  // Its address may be told, being asked for; its name not.
  await server.api.operator("PATCH", `/projects/${own.id}`, { name: SECRET });
  other = await server.api.createProject("other");
  const spare = await server.api.createProject("spare");
  await server.api.commit(own.key, `{"message":"${SECRET} is stored","service":"${SECRET}"}`);
  contract = (await (await server.api.call("/openapi.json")).json()) as Contract;
  const revoked = await makeKey();
  keys.set("ownKey", own.key).set("otherKey", other.key).set("revokedKey", revoked.key);
  for (const [caller, project, role] of [
    ["owner", own, "owner"],
    ["viewer", own, "viewer"],
    ["otherOwner", other, "owner"],
    ["signedOut", own, "owner"],
  ] as const) {
    browsers.set(caller, await join(project, role, `${caller.toLowerCase()}@example.org`));
  }
  const { cookie } = browserOf("signedOut");
  await browserOf("signedOut").submit("/logout", {});
  browserOf("signedOut").cookie = cookie;
  const [stored] = (await server.api.query(own.key, { ...ALL_TIME, limit: 1 })).entries;
  things = {
    projectId: own.id,
    slug: own.slug,
    ruleId: await makeRule(),
    batchId: stored?.ref.batch ?? "",
    entryId: stored?.ref.id ?? "",
    inviteToken: await invite(own, "viewer"),
    spareInviteToken: () => invite(spare, "viewer"),
    spareKeyId: async () => (await makeKey()).id,
    spareRuleId: makeRule,
  };
  await server.api.operator("DELETE", `/projects/${own.id}/keys/${revoked.id}`);
  await server.api.ingest(own.key, `{"message":"${SECRET} is fresh","service":"${SECRET}"}`);
});

afterAll(() => server.close());

/** As Remix itself lists them; what has no path of its own frames others. */
async function listRoutes(): Promise<Route[]> {
  interface Listed {
    path?: string;
    index?: boolean;
    file: string;
    children?: Listed[];
  }
  const { stdout } = await promisify(execFile)("npx", ["remix", "routes", "--json"]);
  const walk = (listed: Listed[], above: string): Route[] =>
    listed.flatMap(({ path = "", file, children = [] }) => {
      const full = path === "" ? above : `${above}/${path}`;
      return children.length === 0 ? [{ path: full || "/", file }] : walk(children, full);
    });
  return walk(JSON.parse(stdout) as Listed[], "");
}

async function makeKey(): Promise<{ id: string; key: string }> {
  const wanted = { name: SECRET, scopes: ["ingest", "query", "admin"] };
  const answer = await server.api.operator("POST", `/projects/${own.id}/keys`, wanted);
  return ((await answer.json()) as { apiKey: { id: string; key: string } }).apiKey;
}

async function makeRule(): Promise<string> {
  const body = JSON.stringify({ name: SECRET, window: "5m", condition: { op: ">", value: 1 } });
  const answer = await server.api.call("/alerts", { method: "POST", key: own.key, body });
  return ((await answer.json()) as { id: string }).id;
}

async function invite(project: TestProject, role: string): Promise<string> {
  const answer = await admin.submit(`/p/${project.slug}/settings/members`, { intent: "invite", role });
  return /\/invite\/([\w-]{43})/.exec(await answer.text())?.[1] ?? "";
}

async function join(project: TestProject, role: string, email: string): Promise<BrowserClient> {
  const browser = openBrowser(() => server.process());
  await browser.submit(`/invite/${await invite(project, role)}`, { email, password: PASSWORD });
  return browser;
}

function browserOf(caller: Caller): BrowserClient {
  return browsers.get(caller) ?? openBrowser(() => server.process());
}

const isPage = ({ file }: Route) =>
  file.endsWith(".tsx") || file.startsWith("routes/p.") || file === "routes/logout.tsx";

async function addressOf(route: Route, access: Access, caller: Caller): Promise<string> {
  if (access.path !== undefined) return await access.path(things);
  const values: Record<string, string> = {
    id: route.path.startsWith("/projects") ? things.projectId : things.ruleId,
    slug: things.slug,
    batch: things.batchId,
    token: things.inviteToken,
    key: keys.get(caller) ?? ANY,
    index: ANY,
    keyId: route.path.includes(":keyId") && caller === "owner" ? await things.spareKeyId() : ANY,
  };
  return route.path.replaceAll(/:(\w+)/g, (_, name: string) => values[name] ?? ANY).replace("*", ANY);
}

interface Asked {
  status: number;
  type: string | null;
  text: string;
}

async function ask(route: Route, method: Method, caller: Caller, access: Access): Promise<Asked> {
  const { body, contentType, headers = {} } = access;
  const path = await addressOf(route, access, caller);
  const key = keys.get(caller);
  const browser = browserOf(caller);
  const isOfPage = isPage(route);
  const project = key === undefined && !isOfPage ? `?project=${own.slug}` : "";
  const sent = typeof body === "function" ? body(things) : body;
  const form = isOfPage && method !== "GET" && method !== "HEAD" ? new URLSearchParams({}) : undefined;
  const gone = new AbortController();
  const answer = await fetch(`${server.process().url}${path}${project}`, {
    method,
    redirect: "manual",
    signal: gone.signal,
    headers: {
      accept: isOfPage ? "text/html" : "application/json",
      // A browser on one of our pages; without it a session's request is another site's.
      "sec-fetch-site": "same-origin",
      ...(contentType === undefined ? {} : { "content-type": contentType }),
      ...(key === undefined ? {} : { "x-api-key": key }),
      ...(browser.cookie === "" ? {} : { cookie: browser.cookie }),
      ...headers,
    },
    ...(method === "GET" || method === "HEAD" ? {} : { body: form ?? sent ?? null }),
  });
  const isEndless = access.isEndless === true && answer.status === 200;
  const text = isEndless ? "" : await answer.text();
  if (isEndless) gone.abort();
  return { status: answer.status, type: answer.headers.get("content-type"), text };
}

/** Contract is what of /openapi.json the answers are held against. */
interface Contract {
  paths: Record<
    string,
    Record<string, { responses?: Record<string, { content?: Record<string, { schema: object }> }> }>
  >;
}

/** A good answer has a status, a type and a body as the contract says; a refusal is a problem document. */
function expectAsDocumented(path: string, method: Method, { status, type, text }: Asked): void {
  const described = contract.paths[path.replaceAll(/:(\w+)/g, "{$1}")]?.[method.toLowerCase()]?.responses;
  if (described === undefined) return;
  const mediaType = type?.split(";")[0];
  if (status >= 400) {
    expect([method, path, mediaType]).toEqual([method, path, "application/problem+json"]);
    return;
  }
  expect(Object.keys(described)).toContain(String(status));
  const { content } = described[String(status)] ?? {};
  expect([undefined, ...Object.keys(content ?? {})]).toContain(mediaType);
  if (content !== undefined) expect([method, path, mediaType]).not.toEqual([method, path, undefined]);
  const schema = content?.[mediaType ?? ""]?.schema;
  if (mediaType === "application/json" && schema !== undefined && method !== "HEAD")
    expect([method, path, problemsOf(schema, JSON.parse(text))]).toEqual([method, path, []]);
  answeredWell.add(`${method} ${path}`);
}

test("every route of the build is in the table, and the table names no other", () => {
  expect(Object.keys(ROUTE_TABLE).sort()).toEqual([...new Set(routes.map(({ path }) => path))].sort());
});

describe("each caller", () => {
  /** What uses up the project or the sessions comes after everything that needs them. */
  const rank = (path: string, method: string) =>
    path === "/logout" ? 2 : path === "/projects/:id" && method === "DELETE" ? 1 : 0;
  const cases = Object.entries(ROUTE_TABLE).flatMap(([path, row]) => METHODS.map((method) => ({ path, method, row })));
  cases.sort((a, b) => rank(a.path, a.method) - rank(b.path, b.method));

  test.each(cases)("$method $path", async ({ path, method, row }) => {
    const route = routes.find((each) => each.path === path);
    if (route === undefined) throw new Error("the route is gone");
    const access = accessOf(row, method, isPage(route));
    const found: [Caller, number][] = [];
    const told: Caller[] = [];
    const callers = access.callers ?? CALLERS;
    const check = async (caller: Caller) => {
      const asked = await ask(route, method, caller, access);
      const { status, text } = asked;
      found.push([caller, status]);
      expectAsDocumented(path, method, asked);
      if (text.toLowerCase().includes(SECRET)) told.push(caller);
    };
    // The owner last, who changes what the others must not.
    await Promise.all(callers.filter((caller) => caller !== "owner").map(check));
    if (callers.includes("owner")) await check("owner");
    const expected = callers.map((caller) => [caller, access.statuses[CALLERS.indexOf(caller)]]);
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
    const insiders: Caller[] = path.startsWith("/invite") ? [...CALLERS] : ["ownKey", "owner", "viewer"];
    expect(told.filter((caller) => !insiders.includes(caller))).toEqual([]);
  });
});

test("every operation of the contract has answered well, as it is described", async () => {
  // The operator's alone, who is none of the callers.
  const made = await server.api.operator("POST", "/projects", { name: "made" });
  expectAsDocumented("/projects", "POST", {
    status: made.status,
    type: made.headers.get("content-type"),
    text: await made.text(),
  });
  const operations = Object.entries(contract.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { responses }]) => responses !== undefined)
      .map(([method]) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`),
  );
  expect(operations.filter((one) => !answeredWell.has(one))).toEqual([]);
});

/** Enough for what is another method's answer, or no method at all. */
const SOME_CALLERS = ["otherOwner", "nobody"] as const;

/** What the table says of a method, also of one that it does not list. */
function accessOf(row: (typeof ROUTE_TABLE)[string], method: Method, isOfPage: boolean): Access {
  const listed = row[method === "HEAD" ? "GET" : method];
  if (listed !== undefined) return method === "HEAD" ? { ...listed, callers: SOME_CALLERS } : listed;
  const all = (status: number): Access => ({ statuses: CALLERS.map(() => status), callers: SOME_CALLERS });
  if (!isOfPage) return all(method === "OPTIONS" ? 204 : 405);
  // Remix calls a page's action for whatever is no reading.
  const isAction = method === "PUT" || method === "PATCH" || method === "DELETE";
  return isAction && row.POST !== undefined ? { ...row.POST, callers: SOME_CALLERS } : all(405);
}
