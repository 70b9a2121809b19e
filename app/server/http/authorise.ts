import type { AppLoadContext } from "@remix-run/server-runtime";
import type { ApiKeyScope } from "#app/core/project.ts";
import type { KeyIdentity } from "#app/server/auth/key-authenticator.ts";
import { isOperatorToken } from "#app/server/auth/operator.ts";
import { readCredentials } from "#app/server/auth/read-credentials.ts";
import { problem } from "#app/server/http/problem.ts";
import type { Services } from "#app/server/runtime.ts";

/** authoriseKey returns whom the request's API key speaks for; throws the 401 or 403 Response. */
export async function authoriseKey(
  services: Services,
  { nodeRequest }: Pick<AppLoadContext, "nodeRequest">,
  scope?: ApiKeyScope,
): Promise<KeyIdentity> {
  const credentials = credentialsOf(nodeRequest);
  if (credentials.kind !== "api-key") throw unauthorized("Send an API key as X-API-Key or as Authorization: Bearer.");
  const identity = await services.authenticator.verify(credentials.key);
  if (identity === "unknown") throw unauthorized("The API key is unknown, expired or revoked.");
  if (scope !== undefined && !identity.scopes.includes(scope)) throw forbidden(`The API key lacks the scope ${scope}.`);
  return identity;
}

/** assertOperator lets the operator pass; a project's key gets a 403, since it was recognised and is not enough. */
export async function assertOperator(services: Services, context: Pick<AppLoadContext, "nodeRequest">): Promise<void> {
  const credentials = credentialsOf(context.nodeRequest);
  if (credentials.kind === "bearer" && isOperatorToken(credentials.token, services.adminToken)) return;
  if (credentials.kind === "api-key") {
    await authoriseKey(services, context);
    throw forbidden("Projects and keys are managed with the operator token, not with an API key.");
  }
  throw unauthorized("Send the operator token as Authorization: Bearer.");
}

function credentialsOf(nodeRequest: AppLoadContext["nodeRequest"]) {
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

function forbidden(detail: string): Response {
  return problem({ status: 403, title: "Forbidden", detail });
}
