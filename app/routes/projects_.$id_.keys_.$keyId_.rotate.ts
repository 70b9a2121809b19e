import { rotateApiKey } from "#app/server/catalog/api-keys.ts";
import { apiRoute } from "#app/server/http/api-route.ts";
import { authoriseOwner } from "#app/server/http/authorise.ts";
import { notFound } from "#app/server/http/problem.ts";

/** The new key works and the old one does not, from one moment to the next. */
const route = apiRoute({
  async POST({ request, context, params }) {
    const services = context.runtime.services();
    const by = await authoriseOwner(services, { request, context }, params["id"] ?? "");
    const apiKey = await rotateApiKey(services.database, params["id"] ?? "", params["keyId"] ?? "", by);
    return apiKey === null ? notFound("key") : Response.json({ apiKey }, { status: 201 });
  },
});

export const loader = route.loader;
export const action = route.action;
