import type { Account, Role } from "#app/core/account.ts";
import { roleAllows } from "#app/core/account.ts";
import type { ApiKeyScope } from "#app/core/project.ts";
import type { KeyIdentity } from "#app/server/auth/key-authenticator.ts";
import { isOperatorToken } from "#app/server/auth/operator.ts";
import { readCredentials, type Credentials } from "#app/server/auth/read-credentials.ts";
import type { Actor } from "#app/server/catalog/audit-log.ts";
import { findProjectOf, findRole } from "#app/server/catalog/memberships.ts";
import type { ApiRequest } from "#app/server/http/api-route.ts";
import { notFound, problem } from "#app/server/http/problem.ts";
import { actorOf, readSession } from "#app/server/http/session.ts";
import type { Services } from "#app/server/services.ts";

type Asking = Pick<ApiRequest, "request" | "context">;

/** What a signed-in person must be in the project to do what a key with this scope does. */
const ROLE_FOR_SCOPE = { query: "viewer", admin: "member" } as const satisfies Partial<Record<ApiKeyScope, Role>>;

/** authoriseKey returns whom the request's API key speaks for; throws the 401 or 403 Response. */
export async function authoriseKey(
  services: Services,
  { nodeRequest }: Pick<ApiRequest["context"], "nodeRequest">,
  scope?: ApiKeyScope,
): Promise<KeyIdentity> {
  return await verifyKey(services, credentialsOf(nodeRequest), scope);
}

/**
 * authoriseProject lets a key with the scope, or a browser that is signed in and names a project it may do the same in as
 * `?project=<slug>`. Throws the 400, 401, 403 or 404 Response.
 */
export async function authoriseProject(
  services: Services,
  { request, context }: Asking,
  scope: keyof typeof ROLE_FOR_SCOPE,
): Promise<{ projectId: string; projectSlug: string; actor: Actor }> {
  const credentials = credentialsOf(context.nodeRequest);
  const session = credentials.kind === "none" ? await readSession(services, request) : null;
  if (session === null) {
    const identity = await verifyKey(services, credentials, scope);
    return { ...identity, actor: actorOf(identity, context) };
  }
  const slug = new URL(request.url).searchParams.get("project");
  if (slug === null) {
    throw problem({ status: 400, title: "Bad Request", detail: "Name the project in the address: ?project=<slug>." });
  }
  const found = await findProjectOf(services.database, session.account, slug);
  if (found === null) throw notFound("project");
  if (!roleAllows(found.role, ROLE_FOR_SCOPE[scope])) throw forbidden("Your role in this project is to look only.");
  const { id: projectId, slug: projectSlug } = found.project;
  return { projectId, projectSlug, actor: actorOf(session.account, context) };
}

/**
 * authoriseManager lets the operator or a signed-in person pass; a project's key gets a 403, since it was recognised and
 * is not enough.
 */
export async function authoriseManager(
  services: Services,
  { request, context }: Asking,
): Promise<Account | "operator"> {
  const credentials = credentialsOf(context.nodeRequest);
  if (credentials.kind === "bearer" && isOperatorToken(credentials.token, services.adminToken)) return "operator";
  if (credentials.kind === "api-key") {
    await verifyKey(services, credentials);
    throw forbidden("Projects and keys are managed with the operator token, not with an API key.");
  }
  const session = credentials.kind === "none" ? await readSession(services, request) : null;
  if (session === null) throw unauthorized("Send the operator token as Authorization: Bearer.");
  return session.account;
}

/** authoriseOwner is authoriseManager for one project: a signed-in person has to be an owner of it. Returns who it is. */
export async function authoriseOwner(services: Services, asking: Asking, projectId: string): Promise<Actor> {
  const manager = await authoriseManager(services, asking);
  const actor = actorOf(manager, asking.context);
  if (manager === "operator" || manager.isAdmin) return actor;
  const role = await findRole(services.database, projectId, manager.id);
  if (role === null) throw notFound("project");
  if (role !== "owner") throw forbidden("Only owners of the project may do this.");
  return actor;
}

async function verifyKey(services: Services, credentials: Credentials, scope?: ApiKeyScope): Promise<KeyIdentity> {
  if (credentials.kind !== "api-key") throw unauthorized("Send an API key as X-API-Key or as Authorization: Bearer.");
  const identity = await services.authenticator.verify(credentials.key);
  if (identity === "unknown") throw unauthorized("The API key is unknown, expired or revoked.");
  if (scope !== undefined && !identity.scopes.includes(scope)) throw forbidden(`The API key lacks the scope ${scope}.`);
  return identity;
}

function credentialsOf(nodeRequest: ApiRequest["context"]["nodeRequest"]): Credentials {
  return readCredentials((name) => {
    const value = nodeRequest.headers[name];
    return Array.isArray(value) ? value[0] : value;
  });
}

function unauthorized(detail: string): Response {
  return problem({
    status: 401,
    title: "Unauthorized",
    detail,
    headers: { "www-authenticate": 'Bearer realm="akavelog"' },
  });
}

/** forbidden is the answer to someone who is known and may not do this. */
export function forbidden(detail: string): Response {
  return problem({ status: 403, title: "Forbidden", detail });
}
