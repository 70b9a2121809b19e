import { createHmac, timingSafeEqual } from "node:crypto";
import { createCookieFactory, type Cookie } from "@remix-run/server-runtime";

/** A browser that was away this long signs in again. */
export const SESSION_MS = 30 * 86_400_000;

interface CookieOptions {
  secret: string;
  isHttps: boolean;
}

const createCookie = createCookieFactory({ sign, unsign });

/**
 * sessionCookie is the cookie that carries a session's token. Over https its name makes browsers refuse it from a
 * subdomain or without `Secure`.
 */
export function sessionCookie({ secret, isHttps }: CookieOptions): Cookie {
  return createCookie(isHttps ? "__Host-akavelog" : "akavelog", {
    httpOnly: true,
    sameSite: "lax",
    path: "/",
    secure: isHttps,
    maxAge: SESSION_MS / 1000,
    secrets: [secret],
  });
}

/** Long enough to sign in at the provider. */
const OIDC_ROUND_S = 600;

/** oidcCookie remembers a sign-in that is under way at an identity provider, which sends the browser back from elsewhere. */
export function oidcCookie({ secret, isHttps }: CookieOptions): Cookie {
  return createCookie(isHttps ? "__Host-akavelog-oidc" : "akavelog-oidc", {
    httpOnly: true,
    sameSite: "lax",
    path: "/",
    secure: isHttps,
    maxAge: OIDC_ROUND_S,
    secrets: [secret],
  });
}

/** `<value>.<HMAC-SHA256>`: a made-up cookie is refused without asking the database. */
async function sign(value: string, secret: string): Promise<string> {
  return `${value}.${signatureOf(value, secret)}`;
}

async function unsign(signed: string, secret: string): Promise<string | false> {
  const dot = signed.lastIndexOf(".");
  if (dot < 0) return false;
  const value = signed.slice(0, dot);
  const given = Buffer.from(signed.slice(dot + 1));
  const wanted = Buffer.from(signatureOf(value, secret));
  return given.length === wanted.length && timingSafeEqual(given, wanted) ? value : false;
}

function signatureOf(value: string, secret: string): string {
  return createHmac("sha256", secret).update(value).digest("base64url");
}
