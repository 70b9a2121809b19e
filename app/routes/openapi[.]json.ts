import { apiRoute } from "#app/server/http/api-route.ts";
import { openapiDocument } from "#app/server/http/openapi.ts";

/** GET /openapi.json: this server's contract. */
const route = apiRoute({
  GET: () => Response.json(openapiDocument(Date.now())),
});

export const loader = route.loader;
export const action = route.action;
