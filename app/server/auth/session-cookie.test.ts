import { expect, test } from "vitest";
import { sessionCookie } from "#app/server/auth/session-cookie.ts";

const SECRET = "8f1d2c7be04a59361fa7c0d9e2b84653";

test("over https the cookie is Secure, for this host alone, and never for scripts", async () => {
  const https = await sessionCookie({ secret: SECRET, isHttps: true }).serialize("token");
  expect(https).toMatch(/^__Host-akavelog=[^;]+; Max-Age=2592000; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
  const http = await sessionCookie({ secret: SECRET, isHttps: false }).serialize("token");
  expect(http).toMatch(/^akavelog=[^;]+; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/);
});

test("a cookie that was signed with another secret, or changed, is none", async () => {
  const cookie = sessionCookie({ secret: SECRET, isHttps: false });
  const [pair = ""] = (await cookie.serialize("token")).split(";");
  expect(await cookie.parse(pair)).toBe("token");
  expect(await sessionCookie({ secret: SECRET.slice(1), isHttps: false }).parse(pair)).toBeNull();
  expect(await cookie.parse(pair.replace("=", "=x"))).toBeNull();
});
