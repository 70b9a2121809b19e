import { OAuth2Server } from "oauth2-mock-server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { openBrowser, type BrowserClient } from "#tests/support/browser-client.ts";

interface Claims {
  sub: string;
  email?: string;
  email_verified?: boolean;
}

const provider = new OAuth2Server();
let claims: Claims = { sub: "" };
let server: ApiServer;

beforeAll(async () => {
  await provider.issuer.keys.generate("RS256");
  await provider.start(0, "127.0.0.1");
  provider.issuer.url = `http://127.0.0.1:${provider.address().port}`;
  provider.service.on("beforeTokenSigning", ({ payload }: { payload: Record<string, unknown> }) => {
    Object.assign(payload, claims, { aud: "akavelog" });
  });
  server = await startApiServer({
    env: {
      OIDC_ISSUER: provider.issuer.url,
      OIDC_CLIENT_ID: "akavelog",
      OIDC_CLIENT_SECRET: "a secret of the provider",
    },
  });
});

afterAll(async () => {
  await server.close();
  await provider.stop();
});

/** Goes to the provider, who signs `as` in, and comes back. */
async function signIn(browser: BrowserClient, as: Claims, next = "/"): Promise<Response> {
  claims = as;
  const away = await browser.open(`/login/oidc?next=${encodeURIComponent(next)}`);
  const there = await fetch(away.headers.get("location") ?? "", { redirect: "manual" });
  const back = new URL(there.headers.get("location") ?? "");
  expect(back.origin).toBe(server.process().url);
  return await browser.open(back.pathname + back.search);
}

const visitor = () => openBrowser(() => server.process());
const ADA = { sub: "1", email: "Ada@example.org", email_verified: true };

test("the first who signs in administers, and comes back to where they wanted to go", async () => {
  const browser = visitor();
  expect((await browser.open("/p/x")).headers.get("location")).toBe("/login?next=%2Fp%2Fx");
  expect(await (await browser.open("/login?next=%2Faccount")).text()).toContain("/login/oidc?next=%2Faccount");
  expect((await signIn(browser, ADA, "/account")).headers.get("location")).toBe("/account");
  expect(await (await browser.open("/account")).text()).toContain("ada@example.org");
  expect((await browser.open("/projects/new")).status).toBe(200);
  // Others are nobody's members yet.
  const other = visitor();
  await signIn(other, { sub: "2", email: "grace@example.org", email_verified: true });
  expect((await other.open("/projects/new")).status).toBe(403);
});

test("an account is known by its subject from then on, also under a new address", async () => {
  const browser = visitor();
  await signIn(browser, { ...ADA, email: "ada@elsewhere.example" });
  expect(await (await browser.open("/account")).text()).toContain("ada@example.org");
});

test.each([
  { sub: "3", email: "ada@example.org", email_verified: false },
  { sub: "3", email: "ada@example.org" },
  { sub: "3" },
])("somebody whose address is not verified is nobody: %j", async (as) => {
  const browser = visitor();
  const answer = await signIn(browser, as);
  expect(answer.status).toBe(403);
  expect(await answer.text()).toContain("verified e-mail address");
  expect((await browser.open("/account")).status).toBe(302);
});

test("what the provider sends back works only in the browser that went there, and once", async () => {
  const [mine, theirs] = [visitor(), visitor()];
  claims = ADA;
  const away = await mine.open("/login/oidc");
  const there = await fetch(away.headers.get("location") ?? "", { redirect: "manual" });
  const back = new URL(there.headers.get("location") ?? "");
  expect((await theirs.open(back.pathname + back.search)).status).toBe(400);
  await theirs.open("/login/oidc");
  expect((await theirs.open(back.pathname + back.search)).status).toBe(403);
  expect((await mine.open(`${back.pathname}?code=made-up&state=${back.searchParams.get("state")}`)).status).toBe(403);
});

test("next never leads to another site", async () => {
  expect((await signIn(visitor(), ADA, "//evil.example")).headers.get("location")).toBe("/");
});
