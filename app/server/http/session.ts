import type { AppLoadContext } from "@remix-run/server-runtime";
import type { Account } from "#app/core/account.ts";
import { createSecretToken, hashSecretToken } from "#app/server/auth/secret-token.ts";
import { SESSION_MS, sessionCookie } from "#app/server/auth/session-cookie.ts";
import type { Actor } from "#app/server/catalog/audit-log.ts";
import { createSession, endSession, findSession } from "#app/server/catalog/sessions.ts";
import { isHttps, publicOrigin } from "#app/server/http/public-origin.ts";
import { problem } from "#app/server/http/problem.ts";
import type { Services } from "#app/server/services.ts";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);
const MAX_USER_AGENT_LENGTH = 300;

/** Session is a browser that is signed in. */
export interface Session {
  account: Account;
  /** Hex; names the session in the catalog. */
  tokenSha256: string;
}

/**
 * readSession returns whose browser asks; null for none. Browsers send cookies along whoever made them ask, so whatever
 * may change something must come from our own pages: throws the 403 Response otherwise.
 */
export async function readSession(services: Services, request: Request): Promise<Session | null> {
  const token: unknown = await cookieOf(services, request).parse(request.headers.get("cookie"));
  if (typeof token !== "string") return null;
  assertOwnPage(services, request);
  const tokenSha256 = hashSecretToken(token);
  const account = await findSession(services.database, tokenSha256);
  return account === null ? null : { account, tokenSha256 };
}

/** startSession signs a browser in with a new session id; returns the header that tells it so. */
export async function startSession(
  services: Services,
  { request, context }: { request: Request; context: Pick<AppLoadContext, "clientAddress"> },
  account: Account,
): Promise<{ "set-cookie": string }> {
  const token = createSecretToken();
  const session = {
    tokenSha256: hashSecretToken(token),
    userId: account.id,
    expiresAt: new Date(services.clock.nowMs() + SESSION_MS),
    userAgent: (request.headers.get("user-agent") ?? "").slice(0, MAX_USER_AGENT_LENGTH),
    address: context.clientAddress,
  };
  await createSession(services.database, session, actorOf(account, context));
  return { "set-cookie": await cookieOf(services, request).serialize(token) };
}

/** actorOf is a person, the operator or a key as the audit log knows them. */
export function actorOf(
  who: Account | "operator" | { keyId: string },
  { clientAddress: address }: Pick<AppLoadContext, "clientAddress">,
): Actor {
  if (who === "operator") return { name: "operator", userId: null, address };
  if ("keyId" in who) return { name: `API key ${who.keyId}`, userId: null, address };
  return { name: who.email, userId: who.id, address };
}

/** dropSession signs a browser out; returns the header that tells it so. */
export async function dropSession(
  services: Services,
  { request, context }: { request: Request; context: Pick<AppLoadContext, "clientAddress"> },
): Promise<{ "set-cookie": string }> {
  const session = await readSession(services, request);
  if (session !== null) {
    await endSession(services.database, session.tokenSha256, actorOf(session.account, context));
  }
  return { "set-cookie": await cookieOf(services, request).serialize("", { maxAge: 0 }) };
}

/** assertOwnPage throws the 403 Response for a request that changes something and was not made by our own pages. */
export function assertOwnPage(services: Services, request: Request): void {
  if (SAFE_METHODS.has(request.method)) return;
  const site = request.headers.get("sec-fetch-site");
  const isOwn =
    site === null ? request.headers.get("origin") === publicOrigin(services.env, request) : site === "same-origin";
  if (isOwn) return;
  throw problem({
    status: 403,
    title: "Forbidden",
    detail: "This was asked by another site. If the address in your browser is not PUBLIC_URL, set that.",
  });
}

function cookieOf({ env, sessionSecret }: Services, request: Request) {
  return sessionCookie({ secret: sessionSecret, isHttps: isHttps(env, request) });
}
