import { revokeApiKey } from "#app/server/catalog/api-keys.ts";
import { apiRoute } from "#app/server/http/api-route.ts";
import { authoriseOwner } from "#app/server/http/authorise.ts";
import { notFound } from "#app/server/http/problem.ts";

const route = apiRoute({
  async DELETE({ request, context, params }) {
    const services = context.runtime.services();
    const by = await authoriseOwner(services, { request, context }, params["id"] ?? "");
    const isRevoked = await revokeApiKey(services.database, params["id"] ?? "", params["keyId"] ?? "", by);
    return isRevoked ? new Response(null, { status: 204 }) : notFound("key");
  },
});

export const loader = route.loader;
export const action = route.action;
