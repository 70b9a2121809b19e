import { apiRoute } from "#app/server/http/api-route.ts";

/** Answers as long as the process runs, also before it can take logs. */
const route = apiRoute({
  GET: () => Response.json({ status: "ok" }, { headers: { "cache-control": "no-store" } }),
});

export const loader = route.loader;
export const action = route.action;
